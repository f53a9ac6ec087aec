/**
 * `demo`: the real exporter on a simulated node with a simulated API server; no cluster needed.
 */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiServer } from '../../simulator/api-server.ts';
import { openDemoFolder } from '../../simulator/demo/folder.ts';
import { DEMO_PODS, startDemoPods } from '../../simulator/demo/pods.ts';
import { createReaders, READER_PODS, type Readers } from '../../simulator/demo/readers.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { chooseMounts } from '../../simulator/kubelet/mounts.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { serve } from '../app/serve.ts';
import type { ListenAddress } from '../config/option.ts';
import type { Config } from '../config/options.ts';
import type { Clock } from '../util/clock.ts';
import { formatAddress } from '../web/http-listener.ts';
import type { Context, Exit, Run } from './command.ts';
import { printTable } from './table.ts';

/** Options that point the exporter at the simulated node. */
type Simulated = {
  readonly [K in 'rootDir' | 'kubeconfig' | 'nodeName' | 'selfPodUid' | 'selfTokenFile']: NonNullable<
    Config[K]
  >;
};

const TICK_MS = 1_000;
const USER = 'demo';

const WITHOUT_READERS =
  'With --reads.watch and Node.js 26.1 or later, it also has pods that read their tokens in different ways.';
const NOT_ISOLATED =
  'Their processes have no mount namespaces of their own, which need root: they read the files of the node.';

/** What is shown of reads. */
function readerLines(readers: Readers | undefined): readonly string[] {
  if (readers === undefined) return [WITHOUT_READERS, ''];
  const rows = READER_PODS.map(({ name, shows, lookFor }) => [name, shows, lookFor]);
  return [
    'Pods that start in some seconds, and how they read their tokens; their volumes are rotated all the time:',
    '',
    printTable([['POD', 'SHOWS', 'LOOK FOR'], ...rows]),
    ...(readers.areIsolated ? [] : [NOT_ISOLATED]),
    '',
  ];
}

function introduction(
  url: string,
  { rootDir, kubeconfig, nodeName, telemetryPath, isPageEnabled }: Config & Simulated,
  readers: Readers | undefined,
): string {
  const rows = DEMO_PODS.map(({ name, shows, lookFor, isReadableByRoot = false }) => [
    name,
    shows,
    isReadableByRoot ? `${lookFor}, except as root` : lookFor,
  ]);
  const command = (text: string): string =>
    `  npm start --silent -- ${text} --kubelet.root-dir=${rootDir} \\\n    --cluster.kubeconfig=${kubeconfig} --node-name=${nodeName}`;
  return [
    '',
    'A simulated node, as the exporter sees it:',
    ...(isPageEnabled ? [`  Status page  ${url}/`] : []),
    `  Metrics      ${url}${telemetryPath}`,
    '',
    'Its pods and what they show, all of it within two minutes:',
    '',
    printTable([['POD', 'SHOWS', 'LOOK FOR'], ...rows]),
    ...readerLines(readers),
    'To list their tokens, run in another terminal:',
    command('scan'),
    'To explain one of the pods:',
    command('explain demo/payments'),
    'There is no cluster: the kubectl and journalctl commands in its output cannot be run here.',
    'All of this stays as it is for a day. Stop with Ctrl-C.',
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
    selfPodUid: metadata.uid,
    selfTokenFile: join(world.kubelet.volumeFolder(metadata.uid, volume), 'token'),
  };
}

interface Ticking {
  readonly tick: () => void;
}

async function keepTicking(ticking: readonly Ticking[], clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const { tick } of ticking) tick();
    await clock.sleep(TICK_MS, signal);
  }
}

/** Serves until the signal aborts, and keeps the simulated node going for as long. Returns why it cannot serve. */
async function serveWorld(
  world: World,
  readers: Readers | undefined,
  simulated: Simulated,
  context: Context,
): Promise<readonly string[]> {
  const { clock, print, stopSignal } = context;
  const config = { ...context.config, ...simulated };
  const onListening = ({ url }: { readonly url: string }): void => print(introduction(url, config, readers));
  const signal = stopSignal();
  const ended = new AbortController();
  const ticking = keepTicking(
    readers === undefined ? [world] : [world, readers],
    clock,
    AbortSignal.any([signal, ended.signal]),
  );
  try {
    return await serve({ ...context, config, node: simulated.nodeName, signal, onListening });
  } finally {
    ended.abort();
    await ticking;
    await readers?.stop();
  }
}

const HIGHEST_PORT = 65_535;
/** How many ports are tried after the one that is taken. */
const MAX_TRIES = 100;

async function isFree(address: ListenAddress): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(address.port, address.host), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Returns undefined if none of the next ports is free. */
async function freeAddressAfter({ host, port }: ListenAddress): Promise<ListenAddress | undefined> {
  const last = Math.min(port + MAX_TRIES, HIGHEST_PORT);
  for (let next = port + 1; next <= last; next += 1) {
    const address = { host, port: next };
    if (await isFree(address)) return address;
  }
  return undefined;
}

/** Names a free port if the one in the configuration is taken. npm passes options on only after two dashes. */
async function withFreePort(
  problems: readonly string[],
  { listenAddress, areReadsWatched }: Config,
): Promise<readonly string[]> {
  if (!problems.some((problem) => problem.includes('--web.listen-address'))) return problems;
  const free = await freeAddressAfter(listenAddress);
  if (free === undefined) return problems;
  const option = `--web.listen-address=${formatAddress(free)}`;
  const others = areReadsWatched ? '--reads.watch ' : '';
  return [...problems, `port ${free.port} is free: npm run demo -- ${others}${option}`];
}

async function runIn(folder: string, context: Context): Promise<Exit> {
  const { clock, complain, config } = context;
  const rootDir = join(folder, 'kubelet');
  await mkdir(rootDir);
  const mounts = chooseMounts(rootDir);
  const world = createWorld({ rootDir, mounts, now: clock.now });
  const api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
  try {
    const simulated = await simulate(world, folder, await api.listen());
    const readers = config.areReadsWatched
      ? createReaders({ world, folder: join(folder, 'containers'), areMountsReal: mounts.isReal })
      : undefined;
    return complain(await withFreePort(await serveWorld(world, readers, simulated, context), config));
  } finally {
    await api.close();
  }
}

/** Leaves nothing behind, nor what demos left that were killed. */
export const run: Run = async (context) => {
  const folder = await openDemoFolder(tmpdir());
  for (const path of folder.removed)
    context.print(`Removed ${path}, left behind by a demo that was killed.\n`);
  try {
    return await runIn(folder.path, context);
  } finally {
    await folder.remove();
  }
};
