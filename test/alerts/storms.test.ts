/**
 * One cause that breaks 500 pods on 20 nodes is one notification: the groups that a real Alertmanager forms of what no
 * inhibition silences.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, it } from 'mocha';
import { alertmanagerFile } from '../../alerts/documents.ts';
import { activeAlerts, alertGroups, postAlerts, startAlertmanager } from '../support/alertmanager.ts';
import { stopCommand } from '../support/command.ts';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/tools.ts';

type Labels = Readonly<Record<string, string>>;

const POLL_MS = 20;
const NODES = Array.from({ length: 20 }, (_, index) => ({ node: `node-${index}` }));
const ACCOUNT = { namespace: 'payments', serviceaccount: 'api' };
const WORKLOAD = { ...ACCOUNT, volume: 'v' };
const TOKENS = Array.from({ length: 500 }, (_, index) => ({
  ...WORKLOAD,
  node: `node-${index % NODES.length}`,
  pod: `api-${index}`,
  pod_uid: `uid-${index}`,
  path: 'token',
}));

function alerts(alertname: string, objects: readonly Labels[], ...severities: readonly string[]) {
  return objects.flatMap((labels) => severities.map((severity) => ({ alertname, severity, ...labels })));
}

/** What follows from tokens that are not rotated. */
const overdue = (objects: readonly Labels[], workload: Labels): readonly Labels[] => [
  ...alerts('SATokenWorkloadRotationOverdue', [workload], 'info', 'warning', 'critical'),
  ...alerts('SATokenRotationOverdue', objects, 'warning', 'critical'),
  ...alerts('SATokenExpired', objects, 'critical'),
];

interface Storm {
  readonly title: string;
  readonly alerts: readonly Labels[];
  /** The only notifications. */
  readonly notified: readonly string[];
}

const STORMS: readonly Storm[] = [
  {
    title: 'a service account that is missing',
    alerts: [
      ...alerts('SATokenServiceAccountMissing', [ACCOUNT], 'critical'),
      ...alerts('SATokenRefused', TOKENS, 'critical'),
      ...overdue(TOKENS, WORKLOAD),
    ],
    notified: ['pages: SATokenServiceAccountMissing'],
  },
  {
    title: 'an audience for which no tokens are issued',
    alerts: overdue(TOKENS, WORKLOAD),
    notified: ['pages: SATokenWorkloadRotationOverdue'],
  },
  {
    title: 'tokens that are missing',
    alerts: alerts('SATokenMissing', TOKENS, 'critical'),
    notified: ['pages: SATokenMissing'],
  },
  {
    title: 'tokens that the API server rejects',
    alerts: alerts('SATokenRefused', TOKENS, 'critical'),
    notified: ['pages: SATokenRefused'],
  },
  {
    title: 'an audience that a receiver does not accept',
    alerts: alerts('SATokenAudienceMismatch', [WORKLOAD], 'critical', 'warning'),
    notified: ['pages: SATokenAudienceMismatch'],
  },
  {
    title: 'an audience for which no tokens are issued, without series of tokens',
    alerts: overdue(NODES, {}),
    notified: ['pages: SATokenWorkloadRotationOverdue'],
  },
  {
    // The rules raise no alert on tokens whose account explains that they are late.
    title: 'a service account that is missing, without series of tokens',
    alerts: alerts('SATokenServiceAccountMissing', [{}], 'critical'),
    notified: ['pages: SATokenServiceAccountMissing'],
  },
  {
    title: 'a service account that is missing next to a late token of another one, without series of tokens',
    alerts: [
      ...alerts('SATokenServiceAccountMissing', [{}], 'critical'),
      ...alerts('SATokenRotationOverdue', NODES.slice(0, 1), 'warning', 'critical'),
    ],
    notified: ['pages: SATokenRotationOverdue', 'pages: SATokenServiceAccountMissing'],
  },
  {
    title: 'tokens that are missing, without series of tokens',
    alerts: alerts('SATokenMissing', NODES, 'critical'),
    notified: ['pages: SATokenMissing'],
  },
  {
    title: 'tokens that the API server rejects, without series of tokens',
    alerts: alerts('SATokenRefused', NODES, 'critical'),
    notified: ['pages: SATokenRefused'],
  },
];

/** Alertmanager processes alerts in order: all others are before this pair, of which one is silenced. */
const LAST = { cluster: 'last', node: 'node-1', severity: 'critical' };
const LAST_PAIR = ['SATokenNodeRotationStalled', 'SATokenExpired'].map((alertname) => ({
  alertname,
  ...LAST,
}));

describeWith(['alertmanager'], 'one cause under 500 pods', () => {
  let folder = '';
  let port = 0;
  let alertmanager: ChildProcess;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-storms-'));
    port = await freePort();
    alertmanager = await startAlertmanager(folder, port, alertmanagerFile());
    for (const { title, alerts: own } of STORMS)
      await postAlerts(
        port,
        own.map((labels) => ({ cluster: title, ...labels })),
      );
    await postAlerts(port, LAST_PAIR);
    const isDone = async (): Promise<boolean> =>
      (await activeAlerts(port, 'cluster="last"')).some(({ status }) => status.state === 'suppressed');
    while (!(await isDone())) await delay(POLL_MS);
    while ((await alertGroups(port, 'cluster="last"')).length === 0) await delay(POLL_MS);
  });
  after(async () => {
    await stopCommand(alertmanager);
    rmSync(folder, { recursive: true });
  });

  for (const { title, notified } of STORMS)
    it(`${notified.length === 1 ? 'is one notification' : 'notifies by alert'}: ${title}`, async () => {
      const groups = await alertGroups(port, `cluster="${title}"`);
      const sent = groups.filter(({ receiver }) => receiver.name !== 'none');
      assert.deepEqual(
        sent.map(({ receiver, labels }) => `${receiver.name}: ${labels['alertname']}`).toSorted(),
        notified,
      );
    });
});
