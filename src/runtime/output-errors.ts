/**
 * Errors of standard output and standard error. Without a listener, each ends the process with a stack.
 */
import type { EventEmitter } from 'node:events';
import { errorCode } from '../util/error-code.ts';

/** Streams of a process, as far as they are used here. */
interface Output {
  readonly stdout: EventEmitter;
  readonly stderr: EventEmitter;
}

/**
 * A reader that stops early, such as `head`, is no failure, and a log without a reader must not end the exporter. Output
 * that cannot be written for another reason, such as a full disk, is passed to `onIncomplete`, at most once.
 */
export function handleOutputErrors({ stdout, stderr }: Output, onIncomplete: (error: unknown) => void): void {
  let isReported = false;
  stdout.on('error', (error: unknown) => {
    if (isReported || errorCode(error) === 'EPIPE') return;
    isReported = true;
    onIncomplete(error);
  });
  stderr.on('error', () => undefined);
}
