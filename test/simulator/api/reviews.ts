/**
 * TokenReviews of a pod's token by the simulated API server.
 */
import assert from 'node:assert/strict';
import type { Cluster } from '../../../simulator/cluster.ts';
import type { Pod, TokenProjection } from '../../../simulator/objects.ts';
import type { TestApi } from './client.ts';

export const API = 'https://kubernetes.default.svc.cluster.local';
export const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';

export interface Reviewed {
  readonly code: number;
  readonly spec: unknown;
  readonly status: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly error?: string;
  };
}

export interface Stage extends TestApi {
  readonly pod: Pod;
  readonly token: string;
}

/** A pod with the service account `app`, and its token: for the API server and 600 s by default. */
export function stage(t: TestApi, projection: Partial<TokenProjection> = {}): Stage {
  const pod = t.addPod({ name: 'web', serviceAccount: 'app' });
  const request = { path: 'token', expirationSeconds: 600, ...projection };
  const result = t.cluster.requestToken(pod, request, { name: 'node-1', uid: 'node-uid' });
  assert.ok(result.ok);
  return { ...t, pod, token: result.value.token };
}

export async function review(
  { fetch }: TestApi,
  token: string,
  audiences?: readonly string[],
): Promise<Reviewed> {
  const spec = { token, ...(audiences === undefined ? {} : { audiences }) };
  const response = await fetch(REVIEWS, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec }),
  });
  return { ...((await response.json()) as Reviewed), code: response.status };
}

/** `message` is the part after "invalid bearer token, ", or undefined for the general message. */
export function assertRejected({ code, status }: Reviewed, message: string | RegExp | undefined): void {
  const { error = '', ...rest } = status;
  assert.deepEqual([code, rest], [201, { user: {} }]);
  if (message === undefined) assert.equal(error, 'invalid bearer token');
  else if (typeof message === 'string') assert.equal(error, `[invalid bearer token, ${message}]`);
  else assert.match(error.replace(/^\[invalid bearer token, (.*)\]$/, '$1'), message);
}

/** Deletes and recreates the service account `app`. */
export function recreateAccount(cluster: Cluster): void {
  cluster.deleteServiceAccount('default', 'app');
  cluster.createServiceAccount('default', 'app');
}
