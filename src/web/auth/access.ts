/**
 * What the API server says of whoever comes with a bearer token: a fact, not yet an answer to them.
 *
 * Knows nothing of how the API server is asked, nor of who came.
 */
import type { ClusterFailure } from '../../core/cluster-facts.ts';
import type { AccessResource } from '../../sources/api-server/requests.ts';

/** RFC 6750, 2.1: nothing that JSON or a header would have to escape. */
const BEARER_TOKEN = /^[\w.~+/-]+=*$/;

export function isBearerToken(text: string): boolean {
  return BEARER_TOKEN.test(text);
}

/** What somebody would do, as RBAC has it. */
export interface Attempt {
  readonly verb: string;
  readonly path: string;
}

/** `unauthenticated`: it does not take the token. `forbidden`: it takes it, and RBAC says no. */
export type Decision = 'allowed' | 'unauthenticated' | 'forbidden';

export type Access =
  | { readonly outcome: Decision }
  /** It did not tell. */
  | {
      readonly outcome: 'failed';
      readonly resource: AccessResource;
      readonly failure: ClusterFailure;
    };
