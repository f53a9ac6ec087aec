/**
 * A token of a pod, shown to a simulated API server for review.
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

/** A pod of the account `app` and a token of its own, of 600 s and for the API server unless a test says otherwise. */
export function stage(t: TestApi, projection: Partial<TokenProjection> = {}): Stage {
  const pod = t.addPod({ name: 'web', serviceAccount: 'app' });
  const asked = { path: 'token', expirationSeconds: 600, ...projection };
  const result = t.cluster.requestToken(pod, asked, { name: 'node-1', uid: 'node-uid' });
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

/** The words are those after "invalid bearer token, "; undefined where there are none. */
export function assertRefused({ code, status }: Reviewed, words: string | RegExp | undefined): void {
  const { error = '', ...rest } = status;
  assert.deepEqual([code, rest], [201, { user: {} }]);
  if (words === undefined) assert.equal(error, 'invalid bearer token');
  else if (typeof words === 'string') assert.equal(error, `[invalid bearer token, ${words}]`);
  else assert.match(error.replace(/^\[invalid bearer token, (.*)\]$/, '$1'), words);
}

/** The account `app` is deleted and another of its name made. */
export function createAgain(cluster: Cluster): void {
  cluster.deleteServiceAccount('default', 'app');
  cluster.createServiceAccount('default', 'app');
}
