/**
 * Work in slices, so that a long list does not occupy the process for long.
 */

/** Yields between two slices and returns the result. */
export type Sliced<T> = Generator<undefined, T, undefined>;

const ITEMS = 50;

/** Maps a list, a few items at a time. */
export function* mapInSlices<T, U>(list: readonly T[], map: (item: T) => U): Sliced<readonly U[]> {
  const mapped: U[] = [];
  for (const item of list) {
    mapped.push(map(item));
    if (mapped.length % ITEMS === 0) yield;
  }
  return mapped;
}

/** Does all of the work, and awaits `turn` between two slices. */
export async function inTurns<T>(work: Sliced<T>, turn: () => Promise<void>): Promise<T> {
  let slice = work.next();
  while (slice.done !== true) {
    await turn();
    slice = work.next();
  }
  return slice.value;
}

/** Does all of the work at once. */
export function atOnce<T>(work: Sliced<T>): T {
  let slice = work.next();
  while (slice.done !== true) slice = work.next();
  return slice.value;
}
