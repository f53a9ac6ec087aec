/**
 * One value for all work in progress, so that pages that wait for each other are rendered from one snapshot.
 */
export interface Lease<T> {
  /** Makes the value when it is first used, and again once it is a second old. */
  readonly value: () => T;
  /** Keeps the value until the work has ended. Without work it is dropped. */
  readonly hold: <R>(work: Promise<R>) => Promise<R>;
}

const SHARED_MS = 1_000;

export function createLease<T>(make: () => T, monotonicMs: () => number): Lease<T> {
  let made: { readonly value: T; readonly atMs: number } | undefined;
  let holders = 0;
  const value = (): T => {
    const nowMs = monotonicMs();
    if (made === undefined || nowMs - made.atMs >= SHARED_MS) made = { value: make(), atMs: nowMs };
    return made.value;
  };
  const hold: Lease<T>['hold'] = async (work) => {
    holders += 1;
    try {
      return await work;
    } finally {
      holders -= 1;
      if (holders === 0) made = undefined;
    }
  };
  return { value, hold };
}
