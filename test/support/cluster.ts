/**
 * Factories for facts from the API server. By default everything is healthy.
 */
import type {
  AccountFacts,
  Authority,
  ClusterFacts,
  PodFacts,
  PodProjection,
} from '../../src/core/cluster-facts.ts';
import type { ContainerFacts } from '../../src/core/container-facts.ts';
import type { Token } from '../../src/core/token/token.ts';
import { ISSUER, NOW, POD_UID } from './tokens.ts';

const HOUR = 3_600;

/** A source of a mounted volume. */
export function projection(overrides: Partial<PodProjection> = {}): PodProjection {
  return {
    volume: 'kube-api-access-abcde',
    path: 'token',
    audience: undefined,
    expirationSeconds: HOUR,
    isMounted: true,
    isOverwritable: false,
    ...overrides,
  };
}

/** A running container that mounts no token. */
export function containerFacts(overrides: Partial<ContainerFacts> = {}): ContainerFacts {
  return {
    name: 'main',
    kind: 'main',
    isRunning: true,
    startedAt: NOW - HOUR,
    finishedAt: undefined,
    fixedVolumes: [],
    copiedVolumes: [],
    ...overrides,
  };
}

/** The running pod of the default token, with a projection for that token only. */
export function podFacts(overrides: Partial<PodFacts> = {}): PodFacts {
  return {
    namespace: 'payments',
    name: 'api-0',
    uid: POD_UID,
    serviceAccount: 'api',
    phase: 'Running',
    isTerminating: false,
    deletedAt: undefined,
    isStatic: false,
    isAutomounted: undefined,
    startedAt: NOW - HOUR,
    projections: [projection({ volume: 'vault-token', path: 'vault-token', audience: 'vault' })],
    secrets: [],
    runtimeClass: undefined,
    containers: [containerFacts()],
    claims: [],
    ...overrides,
  };
}

export function authority(overrides: Partial<Authority> = {}): Authority {
  return {
    readAt: NOW + HOUR,
    issuer: ISSUER,
    keyIds: new Set(['key-1']),
    audiences: [ISSUER],
    audiencesIssuedAt: NOW,
    ...overrides,
  };
}

/** Facts with which every check has a verdict on the token, and only its claims can fail one. */
export function clusterAround(token: Token, overrides: Partial<ClusterFacts> = {}): ClusterFacts {
  const { claims, identity } = token;
  const { volume, path } = identity;
  const requested = projection({ volume, path, audience: claims.audiences[0] });
  const pod = podFacts({ uid: identity.podUid, projections: claims.kind === 'legacy' ? [] : [requested] });
  const account: AccountFacts = { uid: claims.serviceAccount.uid ?? 'a-uid', isAutomounted: undefined };
  return {
    resources: new Map(),
    nodeName: undefined,
    pods: new Map([[pod.uid, pod]]),
    accounts: new Map([[`${claims.namespace}/${claims.serviceAccount.name}`, account]]),
    oversizedPods: new Map(),
    podsLostAt: undefined,
    unreadable: new Set(),
    authority: authority(),
    signatures: new Map([[token, true]]),
    pendingSignatures: new Set(),
    reviews: new Map([[token, { isAccepted: true, isForApiServer: false }]]),
    pendingReviews: new Set(),
    classReviews: new Map(),
    claims: new Map(),
    outage: undefined,
    mountFailures: new Map(),
    ...overrides,
  };
}
