/**
 * Rotates a volume in a thread of its own, as fast as it can, up to the number of rotations that the reader allows.
 *
 * The reader allows fewer per scan than it has attempts to read a volume: otherwise it would lose them all on a machine
 * that keeps it waiting. All files of a generation hold the same token.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { writeAtomically } from '../../../../simulator/kubelet/atomic-writer.ts';
import { MAX_ATTEMPTS } from '../../../../src/sources/files/generation.ts';
import { nextToken } from './test-node.ts';

const [ALLOWED, DONE] = [0, 1];
const ROTATIONS_PER_SCAN = MAX_ATTEMPTS / 2;

interface Task {
  readonly directory: string;
  /** How many rotations are allowed, and how many are done. */
  readonly counts: Int32Array<SharedArrayBuffer>;
}

export interface RotatingWriter {
  /** Allows rotations during the next scan. Those that were allowed before and not made are forfeited. */
  readonly allow: () => void;
  readonly close: () => Promise<unknown>;
}

/** Resolves once the volume has content. */
export async function startRotatingWriter(directory: string): Promise<RotatingWriter> {
  const counts = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL(import.meta.url), { workerData: { directory, counts } satisfies Task });
  await once(worker, 'message');
  const allow = (): void => {
    Atomics.store(counts, ALLOWED, Atomics.load(counts, DONE) + ROTATIONS_PER_SCAN);
    Atomics.notify(counts, ALLOWED);
  };
  return { allow, close: () => worker.terminate() };
}

function rotateContinuously({ directory, counts }: Task): void {
  const options = { now: Date.now() / 1_000, fsGroup: undefined, isRoot: process.getuid?.() === 0 };
  const payloads = Array.from({ length: 64 }, () => {
    const file = { content: nextToken(), mode: 0o644, uid: undefined };
    return new Map(['first', 'sub/second', 'ca.crt'].map((path) => [path, file] as const));
  });
  for (let round = 0; ; round += 1) {
    const payload = payloads[round % payloads.length];
    if (payload !== undefined) writeAtomically(directory, payload, options);
    if (round === 0) parentPort?.postMessage('ready');
    const done = Atomics.add(counts, DONE, 1) + 1;
    for (;;) {
      const allowed = Atomics.load(counts, ALLOWED);
      if (done < allowed) break;
      Atomics.wait(counts, ALLOWED, allowed);
    }
  }
}

if (!isMainThread) rotateContinuously(workerData);
