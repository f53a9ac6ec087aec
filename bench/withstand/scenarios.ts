/**
 * Attacks by users of the cluster who may create pods and Secrets, or reach the port of the exporter.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { flood, sendAll } from '../../test/e2e/attacks/attacker.ts';
import { createAttackedNode, FILE_ATTACKS, type FileAttack } from '../../test/e2e/attacks/file-attacks.ts';
import { openReader, READER_ATTACKS, type ReaderAttack } from '../../test/e2e/attacks/reader-attacks.ts';
import { request } from '../../test/support/http.ts';
import type { BenchNode } from '../node.ts';
import { objects } from './api-objects.ts';
import { type Scenario, type Stage, until, withApiServer } from './stage.ts';

const CLIENTS = 100;
const LOOP_MS = 4_000;

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
  objects,
  ...FILE_ATTACKS.map(files),
  ...READER_ATTACKS.map(readers),
  pages,
];
