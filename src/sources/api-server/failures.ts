/**
 * Why a request came to nothing: from a status, an error or a broken answer to one of a closed set of failures.
 *
 * Nothing of an error but its code is looked at: messages may quote credentials.
 */
import type { ClusterFailure } from '../../core/cluster-facts.ts';

export interface Failed {
  readonly ok: false;
  readonly failure: ClusterFailure;
  /** How long the API server asks to be left alone; 0 where it does not. */
  readonly retryAfterMs: number;
}

export function failed(failure: ClusterFailure, retryAfterMs = 0): Failed {
  return { ok: false, failure, retryAfterMs };
}

/** Ends the reading of an answer that breaks off or is not worth reading on. */
export class AnswerError extends Error {
  readonly failure: ClusterFailure;
  constructor(failure: ClusterFailure) {
    super(failure);
    this.failure = failure;
  }
}

const STATUSES = new Map<number, ClusterFailure>([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [408, 'timeout'],
  [429, 'throttled'],
]);

/** The failure a status stands for; undefined where it is one of success. A redirection is none we follow. */
export function statusFailure(status: number): ClusterFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  return STATUSES.get(status) ?? (status >= 500 ? 'server_error' : 'bad_answer');
}

/** Codes of Node and OpenSSL, by how they begin. What is not here is a network's. */
const CODES: readonly (readonly [RegExp, ClusterFailure])[] = [
  [/^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/, 'tls'],
  [/^(?:EPROTO$|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/, 'tls'],
  [/^HPE_/, 'bad_answer'],
  [/^(?:ETIMEDOUT|ABORT_ERR)$/, 'timeout'],
];

/** The failure that an error of the network, of TLS or of the HTTP parser stands for. Some have no code. */
export function networkFailure(error: unknown): ClusterFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return CODES.find(([codes]) => codes.test(code))?.[1] ?? 'unreachable';
}
