/**
 * Data from the API server on this node's pods and on their tokens.
 *
 * Data that the exporter could not get or has no permission to get is undefined: a check that needs it returns
 * `unknown`.
 */
import type { ContainerFacts } from './container-facts.ts';
import type { EpochSeconds, Token } from './token/token.ts';

/** What the exporter reads from the API server, each with its own permission. Values of a label: public contract. */
export const CLUSTER_RESOURCES = ['pods', 'serviceaccounts', 'keys', 'events', 'tokenreviews'] as const;
export type ClusterResource = (typeof CLUSTER_RESOURCES)[number];

/** Which tokens to send in a TokenReview: none, those that fail a check, all. Values of an option: public contract. */
export const TOKEN_REVIEW_MODES = ['off', 'suspect', 'all'] as const;
export type TokenReviewMode = (typeof TOKEN_REVIEW_MODES)[number];

/** Why a resource cannot be read. Values of a label, public contract: retire them, never rename them. */
export const CLUSTER_FAILURES = [
  'starting',
  'reconnecting',
  'unreachable',
  'timeout',
  'tls',
  'unauthorized',
  'forbidden',
  'throttled',
  'server_error',
  'bad_answer',
  'too_large',
  'not_published',
  /** The pods that the API server lists are not those on the node. */
  'wrong_node',
  /** The identity of the API server is not verified, so no token is sent to it. */
  'unverified_server',
] as const;
export type ClusterFailure = (typeof CLUSTER_FAILURES)[number];

/** A `serviceAccountToken` source of a projected volume in a pod's spec. */
export interface PodProjection {
  readonly volume: string;
  readonly path: string;
  /** Undefined for the audience of the API server. */
  readonly audience: string | undefined;
  readonly expirationSeconds: number;
  /** Whether the volume has a source whose keys the spec does not list: one of them may replace the token. */
  readonly isOverwritable: boolean;
  /** Whether a container mounts the volume; the kubelet does not set it up otherwise. */
  readonly isMounted: boolean;
}

/** A Secret that a pod's spec mounts. */
export interface PodSecret {
  readonly volume: string;
  readonly secretName: string;
  /** Whether a container mounts the volume; the kubelet does not set it up otherwise. */
  readonly isMounted: boolean;
  /** Whether the pod can start without it. */
  readonly isOptional: boolean;
  /** Whether a container mounts it at the default path of tokens, /var/run/secrets/kubernetes.io/serviceaccount. */
  readonly isAtTokenPath: boolean;
}

/** One pod of this node. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string;
  /** `status.phase`: Pending, Running, Succeeded, Failed or Unknown. */
  readonly phase: string;
  readonly isTerminating: boolean;
  /** `metadata.deletionTimestamp`: the end of the grace period, which may be hours ahead. */
  readonly deletedAt: EpochSeconds | undefined;
  /** A mirror pod: the kubelet reads the pod from a file and gives it no tokens. */
  readonly isStatic: boolean;
  /** `spec.automountServiceAccountToken`; overrides that of the service account. */
  readonly isAutomounted: boolean | undefined;
  readonly startedAt: EpochSeconds | undefined;
  readonly projections: readonly PodProjection[];
  readonly secrets: readonly PodSecret[];
  /** `spec.runtimeClassName`: its containers may be virtual machines. Undefined for the default runtime. */
  readonly runtimeClass: string | undefined;
  /** All its containers, init and ephemeral ones included. */
  readonly containers: readonly ContainerFacts[];
  /** Set if there are more of them, or not all is known of what they mount: they are beyond the bounds, or malformed. */
  readonly hasUnknownContainers?: true;
  /** Names of the PersistentVolumeClaims that its containers mount. */
  readonly claims: readonly string[];
  /** Set if its volumes are beyond the bounds, so that its projections and Secrets are not known. */
  readonly isOversized?: true;
}

export interface AccountFacts {
  readonly uid: string;
  /** `automountServiceAccountToken`. */
  readonly isAutomounted: boolean | undefined;
}

/** The issuer of the cluster's tokens: its name, its keys, and the audiences that the API server accepts. */
export interface Authority {
  /** When this was last read. A token issued in that second or later may be signed with a newer key. */
  readonly readAt: EpochSeconds;
  readonly issuer: string;
  /** Ids of the published keys. */
  readonly keyIds: ReadonlySet<string>;
  /** Audiences of the exporter's newest token, if it has this issuer: those of the API server. */
  readonly audiences: readonly string[] | undefined;
  /** When that token was issued. A token issued later may have newer audiences. */
  readonly audiencesIssuedAt: EpochSeconds;
}

