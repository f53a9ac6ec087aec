/**
 * Opens of a process that reads the volumes once, as `scan` and `explain` do.
 *
 * During a visit it has the folder of the program open. An exporter in the same container watches that folder, and so
 * separates the visits from reads of a workload. The mark grants nothing, and ends with the process.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { errorCode } from '../../util/error-code.ts';
import type { OpenListener } from '../files/pods/pods-root.ts';

/**
 * By default the queue of the exporter holds 16,384 events, and it is taken once a second. A visit to three files has 11. A
 * full queue would make the reads of the whole node unknown.
 */
const MAX_FAST_VISITS = 500;
const PAUSE_MS = 1;
const neverSet = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

const nothing = (): void => undefined;

/** Without it, the visits look like syncs of the kubelet, and no reads either. */
function openFolder(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** `program`: the folder of the program. */
export function createCommandOpens(program: string): OpenListener {
  let visits = 0;
  let begun = 0;
  let descriptor: number | undefined;
  return {
    opening: nothing,
    openedFile: nothing,
    openedDirectory: nothing,
    visits: {
      begin: () => {
        begun += 1;
        if (begun > MAX_FAST_VISITS) Atomics.wait(neverSet, 0, 0, PAUSE_MS);
        if (visits === 0) descriptor = openFolder(program);
        visits += 1;
      },
      end: () => {
        visits -= 1;
        if (visits === 0 && descriptor !== undefined) closeSync(descriptor);
      },
    },
  };
}
