/**
 * `demo`: a simulated node and API server beside the real exporter, on one machine, without a cluster.
 *
 * Knows what is worth looking at, nothing of how the exporter works.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApiServer } from '../../simulator/api-server.ts';
import { DEMO_PODS, startDemoPods } from '../../simulator/demo/pods.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { chooseMounts } from '../../simulator/kubelet/mounts.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { printTable } from './table.ts';

/** Options of the exporter that point it at the simulated node. */
export interface Simulated {
  readonly rootDir: string;
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly podUid: string;
  readonly ownToken: string;
}

export interface DemoOptions {
  /** An empty folder. */
  readonly folder: string;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Resolves after `ms`, or as soon as the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly write: (text: string) => void;
  /** Serves the simulated node until the signal aborts; calls back with the URL of the metrics. */
  readonly serve: (simulated: Simulated, onListening: (url: string) => void) => Promise<void>;
}

const TICK_MS = 1_000;
const USER = 'demo';

function introduction(url: string, { rootDir, kubeconfig, nodeName }: Simulated): string {
  const rows = DEMO_PODS.map(({ name, shows, lookFor }) => [name, shows, lookFor]);
  return [
    '',
    `A simulated node is being watched: ${url}`,
    'Its pods, and what they show:',
    '',
    printTable([['POD', 'SHOWS', 'LOOK FOR'], ...rows]),
    'Ask for one pod in another terminal; its token files are read, and the API server is asked, on the spot:',
    `  npm start --silent -- explain demo/payments --kubelet.root-dir=${rootDir} \\`,
    `    --cluster.kubeconfig=${kubeconfig} --node-name=${nodeName}`,
    'End with Ctrl-C.',
    '',
    '',
  ].join('\n');
}

/** Plays the pods, and answers what the exporter is to be told of them. */
function simulate(world: World, folder: string, url: string): Simulated {
  const { metadata, spec } = startDemoPods(world);
  const volume = spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor({ url, token: USER }), { mode: 0o600 });
  return {
    rootDir: join(folder, 'kubelet'),
    kubeconfig,
    nodeName: spec.nodeName ?? '',
    podUid: metadata.uid,
    ownToken: join(world.kubelet.volumeFolder(metadata.uid, volume), 'token'),
  };
}

async function keepTicking(world: World, { sleep, signal }: DemoOptions): Promise<void> {
  while (!signal.aborted) {
    world.tick();
    await sleep(TICK_MS, signal);
  }
}

/** Runs until the signal aborts, and leaves nothing mounted. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { folder, now, write, serve } = options;
  const rootDir = join(folder, 'kubelet');
  mkdirSync(rootDir);
  const world = createWorld({ rootDir, mounts: chooseMounts(rootDir), now });
  const api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
  try {
    const simulated = simulate(world, folder, await api.listen());
    const serving = serve(simulated, (url) => write(introduction(url, simulated)));
    await Promise.all([serving, keepTicking(world, options)]);
  } finally {
    await api.close();
    world.kubelet.close();
  }
}
