/**
 * Who asks, and what they are told who may not: the words all guards have in common.
 *
 * Knows nothing of how it is found out, nor of HTTP beyond a status and headers.
 */

/** What of a request says who asks. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  /** The address of the peer; undefined once it has gone. */
  readonly peer: string | undefined;
}

/** Not known, not allowed, too often, and not to be found out. Values of a label: public contract. */
export const REFUSALS = [401, 403, 429, 500] as const;

export interface Refusal {
  readonly status: (typeof REFUSALS)[number];
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers undefined where the request may be answered. Never rejects. */
export type Guard = (asked: Asked) => Promise<Refusal | undefined>;

/** It could not be found out; why is nobody's business who asks. */
export const FAILED: Refusal = { status: 500, headers: {} };

/** Come again in so many milliseconds. */
export function tooMany(waitMs: number): Refusal {
  return { status: 429, headers: { 'Retry-After': String(Math.ceil(waitMs / 1_000)) } };
}
