/**
 * What the API server knows about one token: its pod, its account, its key, and what it said when asked.
 *
 * Pure. Every part is undefined where it is not known; `absent` is knowledge.
 */
import type {
  AccountFacts,
  Authority,
  ClusterFacts,
  MountFailure,
  PodFacts,
  PodProjection,
  Review,
} from './cluster-facts.ts';
import type { Token, TokenIdentity } from './token.ts';

export interface TokenContext {
  readonly pod: PodFacts | 'absent' | undefined;
  /** What the pod's spec asks for at the token's place. */
  readonly projection: PodProjection | undefined;
  readonly account: AccountFacts | 'absent' | undefined;
  readonly authority: Authority | undefined;
  readonly isSignatureValid: boolean | undefined;
  readonly review: Review | undefined;
  readonly mountFailures: readonly MountFailure[] | undefined;
}

/** Whether a pod is on its way out, or gone: nobody refreshes its tokens, and nobody misses them. */
export function isInactive(pod: TokenContext['pod']): boolean {
  if (pod === undefined) return false;
  return pod === 'absent' || pod.isTerminating || pod.phase === 'Succeeded' || pod.phase === 'Failed';
}

function lookUp<T>(facts: ReadonlyMap<string, T> | undefined, key: string): T | 'absent' | undefined {
  return facts === undefined ? undefined : (facts.get(key) ?? 'absent');
}

function projectionAt(pod: TokenContext['pod'], { volume, path }: TokenIdentity): PodProjection | undefined {
  if (pod === undefined || pod === 'absent') return undefined;
  return pod.projections.find((one) => one.volume === volume && one.path === path);
}

export function contextOf(token: Token, facts: ClusterFacts): TokenContext {
  const { claims, identity } = token;
  const pod = lookUp(facts.pods, identity.podUid);
  return {
    pod,
    projection: projectionAt(pod, identity),
    account: lookUp(facts.accounts, `${claims.namespace}/${claims.serviceAccount.name}`),
    authority: facts.authority,
    isSignatureValid: facts.signatures.get(token),
    review: facts.reviews.get(token),
    mountFailures: facts.mountFailures.get(identity.podUid),
  };
}
