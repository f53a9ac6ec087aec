/**
 * `demo`: the real exporter on a simulated node with a simulated API server; no cluster needed.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiServer } from '../../simulator/api-server.ts';
import { DEMO_PODS, startDemoPods } from '../../simulator/demo/pods.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { chooseMounts } from '../../simulator/kubelet/mounts.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { serve } from '../app/serve.ts';
import type { Clock } from '../util/clock.ts';
import type { Context, Run } from './command.ts';
import { printTable } from './table.ts';

/** Options that point the exporter at the simulated node. */
interface Simulated {
  readonly rootDir: string;
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly podUid: string;
  readonly ownToken: string;
}

const TICK_MS = 1_000;
const USER = 'demo';

function introduction(url: string, { rootDir, kubeconfig, nodeName }: Simulated): string {
  const rows = DEMO_PODS.map(({ name, shows, lookFor, isReadableByRoot = false }) => [
    name,
    shows,
    isReadableByRoot ? `${lookFor}, except as root` : lookFor,
  ]);
  const command = (text: string): string =>
    `  npm start --silent -- ${text} --kubelet.root-dir=${rootDir} \\\n    --cluster.kubeconfig=${kubeconfig} --node-name=${nodeName}`;
  return [
    '',
    `Metrics of a simulated node: ${url}`,
    'Its pods and what they show:',
    '',
    printTable([['POD', 'SHOWS', 'LOOK FOR'], ...rows]),
    'To list their tokens, run in another terminal:',
    command('scan'),
    'To explain one of the pods:',
    command('explain demo/payments'),
    'There is no cluster: the kubectl and journalctl commands in its output cannot be run here.',
    'After eight minutes, tokens that the demo does not rotate also become overdue and expire.',
    'Stop with Ctrl-C.',
    '',
    '',
  ].join('\n');
}

/** Starts the pods. Returns the options for an exporter on their node. */
async function simulate(world: World, folder: string, url: string): Promise<Simulated> {
  const { metadata, spec } = startDemoPods(world);
  const volume = spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigFor({ url, token: USER }), { mode: 0o600 });
  return {
    rootDir: join(folder, 'kubelet'),
    kubeconfig,
    nodeName: spec.nodeName ?? '',
    podUid: metadata.uid,
    ownToken: join(world.kubelet.volumeFolder(metadata.uid, volume), 'token'),
  };
}

async function keepTicking(world: World, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    world.tick();
    await clock.sleep(TICK_MS, signal);
  }
}

/** Serves until the signal aborts, and keeps the simulated node going for as long. Returns why it cannot serve. */
async function serveWorld(world: World, simulated: Simulated, context: Context): Promise<readonly string[]> {
  const { clock, print, stopSignal } = context;
  const config = { ...context.config, ...simulated };
  const onListening = ({ url }: { readonly url: string }): void =>
    print(introduction(`${url}${config.telemetryPath}`, simulated));
  const signal = stopSignal();
  const ended = new AbortController();
  const ticking = keepTicking(world, clock, AbortSignal.any([signal, ended.signal]));
  try {
    return await serve({ ...context, config, node: simulated.nodeName, signal, onListening });
  } finally {
    ended.abort();
    await ticking;
  }
}

/** npm passes options on only after two dashes. */
function withNpmHint(problems: readonly string[]): readonly string[] {
  if (!problems.some((problem) => problem.includes('--web.listen-address'))) return problems;
  return [...problems, 'with npm: npm run demo -- --web.listen-address=:9895'];
}

/** Leaves nothing behind. */
export const run: Run = async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'satoken-demo-'));
  const rootDir = join(folder, 'kubelet');
  await mkdir(rootDir);
  const world = createWorld({ rootDir, mounts: chooseMounts(rootDir), now: context.clock.now });
  const api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
  try {
    const simulated = await simulate(world, folder, await api.listen());
    return context.complain(withNpmHint(await serveWorld(world, simulated, context)));
  } finally {
    await api.close();
    world.kubelet.close();
    await rm(folder, { recursive: true });
  }
};
