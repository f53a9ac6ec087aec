/**
 * Each inhibition in a real Alertmanager, with two clusters, two nodes and two accounts, in each per-token mode.
 *
 * The alerts have the labels that the rules give them. Every case has clusters of its own, so that one Alertmanager serves
 * all of them.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, it } from 'mocha';
import { alertmanagerFile } from '../../alerts/documents.ts';
import { INHIBITIONS } from '../../alerts/inhibitions.ts';
import { activeAlerts, postAlerts, startAlertmanager } from '../support/alertmanager.ts';
import { stopCommand } from '../support/command.ts';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/tools.ts';
import { CASES } from './cases.ts';
import { alertsOf, casesOf, type Labels, labelsOf, type Mode, REACHES, SCOPES } from './inhibition-cases.ts';
import { TOKEN } from './series.ts';

/** The alerts of this project that inhibit or are inhibited. */
const OWN_ALERTS = new Set(
  INHIBITIONS.flatMap(({ because, source, target }) =>
    [...alertsOf(source, REACHES[because]?.names), ...alertsOf(target, REACHES[because]?.names)].map(
      ({ alertname }) => alertname,
    ),
  ).filter((alertname) => alertname.startsWith('SAToken')),
);

/** Alertmanager processes alerts in order: all others are before this pair. */
const LAST = { cluster: 'last', node: 'node-1' };
const LAST_PAIR = ['SATokenNodeRotationStalled', 'SATokenExpired'].map((alertname) => ({
  alertname,
  severity: 'critical',
  ...LAST,
}));
const POLL_MS = 20;

describeWith(['alertmanager'], 'the inhibitions in Alertmanager', () => {
  const modes: readonly Mode[] = ['all', 'problems', 'none'];
  const suites = INHIBITIONS.flatMap((inhibition) =>
    modes.map((mode) => ({
      title: `${inhibition.because} per-token=${mode}`,
      cases: casesOf(inhibition, mode),
    })),
  );
  let folder = '';
  let alertmanager: ChildProcess;
  const silenced = new Set<string>();
  const keyOf = (labels: Labels): string => JSON.stringify(Object.entries(labels).toSorted());

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-inhibitions-'));
    const port = await freePort();
    alertmanager = await startAlertmanager(folder, port, alertmanagerFile());
    await postAlerts(
      port,
      suites.flatMap(({ cases }) => cases.map(({ labels }) => labels)),
    );
    await postAlerts(port, LAST_PAIR);
    const isDone = async (): Promise<boolean> =>
      (await activeAlerts(port, 'cluster="last"')).some(({ status }) => status.state === 'suppressed');
    while (!(await isDone())) await delay(POLL_MS);
    for (const { labels, status } of await activeAlerts(port, 'cluster!="last"'))
      if (status.state === 'suppressed') silenced.add(keyOf(labels));
  });
  after(async () => {
    await stopCommand(alertmanager);
    rmSync(folder, { recursive: true });
  });

  for (const { title, cases } of suites)
    it(`silence what they should and nothing else: ${title}`, () => {
      assert.ok(cases.length > 1);
      assert.deepEqual(
        cases.filter(({ labels }) => silenced.has(keyOf(labels))).map((one) => one.title),
        cases.filter(({ isSilenced }) => isSilenced).map((one) => one.title),
      );
    });

  for (const { because, source, target } of INHIBITIONS)
    for (const mode of modes) {
      const isInEffect = mode !== 'none' || REACHES[because]?.withoutSeries === true;
      it(`have a target that notifies, ${isInEffect ? 'and one that does not' : 'and no other'}: ${because} per-token=${mode}`, () => {
        const targets = casesOf({ because, source, target, equal: [] }, mode).filter(
          ({ isTarget }) => isTarget,
        );
        assert.ok(targets.some(({ isSilenced }) => !isSilenced));
        assert.equal(
          targets.some(({ isSilenced }) => isSilenced),
          isInEffect,
        );
      });
    }

  for (const alertname of OWN_ALERTS)
    it(`are tested with labels that the rules give to ${alertname}`, () => {
      const given = CASES.flatMap(({ expect }) => expect)
        .filter(({ alert }) => alert === alertname)
        .flatMap(({ fire }) => fire.map(({ labels }) => Object.keys(labels)));
      for (const mode of modes) {
        const names = Object.keys(labelsOf(SCOPES[alertname] ?? 'token', mode, TOKEN)).filter(
          (name) => name !== 'cluster',
        );
        assert.ok(
          given.some((labels) => names.every((name) => labels.includes(name))),
          `${mode}: ${names}`,
        );
      }
    });

  it('have every case that this file describes', () => {
    assert.deepEqual(
      Object.keys(REACHES),
      INHIBITIONS.map(({ because }) => because),
    );
  });
});
