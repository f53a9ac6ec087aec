/**
 * What the API server said lately, by key, for as long as that counts.
 *
 * A yes and a no are kept apart, so that however many are refused, nobody who was allowed is forgotten. Knows nothing
 * of tokens.
 */
import { createBoundedMap } from '../../util/bounded-map.ts';
import type { Decision } from './access.ts';

export interface Known {
  /** Undefined where it is time to ask. */
  readonly current: (key: string) => Decision | undefined;
  /** Whether there was a yes that still counts where the API server cannot be asked. */
  readonly isHeld: (key: string) => boolean;
  /** A no ends an earlier yes. */
  readonly note: (key: string, decision: Decision) => void;
}

const SECOND_MS = 1_000;
/** As controller-runtime has it. That it asks RBAC about a yes every five minutes alone is the reviewer's part. */
const GOOD_FOR_MS: Readonly<Record<Decision, number>> = {
  allowed: 60 * SECOND_MS,
  unauthenticated: 60 * SECOND_MS,
  forbidden: 30 * SECOND_MS,
};
/** docs/decisions/0010-token-authentication.md */
const HELD_MS = 600 * SECOND_MS;
/** Of each. */
const MAX_KEYS = 1_000;

interface Refused {
  readonly decision: Decision;
  readonly atMs: number;
}

export function createKnown(monotonicMs: () => number): Known {
  const allowedMs = createBoundedMap<number>(MAX_KEYS);
  const refused = createBoundedMap<Refused>(MAX_KEYS);
  const isWithin = (ms: number, atMs: number | undefined): boolean =>
    atMs !== undefined && monotonicMs() < atMs + ms;

  const current = (key: string): Decision | undefined => {
    if (isWithin(GOOD_FOR_MS.allowed, allowedMs.get(key))) return 'allowed';
    const no = refused.get(key);
    return no !== undefined && isWithin(GOOD_FOR_MS[no.decision], no.atMs) ? no.decision : undefined;
  };
  const note = (key: string, decision: Decision): void => {
    if (decision === 'allowed') {
      allowedMs.set(key, monotonicMs());
      return;
    }
    allowedMs.delete(key);
    refused.set(key, { decision, atMs: monotonicMs() });
  };
  const isHeld = (key: string): boolean => isWithin(GOOD_FOR_MS.allowed + HELD_MS, allowedMs.get(key));
  return { current, isHeld, note };
}
