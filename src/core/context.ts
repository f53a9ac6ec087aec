/**
 * The data from the API server on one token: its pod, its service account, its issuer, its TokenReview.
 *
 * A part is undefined if it is not known, and `absent` if the API server is known not to have it.
 */
import type {
  AccountFacts,
  Authority,
  ClassReview,
  ClusterFacts,
  MountFailure,
  PodFacts,
  PodProjection,
  Review,
} from './cluster-facts.ts';
import {
  isBoundToItsPod,
  isKeyOfThisCluster,
  type Origin,
  type OriginFacts,
  type OriginMemory,
  originOf,
} from './origin.ts';
import { isGenuine, reviewClassOf } from './reviews/review-class.ts';
import type { Token, TokenIdentity } from './token/token.ts';

export interface TokenContext {
  readonly origin: Origin;
  /** Whether the token may be sent to the API server: only if this cluster issued it. */
  readonly isReviewable: boolean;
  readonly pod: PodFacts | 'absent' | undefined;
  /** Whether the pods are those of now, and not of when the exporter last saw them. */
  readonly arePodsCurrent: boolean;
  /** The source in the pod's spec that the token comes from. */
  readonly projection: PodProjection | undefined;
  readonly account: AccountFacts | 'absent' | undefined;
  readonly authority: Authority | undefined;
  readonly isSignatureValid: boolean | undefined;
  /** Whether its signature is about to be verified. */
  readonly isAwaitingSignature: boolean;
  readonly review: Review | undefined;
  /** Whether a TokenReview was requested and has no result so far. */
  readonly isAwaitingReview: boolean;
  /** The review of its class, if that holds for this token. */
  readonly classReview: ClassReview | undefined;
  readonly mountFailures: readonly MountFailure[] | undefined;
  /** Names of the claims that the pod mounts and that do not exist. */
  readonly missingClaims: readonly string[];
}

/** Whether a pod is terminating, completed or deleted: the kubelet gives it no new tokens. */
export function isInactive(pod: TokenContext['pod']): boolean {
  if (pod === undefined) return false;
  return pod === 'absent' || pod.isTerminating || pod.phase === 'Succeeded' || pod.phase === 'Failed';
}

function lookUp<T>(
  facts: ReadonlyMap<string, T> | undefined,
  key: string,
  { unreadable }: ClusterFacts,
): T | 'absent' | undefined {
  if (facts === undefined || unreadable.has(key)) return undefined;
  return facts.get(key) ?? 'absent';
}

/** Undefined if it is not known. */
export function accountOf(
  facts: ClusterFacts,
  namespace: string,
  name: string,
): AccountFacts | 'absent' | undefined {
  return lookUp(facts.accounts, `${namespace}/${name}`, facts);
}

function projectionAt(pod: TokenContext['pod'], { volume, path }: TokenIdentity): PodProjection | undefined {
  if (pod === undefined || pod === 'absent') return undefined;
  return pod.projections.find((one) => one.volume === volume && one.path === path);
}

/** Most clusters have no class in question. */
function classReviewOf(
  token: Token,
  provenance: Pick<TokenContext, 'pod' | 'projection' | 'isSignatureValid'>,
  { classReviews }: ClusterFacts,
): ClassReview | undefined {
  if (classReviews.size === 0 || !isGenuine(token, provenance)) return undefined;
  return classReviews.get(reviewClassOf(token.claims));
}

/** Another source of the volume may have replaced a token that the spec requests by one with the same issuer. */
function isOfThisCluster(
  token: Token,
  origin: Origin,
  projection: PodProjection | undefined,
  known: OriginFacts,
  memory: OriginMemory,
): boolean {
  // Its volume has a newer one to send.
  if (token.copy !== undefined) return false;
  if (origin !== 'kubelet') return origin === 'secret';
  const isKeyKnown = isKeyOfThisCluster(token.claims, known, memory);
  return isKeyKnown || (projection?.isOverwritable !== true && isBoundToItsPod(token));
}

const NONE: readonly string[] = [];

function missingClaimsOf(pod: TokenContext['pod'], { claims }: ClusterFacts): readonly string[] {
  if (pod === undefined || pod === 'absent' || claims.size === 0) return NONE;
  return pod.claims.filter((name) => claims.get(`${pod.namespace}/${name}`) === false);
}

export function contextOf(token: Token, facts: ClusterFacts, memory: OriginMemory): TokenContext {
  const { claims, identity } = token;
  const pod = lookUp(facts.pods, identity.podUid, facts);
  const account = accountOf(facts, claims.namespace, claims.serviceAccount.name);
  const { authority } = facts;
  const provenance = {
    pod,
    projection: projectionAt(pod, identity),
    isSignatureValid: facts.signatures.get(token),
  };
  const known = { pod, account, authority };
  const origin = originOf(token, known, memory);
  return {
    ...provenance,
    origin,
    arePodsCurrent: facts.pods !== undefined && facts.podsLostAt === undefined,
    isReviewable: isOfThisCluster(token, origin, provenance.projection, known, memory),
    account,
    authority,
    isAwaitingSignature: facts.pendingSignatures.has(token),
    review: facts.reviews.get(token),
    isAwaitingReview: facts.pendingReviews.has(token),
    classReview: classReviewOf(token, provenance, facts),
    mountFailures: facts.mountFailures.get(identity.podUid),
    missingClaims: missingClaimsOf(pod, facts),
  };
}
