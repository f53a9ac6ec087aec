/**
 * What to look up in the API server for the tokens of a snapshot.
 */
import type { ClaimRef, PodRef, TokenReviewMode } from './cluster-facts.ts';
import { type ReviewTargets, reviewTargetsOf } from './reviews/review-targets.ts';
import type { Snapshot } from './snapshot.ts';
import type { TokenIdentity } from './token/token.ts';

/** What to look up in the API server: tokens by a TokenReview, pods by their events. */
export interface LookupTargets {
  readonly reviews: ReviewTargets;
  readonly pods: readonly PodRef[];
  /** Default: none. */
  readonly claims?: readonly ClaimRef[];
}

/** The claims of pods with overdue tokens: without one of them the kubelet rotates no token of the pod. */
function claimsOf({ assessments, causes }: Pick<Snapshot, 'assessments' | 'causes'>): readonly ClaimRef[] {
  const claims = new Map<string, ClaimRef>();
  for (const { token, stage, context } of assessments) {
    const { pod } = context;
    if (stage !== 'active' || pod === undefined || pod === 'absent' || !causes.has(token)) continue;
    for (const name of pod.claims) claims.set(`${pod.namespace}/${name}`, { namespace: pod.namespace, name });
  }
  return [...claims.values()];
}

/** What may be looked up. */
export interface LookupScope {
  readonly tokenReview: TokenReviewMode;
  /** Restricts lookups to some pods. */
  readonly isInScope?: ((identity: TokenIdentity) => boolean) | undefined;
}

/** Tokens that need a TokenReview, and pods with overdue or missing tokens. */
export function lookupTargetsOf(
  { assessments, causes, missingTokens }: Snapshot,
  { tokenReview, isInScope = () => true }: LookupScope,
): LookupTargets {
  const pods = new Map<string, PodRef>();
  const troubled = [...causes.keys(), ...missingTokens].map(({ identity }) => identity);
  for (const identity of troubled.filter(isInScope)) {
    const { podUid: uid, namespace } = identity;
    if (namespace !== '') pods.set(uid, { uid, namespace });
  }
  const inScope = assessments.filter(({ token }) => isInScope(token.identity));
  return {
    reviews: reviewTargetsOf(inScope, tokenReview),
    pods: [...pods.values()],
    claims: claimsOf({ assessments: inScope, causes }),
  };
}
