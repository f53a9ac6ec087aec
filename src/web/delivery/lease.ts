/**
 * One value for all work in progress, so that pages that wait for each other are rendered from one snapshot.
 */
import { isRecent, type Moment, momentOf, type TwoClocks } from './moments.ts';

export interface Lease<T> {
  /** Makes the value when it is first used, and again once it may no longer be shared. */
  readonly value: () => T;
  /** Keeps the value until the work has ended. Without work it is dropped. */
  readonly hold: <R>(work: Promise<R>) => Promise<R>;
}

export function createLease<T>(make: () => T, clocks: TwoClocks): Lease<T> {
  let made: { readonly value: T; readonly moment: Moment } | undefined;
  let holders = 0;
  const value = (): T => {
    if (made === undefined || !isRecent(made.moment, clocks))
      made = { moment: momentOf(clocks), value: make() };
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