/** Why a TokenReview rejected a token, from its error message. */
export const REJECT_REASONS = [
  'audience',
  'expired',
  'not_yet_valid',
  'account_deleted',
  'account_recreated',
  'invalidated',
  'marked_invalid',
  'signature',
  'unknown_key',
  'other',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** The result of a TokenReview. It says nothing about permissions: RBAC is not part of it. */
export type Review =
  /** `isForApiServer`: whether the token was reviewed for the audiences of the API server, and not for its own. */
  | { readonly isAccepted: true; readonly isForApiServer: boolean }
  | { readonly isAccepted: false; readonly reason: RejectReason };

/** The review of a class of tokens: the last one of any of its tokens, or `pending` if the first one is due shortly. */
export type ClassReview = Review | 'pending';

/** Identifies a pod in a request for its events. */
export interface PodRef {
  readonly uid: string;
  readonly namespace: string;
}

/**
 * `claim_missing` blocks all volumes of the pod. `volume_source` (a ConfigMap, a Secret, a claim that is being deleted)
 * fails its volume alone. `unreachable`: the kubelet could not reach the API server.
 */
export type MountFailureKind =
  | 'account_missing'
  | 'audience_refused'
  | 'token_refused'
  | 'unreachable'
  | 'claim_missing'
  | 'volume_source'
  | 'other';

/** Why the kubelet could not mount or update a volume, from its events. */
export interface MountFailure {
  /** Empty if the event names no volume. */
  readonly volume: string;
  readonly kind: MountFailureKind;
  readonly lastSeenAt: EpochSeconds;
  /** The message of the event: bounded, and safe to show. */
  readonly message: string;
}

/** Identifies a PersistentVolumeClaim. */
export interface ClaimRef {
  readonly namespace: string;
  readonly name: string;
}

/** A time during which all requests of the exporter to the API server failed. */
export interface Outage {
  /** The last response before it; 0 without one. */
  readonly since: EpochSeconds;
  /** The first response after it; undefined while it lasts. */
  readonly until: EpochSeconds | undefined;
}

/**
 * `reason` of a resource that is up: the API server has no data. It publishes no keys if its issuer is not an https URL,
 * which no retry changes.
 */
export type ResourceState =
  | { readonly isUp: true; readonly reason?: 'not_published' }
  | { readonly isUp: false; readonly failure: ClusterFailure };

/** All data from the API server. Replaced at every change, never edited. */
export interface ClusterFacts {
  /** Every resource in use, and whether its data is up to date. */
  readonly resources: ReadonlyMap<ClusterResource, ResourceState>;
  /** The name of the Node object that the pods are selected by; undefined without the API server. */
  readonly nodeName: string | undefined;
  /** All pods of this node, by uid. */
  readonly pods: ReadonlyMap<string, PodFacts> | undefined;
  /** Further ones, whose volumes are beyond the bounds: `unreadable` has them as well. */
  readonly oversizedPods: ReadonlyMap<string, PodFacts>;
  /** When the exporter lost the watch of the pods: they may have changed since. Undefined while `pods` is up to date. */
  readonly podsLostAt: EpochSeconds | undefined;
  /** All service accounts of the cluster, by `namespace/name`. */
  readonly accounts: ReadonlyMap<string, AccountFacts> | undefined;
  /** Keys of pods and service accounts that exist, but that the exporter could not read; checks treat them as unknown. */
  readonly unreadable: ReadonlySet<string>;
  readonly authority: Authority | undefined;
  /** Whether the signature matches the published key named in the header; absent if not verified. */
  readonly signatures: ReadonlyMap<Token, boolean>;
  /** Tokens whose signature is about to be verified. */
  readonly pendingSignatures: ReadonlySet<Token>;
  /** Absent if no TokenReview was sent, or it failed. */
  readonly reviews: ReadonlyMap<Token, Review>;
  /** Tokens that a TokenReview was requested for, without a result so far. */
  readonly pendingReviews: ReadonlySet<Token>;
  /** By class of tokens, see reviewClassOf. */
  readonly classReviews: ReadonlyMap<string, ClassReview>;
  /** By `namespace/name`, whether the claim exists; absent if that was not looked up or is not permitted. */
  readonly claims: ReadonlyMap<string, boolean>;
  /** The last outage of the API server; undefined before the first. */
  readonly outage: Outage | undefined;
  /** By pod uid, for pods whose events were read; empty if the kubelet reports no failure. */
  readonly mountFailures: ReadonlyMap<string, readonly MountFailure[]>;
}

/** No data from the API server. */
export const NO_CLUSTER: ClusterFacts = {
  resources: new Map(),
  nodeName: undefined,
  pods: undefined,
  oversizedPods: new Map(),
  podsLostAt: undefined,
  accounts: undefined,
  unreadable: new Set(),
  authority: undefined,
  signatures: new Map(),
  pendingSignatures: new Set(),
  reviews: new Map(),
  pendingReviews: new Set(),
  classReviews: new Map(),
  claims: new Map(),
  outage: undefined,
  mountFailures: new Map(),
};
