/**
 * End to end from incident to notification: simulated kubelets and API servers, the exporter, a real Prometheus with
 * the alerting rules, a real Alertmanager with its routes, and a webhook. Each incident has its own node.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, it } from 'mocha';
import { CAUSE_COVERAGE, REASON_COVERAGE } from '../../alerts/coverage.ts';
import { KNOBS } from '../../alerts/knobs.ts';
import { ROOT } from '../docs/documents.ts';
import type { ActiveAlert } from '../support/alertmanager.ts';
import { describeWith } from '../support/tools.ts';
import type { Notification } from '../support/webhook.ts';
import type { Incident } from './incidents/incident.ts';
import { INCIDENTS } from './incidents/incidents.ts';
import { type Alerting, startAlerting } from './support/alertmanager.ts';
import { type ServedWorld, serveWorld } from './support/served-world.ts';

/** They need a reader of real files over several rotations: test/core/reads and the cases of the alerts have them. */
const NEEDS_READS = ['not_reread', 'unread'];
/** On a busy machine, everything is slower. */
const TIMEOUT_MS = 3_600_000;
/** Alertmanager sends no event when it inhibits an alert. */
const POLL_MS = 250;

function inhibitedIn(active: readonly ActiveAlert[]): ReadonlySet<string | undefined> {
  const suppressed = active.filter(({ status }) => status.state === 'suppressed');
  return new Set(suppressed.map(({ labels }) => labels['alertname']));
}

/** The notifications about alerts of this project. */
function relevant(
  notifications: readonly Notification[],
  { isWarnedOf = false }: Incident,
): readonly Notification[] {
  return notifications.filter(
    ({ receiver, groupLabels }) =>
      groupLabels['alertname']?.startsWith('SAToken') && !(isWarnedOf && receiver === 'tickets'),
  );
}

/** One line for each. */
function summaryOf(notifications: readonly Notification[], incident: Incident): readonly string[] {
  return relevant(notifications, incident).map(
    ({ receiver, status, groupLabels }) => `${receiver}: ${groupLabels['alertname']} ${status}`,
  );
}

function expectedSummary({ alert, severity, resolve }: Incident): readonly string[] {
  if (alert === undefined) return [];
  const group = `${severity === 'critical' ? 'pages' : 'tickets'}: ${alert}`;
  return [`${group} firing`, ...(resolve === undefined ? [] : [`${group} resolved`])];
}

function titleOf({ name, alert, severity, inhibited = [], otherAlerts = [] }: Incident): string {
  const sent = alert === undefined ? 'no notification' : `one notification, ${alert} (${severity}),`;
  const others = otherAlerts.length === 0 ? '' : ` while ${otherAlerts.join(' and ')} fires`;
  return `sends ${sent} for ${name}${others}${inhibited.length === 0 ? '' : ` and inhibits ${inhibited.join(', ')}`}`;
}

