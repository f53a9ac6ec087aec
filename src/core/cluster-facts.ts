/**
 * What the API server says of this node's pods and of the tokens in them: facts without verdicts.
 *
 * Types and names alone. Knows nothing of how the API server is asked. What it did not or may not say is `undefined`,
 * so that a check that needs it answers `unknown`.
 */
import type { EpochSeconds, Token } from './token.ts';

/** What the agent asks the API server for, each with a permission of its own. Values of a label: public contract. */
export const CLUSTER_RESOURCES = ['pods', 'serviceaccounts', 'keys', 'events', 'tokenreviews'] as const;
export type ClusterResource = (typeof CLUSTER_RESOURCES)[number];

/** Whether the API server is asked about tokens: never, of those in trouble, of all. */
export const TOKEN_REVIEW_MODES = ['off', 'suspect', 'all'] as const;
export type TokenReviewMode = (typeof TOKEN_REVIEW_MODES)[number];

/** Why a resource is not known. Values of a label, public contract: retire them, never rename them. */
export const CLUSTER_FAILURES = [
  'starting',
  'unreachable',
  'timeout',
  'tls',
  'unauthorized',
  'forbidden',
  'throttled',
  'server_error',
  'bad_answer',
  'too_large',
] as const;
export type ClusterFailure = (typeof CLUSTER_FAILURES)[number];

/** A token that a pod's spec asks for. */
export interface PodProjection {
  readonly volume: string;
  readonly path: string;
  /** Undefined for the API server's own. */
  readonly audience: string | undefined;
  readonly expirationSeconds: number;
}

/** A Secret that a pod's spec mounts. */
export interface PodSecret {
  readonly volume: string;
  readonly secretName: string;
  /** Whether the pod starts without it. */
  readonly isOptional: boolean;
  /** Whether a container mounts it where clients look for the token of their account. */
  readonly isAtTokenPath: boolean;
}

/** One pod of this node, as the API server has it. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string;
  /** `status.phase`: Pending, Running, Succeeded, Failed or Unknown. */
  readonly phase: string;
  readonly isTerminating: boolean;
  /** A mirror of a pod that the kubelet reads from a file; such pods get no tokens. */
  readonly isStatic: boolean;
  /** `spec.automountServiceAccountToken`, which wins over the account's. */
  readonly isAutomounted: boolean | undefined;
  readonly startedAt: EpochSeconds | undefined;
  readonly projections: readonly PodProjection[];
  readonly secrets: readonly PodSecret[];
}

export interface AccountFacts {
  readonly uid: string;
  /** `automountServiceAccountToken` of the account. */
  readonly isAutomounted: boolean | undefined;
}

/** What the API server signs tokens with, and whom they are for. */
export interface Authority {
  /** The second in which this was last read; a token issued in it or later may be signed by a newer key. */
  readonly readAt: EpochSeconds;
  readonly issuer: string;
  /** Ids of the published keys. */
  readonly keyIds: ReadonlySet<string>;
  /** Audiences the API server itself accepts. */
  readonly audiences: readonly string[];
}

/** Why the API server refused a token, from its message. */
export const REJECT_REASONS = [
  'audience',
  'expired',
  'not_yet_valid',
  'account_deleted',
  'account_recreated',
  'invalidated',
  'signature',
  'unknown_key',
  'other',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** What a TokenReview answered: accepted, or refused and why. Accepted but not allowed to do something is accepted. */
export type Review =
  | { readonly isAccepted: true }
  | { readonly isAccepted: false; readonly reason: RejectReason };

/** What identifies a pod to the API server's list of events. */
export interface PodRef {
  readonly uid: string;
  readonly namespace: string;
}

/** Why a volume of a pod could not be brought up to date, from the kubelet's events. */
export interface MountFailure {
  /** The volume the kubelet names; empty where it names none. */
  readonly volume: string;
  readonly kind: 'account_missing' | 'audience_refused' | 'token_refused' | 'other';
  readonly lastSeenAt: EpochSeconds;
}

export type ResourceState =
  | { readonly isUp: true }
  | { readonly isUp: false; readonly failure: ClusterFailure };

/** All that is known from the API server, replaced whole at every change. */
export interface ClusterFacts {
  /** Every resource that is asked for, and whether what is known of it is current. */
  readonly resources: ReadonlyMap<ClusterResource, ResourceState>;
  /** All pods of this node, by uid. */
  readonly pods: ReadonlyMap<string, PodFacts> | undefined;
  /** All accounts of the cluster, by `namespace/name`. */
  readonly accounts: ReadonlyMap<string, AccountFacts> | undefined;
  readonly authority: Authority | undefined;
  /** Whether a token's signature is that of the published key it names; absent where not verified. */
  readonly signatures: ReadonlyMap<Token, boolean>;
  /** Absent where nobody asked, or the question failed. */
  readonly reviews: ReadonlyMap<Token, Review>;
  /** By pod uid, of the pods that gave reason to ask; an empty list where the kubelet reports no failure. */
  readonly mountFailures: ReadonlyMap<string, readonly MountFailure[]>;
}

/** What is known while nobody asks the API server. */
export const NO_CLUSTER: ClusterFacts = {
  resources: new Map(),
  pods: undefined,
  accounts: undefined,
  authority: undefined,
  signatures: new Map(),
  reviews: new Map(),
  mountFailures: new Map(),
};
