/**
 * Looks up whether a PersistentVolumeClaim exists.
 *
 * The kubelet updates no volume of a pod that mounts a claim that is gone, and reports that nowhere but in its log.
 * The permission is optional: without it the claim is not known.
 */
import type { ClaimRef } from '../../core/cluster-facts.ts';
import { ok } from '../../util/result.ts';
import type { Api } from './client/api.ts';
import type { ApiResult } from './client/failures.ts';

export const CLAIM_TTL_MS = 60_000;

export function claimKey({ namespace, name }: ClaimRef): string {
  return `${namespace}/${name}`;
}

function claimPath({ namespace, name }: ClaimRef): string {
  const [inNamespace, claim] = [namespace, name].map(encodeURIComponent);
  return `/api/v1/namespaces/${inNamespace}/persistentvolumeclaims/${claim}`;
}

/** Returns a function that fetches whether a claim exists; undefined if the exporter may not know. */
export function createClaimFetcher(api: Api) {
  return async (claim: ClaimRef, signal: AbortSignal): Promise<ApiResult<boolean | undefined>> => {
    const found = await api.exists({ resource: 'persistentvolumeclaims', path: claimPath(claim), signal });
    return !found.ok && found.error.failure === 'forbidden' ? ok(undefined) : found;
  };
}
