/**
 * Runs long work in slices: the event loop turns in between, so that it delays no response.
 */
import { setImmediate } from 'node:timers/promises';

/** Work that yields when its slice has ended. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** The longest that work blocks the event loop, if it asks `isSliceOver` often enough. */
const MAX_SLICE_MS = 5;

/** One at a time: nothing else runs until the work yields. */
let sliceEndsMs = Number.NEGATIVE_INFINITY;

/** Whether the work has to yield now. */
export function isSliceOver(): boolean {
  return performance.now() >= sliceEndsMs;
}

export async function runInSlices<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    sliceEndsMs = performance.now() + MAX_SLICE_MS;
    const step = steps.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}
