/**
 * The tables beside the alerts: what each reason comes to, which alert silences which, and the knobs.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CAUSE_COVERAGE, OTHERWISE, REASON_COVERAGE } from '../../alerts/coverage.ts';
import { ALERTS } from '../../alerts/groups.ts';
import { INHIBITIONS } from '../../alerts/inhibitions.ts';
import { KNOBS } from '../../alerts/knobs.ts';
import { CHECKS, POD_CHECKS, REASONS } from '../../src/core/checks/index.ts';
import { OVERDUE_CAUSES } from '../../src/core/overdue-cause.ts';
import { OTHER_RUNBOOKS } from '../../src/core/runbook.ts';
import { seconds } from './promql.ts';

describe('the coverage of reasons and causes', () => {
  const names = new Set(ALERTS.map(({ name }) => name));
  const rows = [...Object.entries(REASON_COVERAGE), ...Object.entries(CAUSE_COVERAGE)];

  it('has every reason and every cause', () => {
    assert.deepEqual(Object.keys(REASON_COVERAGE).sort(), [...REASONS].sort());
    assert.deepEqual(Object.keys(CAUSE_COVERAGE).sort(), [...OVERDUE_CAUSES].sort());
  });

  for (const [value, coverage] of rows) {
    it(`${value} has an alert that there is, or a reason for none`, () => {
      if ('alert' in coverage) assert.ok(names.has(coverage.alert), coverage.alert);
      else assert.match(coverage.silentBecause, /^[A-Z].{20,}\.$/);
    });
  }

  it('is what the checks say of their runbooks', () => {
    for (const { reason, runbook } of [...CHECKS, ...POD_CHECKS])
      assert.deepEqual(REASON_COVERAGE[reason], { alert: runbook });
    for (const runbook of Object.values(OTHER_RUNBOOKS)) assert.ok(names.has(runbook), runbook);
  });

  it('gives each reason the alert whose expression asks for it', () => {
    for (const [reason, coverage] of Object.entries(REASON_COVERAGE)) {
      assert.ok('alert' in coverage);
      if (coverage.alert === OTHERWISE) continue;
      const own = ALERTS.filter(({ name }) => name === coverage.alert);
      assert.ok(
        own.some(({ expr }) => expr.includes(`{reason="${reason}"}`)),
        reason,
      );
    }
  });
});

/** Alerts of the kubernetes-mixin that ours give way to. */
const OF_OTHERS = ['KubeNodeNotReady', 'KubeNodeUnreachable', 'KubeletDown', 'KubeAPIDown'];

describe('the inhibitions', () => {
  const known = new Set([...ALERTS.map(({ name }) => name), ...OF_OTHERS]);
  const namesIn = (matchers: readonly string[]): readonly string[] =>
    matchers.flatMap((matcher) => /^alertname =~? "([\w|]+)"$/.exec(matcher)?.[1]?.split('|') ?? []);

  for (const { because, source, target } of INHIBITIONS) {
    it(`name alerts that there are: ${because}`, () => {
      assert.deepEqual(
        [...namesIn(source), ...namesIn(target)].filter((name) => !known.has(name)),
        [],
      );
    });
  }

  it('silence nothing by an alert that is silenced by the same one', () => {
    for (const { source, target, because } of INHIBITIONS.slice(2))
      assert.ok(
        namesIn(source).every((name) => !namesIn(target).includes(name)),
        because,
      );
  });

  it('outlast what they silence, where that recovers later', () => {
    const outlasting = new Set(ALERTS.filter(({ keepFiringFor }) => keepFiringFor).map(({ name }) => name));
    // Expired and late are told by one token, and end at once; so do a Secret that is gone and the use of it.
    const together = ['SATokenExpired', 'SATokenLegacySecretMissing', 'SATokenExporterDown', ...OF_OTHERS];
    const sources = new Set(INHIBITIONS.flatMap(({ source }) => namesIn(source)));
    for (const name of sources) assert.ok(outlasting.has(name) || together.includes(name), name);
    for (const name of outlasting) assert.ok(sources.has(name), name);
  });
});

describe('the knobs', () => {
  const { distrust, failing, late, blind, recovery, bridge, errorWindow } = KNOBS;
  for (const [name, { meaning }] of Object.entries(KNOBS)) {
    it(`${name} says what it is`, () => assert.match(meaning, /^[A-Z].{15,}\.$/));
  }
  for (const [claim, isTrue] of [
    ['what is late waits longer than what fails', seconds(late.value) > seconds(failing.value)],
    ['who is not to be trusted is silenced in time', seconds(distrust.value) < seconds(failing.value)],
    [
      'a bridge is shorter than the patience with what it bridges',
      seconds(bridge.value) < seconds(failing.value),
    ],
    ['two scrapes a minute apart, and one that fails, are bridged', seconds(bridge.value) > 120],
    [
      'a recovery is longer than a sync of the kubelet and a bridge',
      seconds(recovery.value) > 90 + seconds(bridge.value),
    ],
    ['one failure is forgotten before it is told', seconds(errorWindow.value) <= seconds(blind.value)],
  ] as const) {
    it(claim, () => assert.ok(isTrue));
  }
});
