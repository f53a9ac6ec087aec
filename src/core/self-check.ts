/**
 * Whether the exporter sees its own tokens as it should: through the node's folder, and the same as in its own mounts.
 *
 * Pure. If it does not, what it says of others' tokens is not to be trusted. Knows nothing of how its mounts are read.
 */
import type { Assessment } from './assessment.ts';
import type { Observation } from './observation.ts';

/** What the exporter knows of itself. */
export interface SelfFacts {
  readonly podUid: string;
  /** `jti` of the token in its own mount; undefined where it has none or cannot read it. */
  readonly mountedTokenId: string | undefined;
}

/** Values of a label: public contract. */
export const SELF_CHECKS = ['folder', 'propagation', 'readable', 'same_content'] as const;
export type SelfCheck = (typeof SELF_CHECKS)[number];

/** The volume of the exporter's own pod whose token is short-lived, so that a broken refresh shows soon. */
export const CANARY_VOLUME = 'canary';

/** Each check's answer; nothing where the exporter does not know which pod it is. */
export function runSelfChecks(
  { tokens, unreadable }: Observation,
  self: SelfFacts | undefined,
): ReadonlyMap<SelfCheck, boolean> {
  if (self === undefined) return new Map();
  const own = tokens.filter(({ identity }) => identity.podUid === self.podUid);
  const failed = unreadable.filter(({ podUid }) => podUid === self.podUid);
  const isFound = own.length + failed.length > 0;
  return new Map<SelfCheck, boolean>([
    ['folder', isFound],
    ['propagation', isFound && !failed.some(({ reason }) => reason === 'not_mounted')],
    ['readable', own.length > 0 && failed.length === 0],
    ['same_content', own.some(({ claims }) => claims.id !== undefined && claims.id === self.mountedTokenId)],
  ]);
}

/** The canary's token, judged; undefined where there is none. */
export function findCanary(
  assessments: readonly Assessment[],
  self: SelfFacts | undefined,
): Assessment | undefined {
  return assessments.find(
    ({ token: { identity } }) => identity.podUid === self?.podUid && identity.volume === CANARY_VOLUME,
  );
}
