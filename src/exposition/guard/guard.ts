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
export type Refusal = {
  readonly status: 401 | 403 | 429 | 500 | 503;
  readonly headers: Readonly<Record<string, string>>;
};
/** Answers undefined where the request may be answered. Never rejects. */
export type Guard = (asked: Asked) => Promise<Refusal | undefined>;
