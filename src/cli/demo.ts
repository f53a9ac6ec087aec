/**
 * `demo`: a simulated node beside the real exporter, on one machine, without a cluster.
 *
 * Knows what is worth looking at, nothing of how the exporter works.
 */
import { DEMO_PODS, playDemo } from '../simulator/demo-pods.ts';
import { chooseMounts } from '../simulator/mounts.ts';
import { createWorld, type World } from '../simulator/world.ts';
import { printTable } from './table.ts';

export interface DemoOptions {
  /** An empty folder; the simulated kubelet's root. */
  readonly rootDir: string;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Resolves after `ms`, or as soon as the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly write: (text: string) => void;
  /** Serves the folder until the signal aborts; calls back with the URL of the metrics. */
  readonly serve: (onListening: (url: string) => void) => Promise<void>;
}

const TICK_MS = 1_000;

function introduction(url: string, rootDir: string): string {
  const rows = DEMO_PODS.map(({ name, shows, lookFor }) => [name, shows, lookFor]);
  return [
    '',
    `A simulated node is being watched: ${url}`,
    'Its pods, and what they show:',
    '',
    printTable([['POD', 'SHOWS', 'LOOK FOR'], ...rows]),
    'Ask for one pod in another terminal, with its token files judged on the spot:',
    `  npm start --silent -- explain demo/payments --kubelet.root-dir=${rootDir}`,
    'End with Ctrl-C.',
    '',
    '',
  ].join('\n');
}

async function keepTicking(world: World, { sleep, signal }: DemoOptions): Promise<void> {
  while (!signal.aborted) {
    world.tick();
    await sleep(TICK_MS, signal);
  }
}

/** Runs until the signal aborts, and leaves nothing mounted. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { rootDir, now, write, serve } = options;
  const world = createWorld({ rootDir, mounts: chooseMounts(rootDir), now });
  try {
    playDemo(world);
    await Promise.all([serve((url) => write(introduction(url, rootDir))), keepTicking(world, options)]);
  } finally {
    world.kubelet.close();
  }
}
