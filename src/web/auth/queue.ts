/**
 * Work that holds up everything else, one piece after the other, with a turn for the rest in between.
 *
 * Knows nothing of what is done.
 */
import { promisify } from 'node:util';

export interface Queue {
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
}

const turn = promisify(setImmediate);

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  const run = <T>(work: () => Promise<T>): Promise<T> => {
    const doing = last.then(() => turn()).then(work);
    // Whoever called hears of what goes wrong; those behind go on.
    last = doing.then(undefined, () => undefined);
    return doing;
  };
  return { run };
}
