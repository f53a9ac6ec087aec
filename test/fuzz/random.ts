/**
 * Random values from a seed: the same seed gives the same values on every machine.
 */

export interface Random {
  /** From 0 to 1, without 1. */
  readonly next: () => number;
  /** A whole number from 0 to `limit`, without `limit`. */
  readonly below: (limit: number) => number;
  readonly isOneIn: (times: number) => boolean;
  readonly pick: <T>(values: readonly T[]) => T;
  /** Calls one of the functions. */
  readonly oneOf: <T>(...makers: readonly (() => T)[]) => T;
  /** A list of 0 to `maxLength` values. */
  readonly list: <T>(maxLength: number, make: () => T) => readonly T[];
  readonly bytes: (length: number) => Buffer;
}

/** The generator mulberry32: one word of state, and good enough to choose inputs. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(values: readonly T[]): T => {
    if (values.length === 0) throw new RangeError('nothing to pick from');
    return values[below(values.length)] as T;
  };
  return {
    next,
    below,
    isOneIn: (times) => below(times) === 0,
    pick,
    oneOf: (...makers) => pick(makers)(),
    list: (maxLength, make) => Array.from({ length: below(maxLength + 1) }, make),
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}

/** A generator of its own for a part of a run, so that parts do not depend on each other's order. */
export function derived(seed: number, part: string, index: number): Random {
  let hash = createRandom(seed).below(2 ** 32);
  for (const char of `${part} ${index}`)
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return createRandom(hash);
}
