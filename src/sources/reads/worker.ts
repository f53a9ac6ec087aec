/**
 * The thread, as the source sees it.
 */
import { Worker } from 'node:worker_threads';
import { type Command, type Loss, type Report, SHARED, type WorkerData } from './protocol.ts';
import { type ReportMessage, unpackReport } from './report-message.ts';

export interface WatchThread {
  readonly send: (command: Command) => void;
  /** Ends it within one wait. Idempotent. */
  readonly stop: () => void;
  /** Resolves once the thread has ended. Rejects if it threw: a bug, or a call that Node.js denies. */
  readonly ended: Promise<void>;
}

export interface WatchThreadOptions {
  /** The file of the thread. */
  readonly file: string;
  /** The words of `SHARED`. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  readonly onReport: (report: Report) => void;
  /** Why the thread ends. */
  readonly onFailure: (loss: Loss) => void;
}

/** The thread reports, or says why it ends. */
type Message = ReportMessage | Loss;

/** It needs little memory, and gets no more. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32, stackSizeMb: 1 };

function endOf(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}

export function startWatchThread({ file, shared, onReport, onFailure }: WatchThreadOptions): WatchThread {
  Atomics.store(shared, SHARED.isStopped, 0);
  const workerData: WorkerData = { shared };
  const worker = new Worker(file, {
    workerData,
    env: {},
    resourceLimits: RESOURCE_LIMITS,
    // The descriptors of inotify are not opened by Node.js.
    trackUnmanagedFds: false,
  });
  worker.on('message', (message: Message) => {
    if (typeof message === 'string') onFailure(message);
    else onReport(unpackReport(message));
  });
  return {
    send: (command) => worker.postMessage(command),
    stop: () => {
      Atomics.store(shared, SHARED.isStopped, 1);
    },
    ended: endOf(worker),
  };
}
