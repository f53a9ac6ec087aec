/**
 * Checks whether the exporter finds the tokens of its own pod on the node, with the content of its own mounts.
 *
 * If it does not, its results for other pods are not reliable either.
 */
import { sameItems } from '../util/stable.ts';
import type { Assessment } from './assessment.ts';
import type { Observation } from './observation.ts';
import { isSameToken, type TokenClaims } from './token/token.ts';

/** The exporter's pod, as the exporter itself sees it. */
export interface SelfFacts {
  readonly podUid: string;
  /** Claims of the token in its own mount; undefined if it cannot be read. */
  readonly mountedToken: TokenClaims | undefined;
}

/** Values of a label: public contract. */
export const SELF_CHECKS = ['folder', 'propagation', 'readable', 'same_content'] as const;
export type SelfCheck = (typeof SELF_CHECKS)[number];

/** Volume of the exporter's pod with a short-lived token, which shows soon if tokens are no longer rotated. */
export const CANARY_VOLUME = 'canary';

/** Tokens have no id before Kubernetes 1.30, and several tokens of a pod may be issued in the same second. */
function isMounted(claims: TokenClaims, { mountedToken }: SelfFacts): boolean {
  return (
    mountedToken !== undefined &&
    isSameToken(claims, mountedToken) &&
    sameItems(claims.audiences, mountedToken.audiences)
  );
}

/** The result of each check; empty if the exporter does not know its own pod. */
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
    ['same_content', own.some(({ claims }) => isMounted(claims, self))],
  ]);
}

/** Returns undefined if the exporter's pod has no canary. */
export function findCanary(
  assessments: readonly Assessment[],
  self: SelfFacts | undefined,
): Assessment | undefined {
  return assessments.find(
    ({ token: { identity } }) => identity.podUid === self?.podUid && identity.volume === CANARY_VOLUME,
  );
}
