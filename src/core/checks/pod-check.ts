/**
 * What a check of a pod is: one way a token that should be there is not, judged from facts at an instant.
 *
 * Beside check.ts, whose checks look at tokens that are there. Knows no check in particular.
 */
import type { PodFacts } from '../cluster-facts.ts';
import type { Observation } from '../observation.ts';
import type { EpochSeconds, TokenIdentity } from '../token.ts';

/** A place where a token should be. */
export interface MissingPath {
  readonly volume: string;
  readonly path: string;
  readonly detail: string;
}

export interface PodCheck {
  /** Value of the `reason` label. Public contract: retire it, never rename it. */
  readonly reason: string;
  readonly summary: string;
  readonly severity: 'critical' | 'warning';
  /** Name of the page that explains it: that of the alert that tells of it. */
  readonly runbook: string;
  /** Looks at a pod that is neither finished nor on its way out. */
  readonly findMissing: (pod: PodFacts, seen: Seen) => readonly MissingPath[];
  readonly fixMissing: (identity: TokenIdentity) => readonly string[];
}

/** What was seen of one pod's volumes. */
export interface Seen {
  /** When the node was last looked at as a whole. */
  readonly scannedAt: EpochSeconds | undefined;
  /** Whether anything, readable or not, was found there. */
  readonly isThere: (volume: string, path: string) => boolean;
}

/** For lists that lag, and nodes under load. */
const SETTLING_SECONDS = 120;

/** Whether the pod was started long enough before the last look at the node. */
export function isSettled({ startedAt }: PodFacts, { scannedAt }: Seen): boolean {
  return startedAt !== undefined && scannedAt !== undefined && scannedAt - startedAt >= SETTLING_SECONDS;
}

/** Looks up what was seen, by pod. Made once per observation: pods are many. */
export function createSeen(observation: Observation): (podUid: string) => Seen {
  const places = new Set(
    [...observation.tokens.map(({ identity }) => identity), ...observation.unreadable].map(
      ({ podUid, volume, path }) => [podUid, volume, path].join('\0'),
    ),
  );
  const { scannedAt } = observation;
  return (podUid) => ({
    scannedAt,
    // What is unreadable as a whole may hold anything: a volume, a pod's folder, the node's.
    isThere: (volume, path) =>
      [
        [podUid, volume, path],
        [podUid, volume, ''],
        [podUid, '', ''],
        ['', '', ''],
      ].some((place) => places.has(place.join('\0'))),
  });
}
