/**
 * Attacks by users of the cluster who may create pods and Secrets, or reach the port of the exporter.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createApiServer } from '../../simulator/api-server.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { flood, sendAll, type Target } from '../../test/e2e/attacks/attacker.ts';
import { createAttackedNode, FILE_ATTACKS, type FileAttack } from '../../test/e2e/attacks/file-attacks.ts';
import { openReader, READER_ATTACKS, type ReaderAttack } from '../../test/e2e/attacks/reader-attacks.ts';
import { request } from '../../test/support/http.ts';
import type { BenchNode } from '../node.ts';

export interface Stage {
  readonly options: readonly string[];
  /** Sent with every request that must be answered. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly attack: (target: Target) => Promise<void>;
  readonly close: () => unknown;
}

export interface Scenario {
  readonly it: string;
  readonly prepare: (node: BenchNode) => Promise<Stage>;
}

const USER = 'bench';
const CLIENTS = 100;
const LOOP_MS = 4_000;
const SCRAPE_MS = 250;

/** Scrapes until the metrics match. */
async function until(port: number, matches: (metrics: string) => boolean): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    if (response?.ok === true && matches(await response.text())) return;
    await delay(SCRAPE_MS);
  }
}

function files(attack: FileAttack): Scenario {
  const prepare = async (): Promise<Stage> => {
    const node = createAttackedNode();
    return {
      options: [`--kubelet.root-dir=${node.rootDir}`, '--cluster.mode=off'],
      close: node.remove,
      attack: async ({ port }) => {
        node.add(attack);
        await until(port, attack.isFound);
      },
    };
  };
  return { it: attack.it, prepare };
}

function readers(attack: ReaderAttack): Scenario {
  const prepare = async ({ rootDir }: BenchNode): Promise<Stage> => {
    const open: Socket[] = [];
    return {
      options: [`--kubelet.root-dir=${rootDir}`, '--cluster.mode=off'],
      attack: async (target) => {
        for (let index = 0; index < CLIENTS; index += 1) open.push(await openReader(target, attack, index));
      },
      close: () => {
        for (const socket of open) socket.destroy();
      },
    };
  };
  return { it: `clients that do not read ${attack.it}`, prepare };
}

const pages: Scenario = {
  it: `${CLIENTS} clients that load page and JSON in a loop`,
  prepare: async ({ rootDir }) => ({
    options: [`--kubelet.root-dir=${rootDir}`, '--cluster.mode=off'],
    attack: async (target) => {
      const workerData = { port: target.port, clients: CLIENTS, ms: LOOP_MS };
      await once(new Worker(new URL('page-loop.ts', import.meta.url), { workerData }), 'exit');
    },
    close: () => undefined,
  }),
};

async function withApiServer({ rootDir, world }: BenchNode) {
  const api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
  const kubeconfig = join(rootDir, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
  const options = [
    `--kubelet.root-dir=${rootDir}`,
    `--cluster.kubeconfig=${kubeconfig}`,
    '--node-name=node-1',
    '--cluster.token-review=off',
  ];
  return { api, options };
}

const tokens: Scenario = {
  it: '3,000 requests with forged tokens and --web.kubernetes-auth',
  prepare: async (node) => {
    const { api, options } = await withApiServer(node);
    const subject = { kind: 'ServiceAccount', namespace: 'default', name: 'scraper' } as const;
    api.rbac.bind({ name: 'b', role: 'r', subject, verbs: ['get'], nonResourceURLs: ['/metrics'] });
    const pod = node.world.run({ name: 'scraper-0', serviceAccount: 'scraper' });
    const issued = node.world.cluster.requestToken(
      pod,
      { path: 'token', expirationSeconds: 3_600 },
      { name: 'node-1', uid: 'node-1' },
    );
    if (!issued.ok) throw new Error('no token');
    return {
      options: [...options, '--web.kubernetes-auth'],
      headers: { Authorization: `Bearer ${issued.value.token}` },
      attack: async (target) => {
        const forged = flood(CLIENTS, 30, (index) =>
          request('GET /metrics HTTP/1.1', `Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.${index}.c2ln`),
        );
        await sendAll(target, forged, CLIENTS);
      },
      close: async () => {
        node.world.cluster.deletePod(pod.metadata.namespace, pod.metadata.name);
        await api.close();
      },
    };
  },
};

export const SCENARIOS: readonly Scenario[] = [
  tokens,
  ...FILE_ATTACKS.map(files),
  ...READER_ATTACKS.map(readers),
  pages,
];
