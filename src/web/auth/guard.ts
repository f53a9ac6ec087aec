/**
 * What all guards have in common: the part of a request that they see, and how they reject it.
 */

export interface AuthRequest {
  readonly authorization: string | undefined;
  /** Undefined once the client has disconnected. */
  readonly remoteAddress: string | undefined;
}

/** Label values of `satoken_web_refusals_total`: public contract. */
export const REJECTION_STATUSES = [401, 403, 421, 429, 500, 503] as const;

export interface Rejection {
  readonly status: (typeof REJECTION_STATUSES)[number];
  readonly headers: Readonly<Record<string, string>>;
}

/** Called for each rejected request. */
export type OnRejection = (status: Rejection['status']) => void;

/** Resolves to undefined if the request may proceed. The promise never rejects. */
export type Guard = (request: AuthRequest) => Promise<Rejection | undefined>;

/** The guard could not decide. The client does not learn why. */
export const INTERNAL_ERROR: Rejection = { status: 500, headers: {} };

export function tooManyRequests(waitMs: number): Rejection {
  return { status: 429, headers: { 'Retry-After': String(Math.ceil(waitMs / 1_000)) } };
}
