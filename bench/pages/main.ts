/**
 * `npm run bench:pages`: when the page for a token that is not rotated arrives, in real time. Takes a quarter of an hour.
 *
 * The exporter on simulated nodes, a real Prometheus with the shipped rules, scrapes and evaluations every 30 s, and for
 * each route an Alertmanager with a webhook receiver. Tokens expire in five phases. With `prometheus3` as its argument it
 * uses that version. Exits with 1 if the route of this project pages late, or twice for a token that is rotated then.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPrometheus } from '../../test/grafana/prometheus.ts';
import { PROGRAMS } from '../../test/grafana/recorded.ts';
import { postAlerts, startAlertmanager } from '../../test/support/alertmanager.ts';
import { stopCommand } from '../../test/support/command.ts';
import { freePort } from '../../test/support/free-port.ts';
import {
  createWebhook,
  type NotifiedAlert,
  type Received,
  type Webhook,
} from '../../test/support/webhook.ts';
import { report } from '../report.ts';
import { ROUTES, type Route } from './routes.ts';
import { type StuckNode, startStuckNode } from './stuck-node.ts';

/** Lifetimes in seconds, and the seconds before the expiration at which the first alert fires. */
const LIFETIMES = [
  { lifetime: 900, first: -25 },
  { lifetime: 1_800, first: 131 },
  { lifetime: 3_600, first: 347 },
  { lifetime: 7_200, first: 1_055 },
];
/** When tokens expire, in seconds relative to evaluations. */
const PHASES = [0, 6, 12, 18, 24];
const REPAIRED = { lifetime: 3_600, first: 347 };
/** From the start to the first alert: Prometheus needs a few scrapes. */
const WARM_UP = 120;
const INTERVAL = '30s';
const LOOKBACK = 300;
/** From the notification of another pod to the alert. */
const AFTER_OTHER_MS = 5_000;
const RULES = new URL('../../alerts/rules.yaml', import.meta.url).pathname;

type Labels = Readonly<Record<string, string>>;

interface Receiver {
  readonly route: Route;
  readonly port: number;
  readonly webhook: Webhook;
  readonly close: () => Promise<void>;
}

async function startReceiver(folder: string, route: Route): Promise<Receiver> {
  const webhook = await createWebhook();
  const port = await freePort();
  const own = mkdtempSync(join(folder, 'alertmanager-'));
  const alertmanager = await startAlertmanager(own, port, route.config(webhook.url));
  const close = async (): Promise<void> => {
    await stopCommand(alertmanager);
    webhook.close();
  };
  return { route, port, webhook, close };
}

function prometheusConfig(nodes: readonly StuckNode[], receivers: readonly Receiver[]): string {
  const targets = receivers.map(({ port }) => `127.0.0.1:${port}`);
  const scraped = nodes.map(({ address, name }) => ({
    targets: [address],
    labels: { cluster: name, node: 'node-1' },
  }));
  return JSON.stringify({
    global: { scrape_interval: INTERVAL, evaluation_interval: INTERVAL },
    rule_files: [RULES],
    alerting: { alertmanagers: [{ static_configs: [{ targets }] }] },
    scrape_configs: [{ job_name: 'sa-token-exporter', honor_labels: true, static_configs: scraped }],
  });
}

interface Arrival {
  /** When the alert fired and when the notification arrived, in milliseconds. */
  readonly firedAt: number;
  readonly at: number;
}

/** The notifications that contain a firing alert with these labels, with the first of them. */
function arrivals(received: readonly Received[], labels: Labels): readonly Arrival[] {
  const isWanted = (one: NotifiedAlert): boolean =>
    one.status === 'firing' && Object.entries(labels).every(([name, value]) => one.labels[name] === value);
  return received.flatMap(({ at, alerts }) => {
    const times = alerts.filter(isWanted).map(({ startsAt }) => Date.parse(startsAt));
    return times.length === 0 ? [] : [{ at, firedAt: Math.min(...times) }];
  });
}

function isResolved(received: readonly Received[], namespace: string): boolean {
  return received.some(({ alerts }) =>
    alerts.some(
      ({ status, labels }) =>
        status === 'resolved' && labels['namespace'] === namespace && labels['severity'] === 'critical',
    ),
  );
}

async function firstArrival({ received, until }: Webhook, labels: Labels): Promise<Arrival> {
  await until(() => arrivals(received, labels).length > 0);
  const [first] = arrivals(received, labels);
  if (first === undefined) throw new Error('no notification');
  return first;
}

const seconds = (from: number, to: number): number => (to - from) / 1_000;

/** Seconds, for the stuck token of a node at one receiver. */
async function measureNode({ name, expiresAt }: StuckNode, { webhook }: Receiver) {
  const warning = await firstArrival(webhook, { namespace: name });
  const page = await firstArrival(webhook, { namespace: name, severity: 'critical' });
  return {
    'first alert before expiration': seconds(warning.firedAt, expiresAt),
    'critical alert before expiration': seconds(page.firedAt, expiresAt),
    'page before expiration': seconds(page.at, expiresAt),
    'page after the critical alert': seconds(page.firedAt, page.at),
  };
}

