/**
 * A real Prometheus with the alerting rules, a real Alertmanager with its routes, and a webhook receiver.
 *
 * All durations in their configuration are divided, by 30 on an idle machine, so that an hour takes two minutes. On a busy
 * one, scrapes are as far apart as it needs to answer all of them, and everything else is slower in proportion. Only
 * `group_wait` is longer, because it has to cover a few rule evaluations.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from '../../docs/documents.ts';
import { type ActiveAlert, activeAlerts, postAlerts, startAlertmanager } from '../../support/alertmanager.ts';
import { startCommand, stopCommand } from '../../support/command.ts';
import { PASSWORD } from '../../support/credentials.ts';
import { freePort } from '../../support/free-port.ts';

/** The user name that Prometheus sends. */
export const SCRAPER = 'prometheus';
/** The shortest interval between scrapes, and that which it stands for. */
const FASTEST_MS = 2_000;
const INTERVAL_MS = 60_000;
/** How many times as long as it takes to scrape all targets. */
const MARGIN = 4;
const MEASUREMENTS = 3;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

type Labels = Readonly<Record<string, string>>;

export interface NotifiedAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** The payload of a webhook notification. */
export interface Notification {
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Labels;
  readonly alerts: readonly NotifiedAlert[];
}

export interface Target {
  /** Host and port. */
  readonly address: string;
  readonly labels: Labels;
}

export interface Alerting {
  /** The notifications about a cluster so far. */
  readonly notifications: (cluster: string) => readonly Notification[];
  /** Waits until the notifications about a cluster match. */
  readonly untilNotified: (
    cluster: string,
    matches: (notifications: readonly Notification[]) => boolean,
  ) => Promise<void>;
  readonly activeAlerts: (cluster: string) => Promise<readonly ActiveAlert[]>;
  /** Fires an alert from another source. */
  readonly fire: (labels: Labels) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Milliseconds between two scrapes, by how long the machine takes to answer all of them at once. */
async function measureInterval(targets: readonly Target[]): Promise<number> {
  let longest = 0;
  for (let count = 0; count < MEASUREMENTS; count += 1) {
    const start = performance.now();
    await Promise.all(
      targets.map(async ({ address }) => (await fetch(`http://${address}/metrics`)).arrayBuffer()),
    );
    longest = Math.max(longest, performance.now() - start);
  }
  return Math.ceil(Math.max(FASTEST_MS, MARGIN * longest));
}

function divided(duration: string, interval: number): string {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(duration) ?? [];
  const seconds = UNITS[unit];
  assert.ok(seconds !== undefined, duration);
  return `${Math.round((Number(count) * seconds * 1_000 * interval) / INTERVAL_MS)}ms`;
}

/** Divides the durations of timing keys and the ranges in expressions. */
function accelerated(yaml: string, interval: number): string {
  const keys = /\b(for|keep_firing_for|group_wait|group_interval|repeat_interval): (\w+)$/gm;
  return yaml
    .replace(keys, (_text, key: string, duration: string) => `${key}: ${divided(duration, interval)}`)
    .replace(/\bgroup_wait: .*$/gm, `group_wait: ${Math.round(1.5 * interval)}ms`)
    .replace(/\[(\d+[smh])\]/g, (_text, duration: string) => `[${divided(duration, interval)}]`)
    .replace(/ offset (\d+[smh])\b/g, (_text, duration: string) => ` offset ${divided(duration, interval)}`);
}

/** Where the servers run, and how fast. */
interface Setup {
  readonly folder: string;
  readonly port: number;
  /** Milliseconds between two scrapes. */
  readonly interval: number;
}

function startAlertmanagerWith({ folder, port, interval }: Setup, receivers: string): Promise<ChildProcess> {
  const config = readFileSync(join(ROOT, 'alerts/alertmanager.yaml'), 'utf8');
  return startAlertmanager(
    folder,
    port,
    accelerated(config, interval).replaceAll('http://localhost:9095', receivers),
  );
}

function startPrometheus(
  { folder, port, interval }: Setup,
  alertmanager: number,
  targets: readonly Target[],
): Promise<ChildProcess> {
  const rules = readFileSync(join(ROOT, 'alerts/rules.yaml'), 'utf8');
  writeFileSync(join(folder, 'rules.yaml'), accelerated(rules, interval));
  const config = {
    // The interval is also the timeout of a scrape.
    global: { scrape_interval: `${interval}ms`, evaluation_interval: `${Math.round(interval / 2)}ms` },
    rule_files: ['rules.yaml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanager}`] }] }] },
    scrape_configs: [
      {
        job_name: 'sa-token-exporter',
        honor_labels: true,
        // Ignored by exporters without authentication.
        basic_auth: { username: SCRAPER, password: PASSWORD },
        static_configs: targets.map(({ address, labels }) => ({ targets: [address], labels })),
      },
    ],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yaml'), JSON.stringify(config));
  return startCommand(
    'prometheus',
    'ready to receive',
    `--config.file=${folder}/prometheus.yaml`,
    `--storage.tsdb.path=${folder}/prometheus`,
    `--web.listen-address=127.0.0.1:${port}`,
  );
}

/** A webhook that stores all notifications. */
async function createReceiver() {
  const received: Notification[] = [];
  const events = new EventEmitter().setMaxListeners(0);
  const take = async (request: IncomingMessage): Promise<void> => {
    received.push(JSON.parse(await text(request)) as Notification);
    events.emit('notification');
  };
  const server = createServer((request, response) => void take(request).then(() => response.end()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const notifications = (cluster: string): readonly Notification[] =>
    received.filter(({ groupLabels }) => groupLabels['cluster'] === cluster);
  return { url: `http://127.0.0.1:${port}`, notifications, events, close: () => server.close() };
}

export async function startAlerting(targets: readonly Target[]): Promise<Alerting> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-alerting-'));
  const receiver = await createReceiver();
  const [port, prometheusPort] = [await freePort(), await freePort()];
  const interval = await measureInterval(targets);
  const alertmanager = await startAlertmanagerWith({ folder, port, interval }, receiver.url);
  const prometheus = await startPrometheus({ folder, port: prometheusPort, interval }, port, targets);
  return {
    notifications: receiver.notifications,
    untilNotified: async (cluster, matches) => {
      while (!matches(receiver.notifications(cluster))) await once(receiver.events, 'notification');
    },
    activeAlerts: (cluster) => activeAlerts(port, `cluster="${cluster}"`),
    fire: (labels) => postAlerts(port, [labels]),
    close: async () => {
      await Promise.all([stopCommand(prometheus), stopCommand(alertmanager)]);
      receiver.close();
      rmSync(folder, { recursive: true });
    },
  };
}
