/**
 * How long to leave the API server alone after something went wrong.
 *
 * When an API server restarts, every node of a fleet loses its watches in the same second: each comes back at a time
 * of its own choosing, and those that are turned away stay away longer. Knows nothing of what went wrong.
 */
export interface BackOff {
  /** The next wait: anything from a second to a longest, which doubles from wait to wait. */
  readonly nextMs: () => number;
  /** All is well: the next wait is one of the short ones. */
  readonly reset: () => void;
}

const LEAST_MS = 1_000;
/**
 * The first two together stay below the five minutes after which facts are forgotten: that is what a restart of the
 * API server takes, one for the watch that was cut and one for its version that is too old afterwards.
 */
const FIRST_MS = 90_000;
const LONGEST_MS = 300_000;

export function createBackOff(random: () => number): BackOff {
  let mostMs = FIRST_MS;
  const nextMs = (): number => {
    const waitMs = LEAST_MS + random() * (mostMs - LEAST_MS);
    mostMs = Math.min(mostMs * 2, LONGEST_MS);
    return waitMs;
  };
  const reset = (): void => {
    mostMs = FIRST_MS;
  };
  return { nextMs, reset };
}