describeWith(['prometheus', 'alertmanager'], 'alerting', () => {
  const served = new Map<string, ServedWorld>();
  /** One promise per incident, which resolves at its end. */
  const runs = new Map<string, Promise<void>>();
  let alerting: Alerting;

  const untilInhibited = async ({ name, inhibited = [] }: Incident): Promise<void> => {
    for (;;) {
      const suppressed = inhibitedIn(await alerting.activeAlerts(name));
      if (inhibited.every((alert) => suppressed.has(alert))) return;
      await delay(POLL_MS);
    }
  };

  const untilActive = async ({ name, unsent }: Incident): Promise<void> => {
    while (unsent !== undefined) {
      const active = await alerting.activeAlerts(name);
      if (active.some(({ labels }) => labels['alertname'] === unsent)) return;
      await delay(POLL_MS);
    }
  };

  const runIncident = async (incident: Incident, world: ServedWorld): Promise<void> => {
    const { name, otherAlerts = [], alert, start, resolve } = incident;
    for (const alertname of otherAlerts) await alerting.fire({ alertname, cluster: name, node: 'node-1' });
    await start(world);
    const isNotified = (all: readonly Notification[]): boolean => relevant(all, incident).length > 0;
    if (alert !== undefined) await alerting.untilNotified(name, isNotified);
    await untilInhibited(incident);
    await untilActive(incident);
    await resolve?.(world);
    if (alert === undefined || resolve === undefined) return;
    await alerting.untilNotified(name, (all) =>
      relevant(all, incident).some(({ status }) => status === 'resolved'),
    );
  };

  before(async () => {
    for (const { name, options } of INCIDENTS) served.set(name, await serveWorld(options));
    const labelsOf = (cluster: string) => ({ cluster, node: 'node-1' });
    alerting = await startAlerting(
      [...served].map(([name, { address }]) => ({ address, labels: labelsOf(name) })),
    );
    for (const incident of INCIDENTS) {
      const world = served.get(incident.name);
      assert.ok(world);
      const run = runIncident(incident, world);
      runs.set(incident.name, run);
      // An error fails the test of the incident.
      run.catch(() => undefined);
    }
  });
  after(async () => {
    for (const one of [alerting, ...served.values()]) await one?.close();
  });

  for (const incident of INCIDENTS) {
    const { name, alert, severity, description = /./ } = incident;
    it(titleOf(incident), async () => {
      await runs.get(name);
      assert.deepEqual(summaryOf(alerting.notifications(name), incident), expectedSummary(incident));
      if (alert === undefined) return;
      const alerts = relevant(alerting.notifications(name), incident)[0]?.alerts ?? [];
      assert.deepEqual(
        alerts.map(({ labels }) => labels['severity']),
        [severity],
      );
      assert.match(alerts[0]?.annotations['description'] ?? '', description);
    }).timeout(TIMEOUT_MS);
  }

  it('sends no other notifications until the end of all incidents', async () => {
    await Promise.all(runs.values());
    for (const incident of INCIDENTS)
      assert.deepEqual(
        summaryOf(alerting.notifications(incident.name), incident),
        expectedSummary(incident),
        incident.name,
      );
  }).timeout(TIMEOUT_MS);

  it('has no active alerts for healthy nodes', async () => {
    const healthy = INCIDENTS.filter(({ alert, inhibited, unsent }) =>
      [alert, inhibited, unsent].every((one) => one === undefined),
    );
    assert.ok(healthy.length > 0);
    for (const { name } of healthy) assert.deepEqual(await alerting.activeAlerts(name), [], name);
  });

  it('links every alert to an existing runbook', () => {
    const links = INCIDENTS.flatMap(({ name }) => alerting.notifications(name))
      .flatMap(({ alerts }) => alerts)
      .flatMap(({ annotations }) => annotations['runbook_url'] ?? []);
    assert.ok(links.length > 0);
    for (const link of links) {
      const path = link.replace(KNOBS.runbooks.value, 'docs/runbooks');
      assert.ok(existsSync(join(ROOT, path)), link);
    }
  });

  it('links every alert to an existing dashboard of its cluster', () => {
    for (const { name, alert } of INCIDENTS) {
      const alerts = alerting.notifications(name).flatMap((one) => one.alerts);
      const links = alerts.flatMap(({ annotations }) => annotations['dashboard_url'] ?? []);
      assert.equal(links.length > 0, alert !== undefined, name);
      for (const link of links) {
        const { pathname, searchParams } = new URL(link, 'https://grafana.example.com');
        assert.ok(existsSync(join(ROOT, 'grafana/dashboards', `${basename(pathname)}.json`)), link);
        assert.equal(searchParams.get('var-cluster'), name, link);
      }
    }
  });

  it('has an incident for the alert of every reason and cause', () => {
    const covered = new Set(INCIDENTS.map(({ alert, unsent }) => alert ?? unsent));
    for (const [value, coverage] of Object.entries({ ...REASON_COVERAGE, ...CAUSE_COVERAGE }))
      if ('alert' in coverage && !NEEDS_READS.includes(value))
        assert.ok(
          covered.has(coverage.alert),
          `${value}: no incident causes ${coverage.alert}; add one in test/e2e/incidents`,
        );
  });
});
