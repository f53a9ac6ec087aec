/**
 * Maps HTTP statuses, network errors and malformed responses to the closed set of failure reasons.
 *
 * Only the code of an error is used: messages may quote credentials.
 */
import type { ClusterFailure } from '../../../core/cluster-facts.ts';
import { errorCode } from '../../../util/error-code.ts';
import { type Err, err, type Result } from '../../../util/result.ts';

/** Why a request to the API server failed. */
export interface ApiError {
  readonly failure: ClusterFailure;
  /** How long the API server asks to wait before the next request; 0 if it does not say. */
  readonly retryAfterMs: number;
}

export type ApiResult<T> = Result<T, ApiError>;

export function failed(failure: ClusterFailure, retryAfterMs = 0): Err<ApiError> {
  return err({ failure, retryAfterMs });
}

/** Thrown while a response is read, if it breaks off, is malformed or is too large. */
export class ResponseError extends Error {
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

/** Returns undefined for a successful status. Redirects are not followed and count as a bad answer. */
export function statusFailure(status: number): ClusterFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  return STATUSES.get(status) ?? (status >= 500 ? 'server_error' : 'bad_answer');
}

/** Error codes of Node.js and OpenSSL. Any other code is a network error. */
const CODES: readonly (readonly [RegExp, ClusterFailure])[] = [
  [/^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/, 'tls'],
  [/^(?:EPROTO$|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/, 'tls'],
  [/^HPE_/, 'bad_answer'],
  [/^(?:ETIMEDOUT|ABORT_ERR)$/, 'timeout'],
];

/** Maps an error of the network, TLS or the HTTP parser. An error without a code is `unreachable`. */
export function networkFailure(error: unknown): ClusterFailure {
  const code = errorCode(error) ?? '';
  return CODES.find(([codes]) => codes.test(code))?.[1] ?? 'unreachable';
}
