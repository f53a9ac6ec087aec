/**
 * The tables of coverage, inhibitions and knobs.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CAUSE_COVERAGE, FALLBACK_ALERT, REASON_COVERAGE } from '../../alerts/coverage.ts';
import { ALERTS } from '../../alerts/groups.ts';
import { INHIBITIONS } from '../../alerts/inhibitions.ts';
import { KNOBS } from '../../alerts/knobs.ts';
import { OVERDUE_CAUSES } from '../../src/core/causes/overdue-cause.ts';
import { CHECKS, POD_CHECKS, REASONS } from '../../src/core/checks/index.ts';
import { OTHER_RUNBOOKS } from '../../src/core/runbook.ts';
import { seconds } from './promql.ts';

describe('the coverage tables', () => {
  const names = new Set(ALERTS.map(({ name }) => name));
  const rows = [...Object.entries(REASON_COVERAGE), ...Object.entries(CAUSE_COVERAGE)];

  it('have every reason and every cause', () => {
    assert.deepEqual(Object.keys(REASON_COVERAGE).sort(), [...REASONS].sort());
    assert.deepEqual(Object.keys(CAUSE_COVERAGE).sort(), [...OVERDUE_CAUSES].sort());
  });

  for (const [value, coverage] of rows) {
    it(`have an existing alert for ${value}, or a reason why there is no alert`, () => {
      if ('alert' in coverage) assert.ok(names.has(coverage.alert), coverage.alert);
      else assert.match(coverage.silentBecause, /^[A-Z].{20,}\.$/);
    });
  }

  it('have the runbook of each check as its alert', () => {
    for (const { reason, runbook } of [...CHECKS, ...POD_CHECKS]) {
      const coverage = REASON_COVERAGE[reason] ?? {};
      if ('silentBecause' in coverage) assert.equal(runbook, FALLBACK_ALERT, reason);
      else assert.deepEqual(coverage, { alert: runbook });
    }
    for (const runbook of Object.values(OTHER_RUNBOOKS)) assert.ok(names.has(runbook), runbook);
  });

  it('have for each reason the alert that selects it', () => {
    for (const [reason, coverage] of Object.entries(REASON_COVERAGE)) {
      if (!('alert' in coverage) || coverage.alert === FALLBACK_ALERT) continue;
      const own = ALERTS.filter(({ name }) => name === coverage.alert);
      assert.ok(
        own.some(({ expr }) => expr.includes(`{reason="${reason}"}`)),
        reason,
      );
    }
  });
});

/** Alerts of the kubernetes-mixin that inhibit ours. */
const MIXIN_ALERTS = ['KubeNodeNotReady', 'KubeNodeUnreachable', 'KubeletDown', 'KubeAPIDown'];

describe('the inhibitions', () => {
  const known = new Set([...ALERTS.map(({ name }) => name), ...MIXIN_ALERTS]);
  const namesIn = (matchers: readonly string[]): readonly string[] =>
    matchers.flatMap((matcher) => /^alertname =~? "([\w|]+)"$/.exec(matcher)?.[1]?.split('|') ?? []);

  for (const { because, source, target } of INHIBITIONS) {
    it(`refer to existing alerts: ${because}`, () => {
      assert.deepEqual(
        [...namesIn(source), ...namesIn(target)].filter((name) => !known.has(name)),
        [],
      );
    });
  }

  it('have no alert as both source and target', () => {
    for (const { source, target, because } of INHIBITIONS.slice(2))
      assert.ok(
        namesIn(source).every((name) => !namesIn(target).includes(name)),
        because,
      );
  });

  it('have sources that keep firing longer than their targets, unless both end at once', () => {
    const outlasting = new Set(ALERTS.filter(({ keepFiringFor }) => keepFiringFor).map(({ name }) => name));
    // An expired token is also overdue, and both end with its rotation; so do a missing Secret and its legacy token. A
    // frozen copy that has expired ends with its container. A stalled node keeps its alert while tokens on it are late, and
    // the canary is a token itself.
    const together = [
      'SATokenNodeRotationStalled',
      'SATokenCanaryLate',
      'SATokenExpired',
      'SATokenSubpathFrozen',
      'SATokenWorkloadRotationOverdue',
      'SATokenLegacySecretMissing',
      'SATokenExporterDown',
      ...MIXIN_ALERTS,
    ];
    const sources = new Set(INHIBITIONS.flatMap(({ source }) => namesIn(source)));
    for (const name of sources) assert.ok(outlasting.has(name) || together.includes(name), name);
    for (const name of outlasting) assert.ok(sources.has(name), name);
  });
});

describe('the knobs', () => {
  const { fleetRecovery, cause, failing, due, blind, recovery, bridge, errorWindow } = KNOBS;
  for (const [name, { meaning }] of Object.entries(KNOBS)) {
    it(`have a description of ${name}`, () => assert.match(meaning, /^(?:[A-Z]|`for:` of ).{15,}\.$/));
  }
  for (const [claim, isTrue] of [
    ['have the shortest duration for late tokens', seconds(due.value) < seconds(failing.value)],
    ['have no longer duration for what explains late tokens', seconds(cause.value) <= seconds(due.value)],
    ['have a bridge longer than two scrape intervals of two minutes', seconds(bridge.value) > 240],
    [
      // A failed scrape bridges what inhibits and what is inhibited alike.
      'have a recovery longer than a sync of the kubelet and two scrapes',
      seconds(recovery.value) > 90 + 60,
    ],
    [
      'have a longer recovery for a cluster than for its nodes',
      seconds(fleetRecovery.value) > 90 + seconds(recovery.value),
    ],
    [
      'have an error window in which a single error does not alert',
      seconds(errorWindow.value) <= seconds(blind.value),
    ],
  ] as const) {
    it(claim, () => assert.ok(isTrue));
  }
});
