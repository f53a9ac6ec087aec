/**
 * A real Prometheus with the alerting rules, a real Alertmanager with its routes, and a webhook receiver.
 *
 * All durations in their configuration are divided, by 30 on an idle machine, so that an hour takes two minutes. On a busy
 * one, scrapes are as far apart as it needs to answer all of them, and everything else is slower in proportion. Only
 * `group_wait` is longer, because it has to cover a few rule evaluations.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertmanagerFile } from '../../../alerts/documents.ts';
import { ROOT } from '../../docs/documents.ts';
import { type ActiveAlert, activeAlerts, postAlerts, startAlertmanager } from '../../support/alertmanager.ts';
import { startCommand, stopCommand } from '../../support/command.ts';
import { PASSWORD } from '../../support/credentials.ts';
import { freePort } from '../../support/free-port.ts';
import { createWebhook, type Notification } from '../../support/webhook.ts';
import { accelerated } from './accelerated.ts';

/** The user name that Prometheus sends. */
export const SCRAPER = 'prometheus';
/** The shortest interval between scrapes. */
const FASTEST_MS = 2_000;
/** How many times as long as it takes to scrape all targets. */
const MARGIN = 4;
const MEASUREMENTS = 3;

type Labels = Readonly<Record<string, string>>;

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

/** Where the servers run, and how fast. */
interface Setup {
  readonly folder: string;
  readonly port: number;
  /** Milliseconds between two scrapes. */
  readonly interval: number;
}

function startAlertmanagerWith({ folder, port, interval }: Setup, receivers: string): Promise<ChildProcess> {
  return startAlertmanager(folder, port, accelerated(alertmanagerFile(receivers), interval));
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

export async function startAlerting(targets: readonly Target[]): Promise<Alerting> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-alerting-'));
  const receiver = await createWebhook();
  const notifications = (cluster: string): readonly Notification[] =>
    receiver.received.filter(({ groupLabels }) => groupLabels['cluster'] === cluster);
  const [port, prometheusPort] = [await freePort(), await freePort()];
  const interval = await measureInterval(targets);
  const alertmanager = await startAlertmanagerWith({ folder, port, interval }, receiver.url);
  const prometheus = await startPrometheus({ folder, port: prometheusPort, interval }, port, targets);
  return {
    notifications,
    untilNotified: (cluster, matches) => receiver.until(() => matches(notifications(cluster))),
    activeAlerts: (cluster) => activeAlerts(port, `cluster="${cluster}"`),
    fire: (labels) => postAlerts(port, [labels]),
    close: async () => {
      await Promise.all([stopCommand(prometheus), stopCommand(alertmanager)]);
      receiver.close();
      rmSync(folder, { recursive: true });
    },
  };
}
