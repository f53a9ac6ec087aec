/**
 * The kubelet's token cache: one token per pod, service account, audience and lifetime, refreshed in the last fifth of
 * its lifetime.
 *
 * Source of the rule: k8s.io/kubernetes/pkg/kubelet/token.
 */
import type { Reference } from '../claims.ts';
import type { Cluster } from '../cluster.ts';
import type { Pod, TokenProjection } from '../objects.ts';
import { ok } from '../result.ts';
import type { TokenResult } from '../token-issuer.ts';

export interface TokenCache {
  /** Returns a new token if one is due and the API server issues it, otherwise the cached token. */
  readonly get: (pod: Pod, projection: TokenProjection) => TokenResult;
  /** Drops the tokens of one pod, or of all pods as a restart of the kubelet does. */
  readonly clear: (podUid?: string) => void;
}

interface CachedToken {
  readonly token: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

const DAY = 86_400;
const MAX_JITTER = 10;

function isDue({ issuedAt, expiresAt }: CachedToken, now: number, jitter: number): boolean {
  const lifetime = expiresAt - issuedAt;
  return now > issuedAt + Math.min(DAY, lifetime - Math.floor(lifetime * 0.2)) - jitter;
}

export function createTokenCache(cluster: Cluster, node: Reference): TokenCache {
  const tokens = new Map<string, CachedToken>();

  const refresh = (key: string, pod: Pod, projection: TokenProjection): TokenResult => {
    const result = cluster.requestToken(pod, projection, node);
    if (result.ok) {
      const { token, expiresAt } = result.value;
      tokens.set(key, { token, expiresAt, issuedAt: expiresAt - projection.expirationSeconds });
    }
    return result;
  };

  const get = (pod: Pod, projection: TokenProjection): TokenResult => {
    const { audience = '', expirationSeconds } = projection;
    const key = [pod.metadata.uid, pod.spec.serviceAccountName, audience, expirationSeconds].join(' ');
    const cached = tokens.get(key);
    const now = cluster.now();
    if (cached === undefined) return refresh(key, pod, projection);
    const jitter = Math.floor(Math.random() * MAX_JITTER);
    const { token, expiresAt } = cached;
    const current = ok({ token, expiresAt });
    if (!isDue(cached, now, jitter)) return current;
    const result = refresh(key, pod, projection);
    // The kubelet ignores a failed refresh until the cached token expires.
    return result.ok || now >= expiresAt ? result : current;
  };

  const clear = (podUid?: string): void => {
    for (const key of tokens.keys())
      if (podUid === undefined || key.startsWith(`${podUid} `)) tokens.delete(key);
  };
  return { get, clear };
}
