/**
 * Feeds generated inputs to the built program: files, claims, objects and events of the API server, and requests.
 *
 * The inputs follow from the seed. When the program reads them depends on the machine.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { type Program, startProgramOf } from '../support/program.ts';
import { type FuzzApiServer, startFuzzApiServer } from './api-server.ts';
import { check, shows } from './checks.ts';
import { createFuzzNode, type FuzzNode, MARKER_UID } from './node.ts';
import { derived } from './random.ts';
import { generateRequest, sendRaw } from './requests.ts';

export interface FuzzOptions {
  /** The folder of the built program. */
  readonly dist: string;
  readonly seed: number;
  /** The run ends with the round that completes them. */
  readonly inputs: number;
  readonly onRound?: (totals: Totals) => void;
}

export interface Totals {
  readonly rounds: number;
  readonly files: number;
  readonly claims: number;
  readonly objects: number;
  readonly events: number;
  readonly requests: number;
}

export interface Outcome extends Totals {
  readonly throws: readonly string[];
  readonly duplicates: readonly string[];
}

export function inputsOf({ files, claims, objects, events, requests }: Totals): number {
  return files + claims + objects + events + requests;
}

const FILES_PER_ROUND = 1_500;
const EVENTS_PER_ROUND = 2_000;
const REQUESTS_PER_ROUND = 100;
/** A file system in memory: files are written thousands at a time. */
const MEMORY = '/dev/shm';
/** Requests in flight at a time. */
const CONNECTIONS = 20;

interface Stage {
  readonly node: FuzzNode;
  readonly api: FuzzApiServer;
  readonly program: Program;
  readonly close: () => Promise<void>;
}

async function startStage({ dist, seed }: FuzzOptions): Promise<Stage> {
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'satoken-fuzz-'));
  const [rootDir, kubeconfig] = [join(folder, 'kubelet'), join(folder, 'kubeconfig')];
  mkdirSync(rootDir);
  const node = createFuzzNode(rootDir);
  const api = await startFuzzApiServer(seed);
  writeFileSync(kubeconfig, kubeconfigFor({ url: api.url, token: 'fuzz' }));
  const program = await startProgramOf(
    dist,
    'serve',
    `--kubelet.root-dir=${rootDir}`,
    `--cluster.kubeconfig=${kubeconfig}`,
    '--node-name=node-1',
  );
  const close = async (): Promise<void> => {
    await program.stop();
    await api.close();
    rmSync(folder, { recursive: true });
  };
  return { node, api, program, close };
}

/** Returns the responses that only a bug sends. */
async function sendRequests({ program }: Stage, seed: number, round: number): Promise<readonly string[]> {
  const port = Number(new URL(program.url).port);
  const random = derived(seed, 'requests', round);
  const requests = Array.from({ length: REQUESTS_PER_ROUND }, () => generateRequest(random));
  const wrong: string[] = [];
  const work = async (): Promise<void> => {
    for (let bytes = requests.pop(); bytes !== undefined; bytes = requests.pop()) {
      const response = await sendRaw(port, bytes);
      if (/HTTP\/1\.1 50[0-24-9]/.test(response)) wrong.push(JSON.stringify([bytes, response.slice(0, 200)]));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return wrong;
}

async function runRound(stage: Stage, seed: number, round: number) {
  const { node, api, program } = stage;
  const now = Math.floor(Date.now() / 1_000);
  const expiresAt = now + 100_000 + round;
  const events = api.sendEvents(EVENTS_PER_ROUND);
  const written = node.change(derived(seed, 'files', round), FILES_PER_ROUND, now);
  node.mark(expiresAt, now);
  const wrong = await sendRequests(stage, seed, round);
  while (!(await shows(program, MARKER_UID, expiresAt)));
  const { throws, duplicates } = await check(program);
  return { ...written, events, throws: [...throws, ...wrong], duplicates };
}

/** Ends with the first round in which something is wrong. Never resolves if the program hangs. */
export async function fuzz(options: FuzzOptions): Promise<Outcome> {
  const { seed, inputs, onRound } = options;
  const stage = await startStage(options);
  const totals = { rounds: 0, files: 0, claims: 0, objects: 0, events: 0, requests: 0 };
  try {
    for (;;) {
      const { files, claims, events, throws, duplicates } = await runRound(stage, seed, totals.rounds);
      totals.rounds += 1;
      totals.files += files;
      totals.claims += claims;
      totals.events += events;
      totals.requests += REQUESTS_PER_ROUND;
      totals.objects = stage.api.sent();
      onRound?.(totals);
      const isBroken = throws.length + duplicates.length > 0;
      if (isBroken || inputsOf(totals) >= inputs) return { ...totals, throws, duplicates };
    }
  } finally {
    await stage.close();
  }
}
