/**
 * A real Prometheus with the alerting rules, a real Alertmanager with its routes, and a webhook receiver.
 *
 * All durations in their configuration are divided by 30, so that an hour takes two minutes. Only `group_wait` is longer,
 * because it has to cover a few rule evaluations on a busy machine.
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
const SPEED = 30;
const GROUP_WAIT = '3s';
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

function divided(duration: string): string {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(duration) ?? [];
  const seconds = UNITS[unit];
  assert.ok(seconds !== undefined, duration);
  return `${(Number(count) * seconds * 1_000) / SPEED}ms`;
}

/** Divides the durations of timing keys and the ranges in expressions. */
function accelerated(yaml: string): string {
  const keys = /\b(for|keep_firing_for|group_wait|group_interval|repeat_interval): (\w+)$/gm;
  return yaml
    .replace(keys, (_text, key: string, duration: string) => `${key}: ${divided(duration)}`)
    .replace(/\bgroup_wait: .*$/gm, `group_wait: ${GROUP_WAIT}`)
    .replace(/\[(\d+[smh])\]/g, (_text, duration: string) => `[${divided(duration)}]`);
}

function startAlertmanagerWith(folder: string, port: number, receivers: string): Promise<ChildProcess> {
  const config = readFileSync(join(ROOT, 'alerts/alertmanager.yaml'), 'utf8');
  return startAlertmanager(folder, port, accelerated(config).replaceAll('http://localhost:9095', receivers));
}

function startPrometheus(
  folder: string,
  port: number,
  alertmanager: number,
  targets: readonly Target[],
): Promise<ChildProcess> {
  const rules = readFileSync(join(ROOT, 'alerts/rules.yaml'), 'utf8');
  writeFileSync(join(folder, 'rules.yaml'), accelerated(rules));
  const config = {
    // The interval is also the timeout of a scrape.
    global: { scrape_interval: '2s', evaluation_interval: '1s' },
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
  const alertmanager = await startAlertmanagerWith(folder, port, receiver.url);
  const prometheus = await startPrometheus(folder, prometheusPort, port, targets);
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
