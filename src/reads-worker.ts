/**
 * The thread of `--reads.watch`: passes the clocks and the port on to the loop. Started by sources/reads/worker.ts.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Command, WorkerData } from './sources/reads/protocol.ts';
import { packReport } from './sources/reads/report-message.ts';
import { loadLibc } from './sources/reads/thread/libc.ts';
import { runWatchLoop } from './sources/reads/thread/watch-loop.ts';

const port = parentPort;
if (port === null) throw new Error('not a program of its own');
const { shared } = workerData as WorkerData;
const failure = runWatchLoop({
  libc: loadLibc(),
  program: import.meta.dirname,
  receive: () => receiveMessageOnPort(port)?.message as Command | undefined,
  post: (report) => port.postMessage(packReport(report)),
  shared,
  now: Date.now,
  monotonicMs: () => performance.now(),
  // Without --expose-gc, there is no such function.
  collectGarbage: () => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
});
if (failure !== undefined) port.postMessage(failure);
