/**
 * `npm run bench:rulers -- thanos FILE`: the shipped rules in a Thanos Ruler, with its program as FILE; `mimir` for those in
 * small groups in Mimir, with its default limits, and `mimir-50` for Mimir with 50 rules in a group.
 *
 * Two clusters with an exporter each, whose Prometheus writes all samples but `up` to the storage of the ruler, with an
 * external label `cluster`. Time is scaled, so that a quarter of an hour takes a minute. Exits with 1 if a rule does not load
 * or fails, or if an alert fires for the wrong cluster.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alertmanagerFile, rulesFile, rulesInSmallGroups } from '../../alerts/documents.ts';
import { GROUPS } from '../../alerts/groups.ts';
import { vaultPod } from '../../simulator/demo/scenarios.ts';
import { VICTIM } from '../../test/e2e/incidents/incident.ts';
import { accelerated } from '../../test/e2e/support/accelerated.ts';
import { type ServedWorld, serveWorld } from '../../test/e2e/support/served-world.ts';
import { startPrometheus } from '../../test/grafana/prometheus.ts';
import { startAlertmanager } from '../../test/support/alertmanager.ts';
import { stopCommand } from '../../test/support/command.ts';
import { freePort } from '../../test/support/free-port.ts';
import { createWebhook, type Webhook } from '../../test/support/webhook.ts';
import { type Ruler, type Setup, startMimir, startThanosRuler } from './servers.ts';

const RULERS: Readonly<Record<string, (setup: Setup) => Promise<Ruler>>> = {
  thanos: startThanosRuler,
  mimir: startMimir,
  'mimir-50': (setup) => startMimir(setup, 50),
};
/** Between two scrapes, which stands for a minute. */
const INTERVAL_MS = 4_000;
const LOOKBACK = 300;
const POLL_MS = 250;
/** All takes some two minutes. */
const LIMIT_MS = 600_000;
/** A token of an hour that is overdue, and not yet critical. */
const LIFETIME = 3_600;
const AGE = 3_200;

interface Alert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly alerts?: readonly Alert[];
}

function prometheusConfig(cluster: string, address: string, url: string): string {
  return JSON.stringify({
    global: { scrape_interval: `${INTERVAL_MS}ms`, external_labels: { cluster } },
    scrape_configs: [
      {
        job_name: 'sa-token-exporter',
        honor_labels: true,
        static_configs: [{ targets: [address], labels: { node: 'node-1' } }],
      },
    ],
    remote_write: [
      {
        url,
        queue_config: { batch_send_deadline: '100ms' },
        write_relabel_configs: [{ source_labels: ['__name__'], regex: 'up', action: 'drop' }],
      },
    ],
  });
}

async function rulesOf({ api }: Ruler): Promise<readonly Rule[]> {
  const response = await fetch(`${api}/rules`);
  const { data } = (await response.json()) as { data: { groups: readonly { rules: readonly Rule[] }[] } };
  return data.groups.flatMap(({ rules }) => rules);
}

async function firingIn(ruler: Ruler, cluster: string): Promise<readonly Alert[]> {
  return (await rulesOf(ruler))
    .flatMap(({ alerts = [] }) => alerts)
    .filter(({ state, labels }) => state === 'firing' && labels['cluster'] === cluster);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(POLL_MS);
}

function say(text: string): void {
  process.stdout.write(`ok    ${text}\n`);
}

interface Stage {
  readonly ruler: Ruler;
  readonly webhook: Webhook;
  readonly east: ServedWorld;
  readonly west: ServedWorld;
}

