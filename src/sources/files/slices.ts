/**
 * Runs long work in slices: the event loop turns in between, so that it delays no response.
 */
import { setImmediate } from 'node:timers/promises';

/** Work that may be interrupted at each `yield`. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** The longest that work blocks the event loop, if its steps are short. */
const MAX_SLICE_MS = 5;

export async function runInSlices<T>(steps: Steps<T>): Promise<T> {
  let startedMs = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - startedMs < MAX_SLICE_MS) continue;
    await setImmediate();
    startedMs = performance.now();
  }
}
