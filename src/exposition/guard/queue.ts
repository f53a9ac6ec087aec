/**
 * Work that holds up everything else, one piece after the other, with a turn for the rest in between.
 *
 * Knows nothing of what is done.
 */
import { promisify } from 'node:util';

export interface Queue {
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
  /** How many are done or waited for. */
  readonly length: () => number;
}

const turn = promisify(setImmediate);

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  let length = 0;
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    length += 1;
    const doing = last.then(() => turn()).then(work);
    // Whoever called hears of what goes wrong; those behind go on.
    last = doing.then(undefined, () => undefined);
    return doing.finally(() => {
      length -= 1;
    });
  };
  return { run, length: () => length };
}