async function checkRules({ ruler }: Stage): Promise<void> {
  await until(async () => (await rulesOf(ruler)).every(({ health }) => health !== 'unknown'));
  const rules = await rulesOf(ruler);
  const shipped = GROUPS.flatMap(({ recordings, alerts }) => [...recordings, ...alerts]);
  assert.equal(rules.length, shipped.length);
  assert.deepEqual(
    rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`),
    [],
  );
  say(`${rules.length} rules are loaded and evaluated without errors`);
}

async function checkStuckToken({ ruler, webhook, east }: Stage): Promise<void> {
  east.world.run(vaultPod(VICTIM, 'vault', LIFETIME), AGE);
  await until(async () => (await firingIn(ruler, 'east')).length > 0);
  const alerts = await firingIn(ruler, 'east');
  assert.deepEqual(
    alerts.map(({ labels }) => labels['alertname']),
    ['SATokenRotationOverdue'],
  );
  say(`fires for a late token of one cluster: ${JSON.stringify(alerts[0]?.labels)}`);
  process.stdout.write(`      ${alerts[0]?.annotations['description']}\n`);
  await webhook.until(() => webhook.received.some(({ groupLabels }) => groupLabels['cluster'] === 'east'));
  say('is notified by Alertmanager');
  assert.deepEqual(await firingIn(ruler, 'west'), []);
  say('is silent for the other cluster');
  east.world.kubelet.rotate(east.podNamed(VICTIM).metadata.uid);
  await until(async () => (await firingIn(ruler, 'east')).length === 0);
  say('ends when the token is rotated');
}

async function checkLostCluster({ ruler, west }: Stage): Promise<void> {
  await west.stopExporter();
  await until(async () => (await firingIn(ruler, 'west')).length > 0);
  const alerts = await firingIn(ruler, 'west');
  assert.deepEqual(
    alerts.map(({ labels }) => `${labels['alertname']} ${labels['severity']}`),
    ['SATokenExporterDown critical'],
  );
  assert.deepEqual(await firingIn(ruler, 'east'), []);
  say(`fires for a cluster without exporters, and not for the other: ${JSON.stringify(alerts[0]?.labels)}`);
  await west.startExporter();
  await until(async () => (await firingIn(ruler, 'west')).length === 0);
  say('ends when the exporter is back');
}

/** `stops` end what was started. */
type Stops = (() => unknown)[];

async function startWorld(stops: Stops): Promise<ServedWorld> {
  const world = await serveWorld();
  stops.push(world.close);
  return world;
}

async function startCluster(
  folder: string,
  { url, cluster, address }: { readonly url: string; readonly cluster: string; readonly address: string },
  stops: Stops,
): Promise<void> {
  const own = join(folder, cluster);
  mkdirSync(own);
  const config = prometheusConfig(cluster, address, url);
  const { stop } = await startPrometheus('prometheus', own, join(own, 'data'), LOOKBACK, [], config);
  stops.push(stop);
}

async function startRuler(
  folder: string,
  { name, program }: { readonly name: string; readonly program: string },
  { webhook, stops }: { readonly webhook: Webhook; readonly stops: Stops },
): Promise<Ruler> {
  const start = RULERS[name];
  assert.ok(start && program, 'usage: npm run bench:rulers -- thanos|mimir|mimir-50 PROGRAM');
  const port = await freePort();
  const routes = accelerated(alertmanagerFile(webhook.url), INTERVAL_MS);
  const alertmanager = await startAlertmanager(folder, port, routes);
  const started = [alertmanager];
  stops.push(() => Promise.all(started.map(stopCommand)));
  const rules = accelerated(name === 'mimir' ? rulesInSmallGroups() : rulesFile(), INTERVAL_MS);
  return start({ program, folder, rules, interval: INTERVAL_MS / 2, alertmanager: port, started });
}

async function check(folder: string, name: string, program: string, stops: Stops): Promise<void> {
  const webhook = await createWebhook();
  stops.push(webhook.close);
  const ruler = await startRuler(folder, { name, program }, { webhook, stops });
  const [east, west] = [await startWorld(stops), await startWorld(stops)];
  for (const [cluster, { address }] of Object.entries({ east, west }))
    await startCluster(folder, { url: ruler.remoteWrite, cluster, address }, stops);
  const stage = { ruler, webhook, east, west };
  await checkRules(stage);
  await checkStuckToken(stage);
  await checkLostCluster(stage);
}

async function limit(): Promise<never> {
  await sleep(LIMIT_MS, undefined, { ref: false });
  throw new Error(`what comes next did not happen within ${LIMIT_MS / 60_000} minutes`);
}

const [name = '', program = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'satoken-rulers-'));
const stops: Stops = [];
try {
  await Promise.race([check(folder, name, program, stops), limit()]);
} finally {
  for (const stop of stops.toReversed()) await stop();
  rmSync(folder, { recursive: true });
}