/** The worst of all phases. */
async function measureLifetime(
  lifetime: number,
  nodes: readonly StuckNode[],
  receiver: Receiver,
): Promise<boolean> {
  const { route } = receiver;
  const measured = await Promise.all(
    nodes.filter((node) => node.lifetime === lifetime).map((node) => measureNode(node, receiver)),
  );
  const least = (what: keyof (typeof measured)[number]): boolean => {
    const value = Math.min(...measured.map((one) => one[what]));
    return report({ what: `${lifetime} s, ${route.title}: ${what}, least`, value, unit: 's' });
  };
  least('first alert before expiration');
  least('critical alert before expiration');
  least('page before expiration');
  const figure = {
    what: `${lifetime} s, ${route.title}: page after the critical alert, most`,
    value: Math.max(...measured.map((one) => one['page after the critical alert'])),
    unit: 's',
  } as const;
  return report(route.atMost === undefined ? figure : { ...figure, atMost: route.atMost.alone });
}

/** The page for a pod after one for another pod of its namespace and node. */
async function measureJoining({ route, port, webhook }: Receiver): Promise<boolean> {
  const labels = {
    alertname: 'SATokenRotationOverdue',
    severity: 'critical',
    cluster: 'joining',
    node: 'node-1',
    namespace: 'joining',
  };
  await postAlerts(port, [{ ...labels, pod: 'first' }]);
  await firstArrival(webhook, { ...labels, pod: 'first' });
  await sleep(AFTER_OTHER_MS);
  await postAlerts(port, [{ ...labels, pod: 'second' }]);
  const posted = Date.now();
  const { at } = await firstArrival(webhook, { ...labels, pod: 'second' });
  const figure = {
    what: `${route.title}: page of another pod in the group, 5 s after the first`,
    value: seconds(posted, at),
    unit: 's',
  } as const;
  return report(route.atMost === undefined ? figure : { ...figure, atMost: route.atMost.joining });
}

/** A token that is rotated once it has paged: it pages once, before its expiration, and resolves. */
async function measureRepaired(
  { name, expiresAt, repair }: StuckNode,
  { webhook }: Receiver,
): Promise<boolean> {
  const page = await firstArrival(webhook, { namespace: name, severity: 'critical' });
  repair();
  const repairedAt = Date.now();
  await webhook.until(() => isResolved(webhook.received, name));
  const title = 'repaired after its page, this route';
  const pages = webhook.received.filter(
    ({ path, status, groupLabels }) =>
      path.endsWith('/pages') && status === 'firing' && groupLabels['namespace'] === name,
  );
  return [
    report({
      what: `${title}: page before expiration`,
      value: seconds(page.at, expiresAt),
      atLeast: 0,
      unit: 's',
    }),
    report({ what: `${title}: pages`, value: pages.length, atMost: 1, unit: '' }),
    report({ what: `${title}: resolved after`, value: seconds(repairedAt, Date.now()), unit: 's' }),
  ].every(Boolean);
}

async function measureAll(
  nodes: readonly StuckNode[],
  repaired: StuckNode,
  receivers: readonly Receiver[],
): Promise<boolean> {
  const [own] = receivers;
  if (own === undefined) throw new Error('no route');
  const measured = await Promise.all([
    measureRepaired(repaired, own),
    ...receivers.flatMap((receiver) => [
      measureJoining(receiver),
      ...LIFETIMES.map(({ lifetime }) => measureLifetime(lifetime, nodes, receiver)),
    ]),
  ]);
  return measured.every(Boolean);
}

async function measure(folder: string, program: string): Promise<boolean> {
  const nodes = await Promise.all(
    LIFETIMES.flatMap(({ lifetime, first }) =>
      PHASES.map((phase) =>
        startStuckNode(`lifetime-${lifetime}-${phase}`, lifetime, first + WARM_UP + phase),
      ),
    ),
  );
  const repaired = await startStuckNode('repaired', REPAIRED.lifetime, REPAIRED.first + WARM_UP);
  const receivers = await Promise.all(ROUTES.map((route) => startReceiver(folder, route)));
  const config = prometheusConfig([...nodes, repaired], receivers);
  try {
    const prometheus = await startPrometheus(program, folder, join(folder, 'data'), LOOKBACK, [], config);
    try {
      return await measureAll(nodes, repaired, receivers);
    } finally {
      await prometheus.stop();
    }
  } finally {
    for (const one of [...receivers, ...nodes, repaired]) await one.close();
  }
}

const [installed, newer] = PROGRAMS;
const folder = mkdtempSync(join(tmpdir(), 'satoken-pages-'));
try {
  const { program } = process.argv[2] === 'prometheus3' ? newer : installed;
  process.exitCode = (await measure(folder, program)) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
