/**
 * An attack by users who may create pods and service accounts: objects that are as large as etcd takes them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../simulator/cluster.ts';
import type { Container, Volume } from '../../simulator/objects.ts';
import { createPod, type PodOptions, tokenVolume } from '../../simulator/pods.ts';
import { type Scenario, until, withApiServer } from './stage.ts';

const NAMESPACE = 'evil';
/** JSON takes six bytes for each character. */
const LONG_PATH = '\u0001'.repeat(1_400_000);
const ITEMS = 40_000;
const PODS = 50;
const ACCOUNTS = 2_000;
const LONG_NAME = Array.from({ length: 4 }, () => 'n'.repeat(60)).join('.');
/** What the API server allows for all annotations of an object. */
const LONG_TEXT = 'a'.repeat(256 * 1_024 - 1);
const ROUNDS = 3;
const UPDATE_MS = 100;
/** Its spec has too many tokens to be judged. */
const IS_LAST_KNOWN = /^satoken_unreadable\{.*pod="last".*reason="limit"\} 1$/m;

function numbered<T>(length: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length }, (_, index) => make(index));
}

function projected(index: number, audience?: string): Volume {
  return tokenVolume(`v${index}`, {
    path: `t${index}`,
    expirationSeconds: 3_600,
    ...(audience && { audience }),
  });
}

const MANY_SOURCES = tokenVolume(
  'v',
  ...numbered(ITEMS, (index) => ({ path: `t${index}`, expirationSeconds: 3_600 })),
);

interface Spec {
  readonly volumes: readonly Volume[];
  readonly containers?: readonly Container[];
}

const LARGE_PODS: readonly (readonly [name: string, spec: Spec])[] = [
  ['path', { volumes: [tokenVolume('v', { path: LONG_PATH, expirationSeconds: 3_600 })] }],
  ['sources', { volumes: [MANY_SOURCES] }],
  ['volumes', { volumes: numbered(ITEMS, (index) => projected(index)), containers: [{ name: 'main' }] }],
  [
    'containers',
    {
      volumes: numbered(256, (index) => projected(index)),
      containers: numbered(ITEMS / 2, (index) => ({ name: `c${index}` })),
    },
  ],
];

/** Only at the API server: the kubelet does not start it. */
function put(cluster: Cluster, options: Spec & Pick<PodOptions, 'name' | 'uid' | 'annotations'>): void {
  cluster.setPod(createPod(cluster, { namespace: NAMESPACE, isAutomounted: false, ...options }));
}

function fill(cluster: Cluster): void {
  const volumes = numbered(4, (index) => projected(index, 'a'.repeat(50_000)));
  for (const index of numbered(PODS, Number))
    put(cluster, { name: `${LONG_NAME}-${index}`, volumes, annotations: { a: LONG_TEXT } });
  for (const index of numbered(ACCOUNTS, Number)) {
    const metadata = { name: `${LONG_NAME}-${index}`, namespace: NAMESPACE, uid: `${index}` };
    cluster.addServiceAccount({ metadata: { ...metadata, annotations: { a: 'a'.repeat(4_096) } } });
  }
  for (const [name, spec] of LARGE_PODS) put(cluster, { name, ...spec });
}

/** Replaces each large pod with one of the same name, then updates it. */
async function update(cluster: Cluster): Promise<void> {
  for (const turn of numbered(2 * ROUNDS, Number))
    for (const [name, spec] of LARGE_PODS) {
      const uid = `${name}-${Math.floor(turn / 2)}`;
      put(cluster, { name, uid, annotations: { turn: `${turn}` }, ...spec });
      await delay(UPDATE_MS);
    }
}

function removeAll(cluster: Cluster): void {
  for (const { metadata } of cluster.list('pods'))
    if (metadata.namespace === NAMESPACE) cluster.deletePod(NAMESPACE, metadata.name);
  cluster.deleteNamespace(NAMESPACE);
}

export const objects: Scenario = {
  it: 'pods and service accounts as large as the API server takes them, updated again and again',
  prepare: async (node) => {
    const { cluster } = node.world;
    fill(cluster);
    const { api, options } = await withApiServer(node);
    return {
      options,
      attack: async ({ port }) => {
        await update(cluster);
        put(cluster, { name: 'last', volumes: [MANY_SOURCES] });
        await until(port, (metrics) => IS_LAST_KNOWN.test(metrics));
      },
      close: async () => {
        await api.close();
        removeAll(cluster);
      },
    };
  },
};
