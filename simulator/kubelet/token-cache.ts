/**
 * The kubelet's cache of tokens: one per pod, account, audience and lifetime, refreshed in its last fifth.
 *
 * Rule and words: k8s.io/kubernetes/pkg/kubelet/token. Knows nothing of files.
 */
import type { Reference } from '../claims.ts';
import type { Cluster, TokenAnswer } from '../cluster.ts';
import type { Pod, TokenProjection } from '../objects.ts';

export interface TokenCache {
  /** The token to write now: a new one where it is time and the API server grants it, else the one that is held. */
  readonly get: (pod: Pod, projection: TokenProjection) => TokenAnswer;
  /** As a kubelet does when it starts; or of one pod, to make it rotate. */
  readonly forget: (podUid?: string) => void;
}

interface Held {
  readonly token: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

const DAY = 86_400;
const MAX_JITTER = 10;

function isDue({ issuedAt, expiresAt }: Held, now: number, jitter: number): boolean {
  const lifetime = expiresAt - issuedAt;
  return now > issuedAt + Math.min(DAY, lifetime - Math.floor(lifetime * 0.2)) - jitter;
}

export function createTokenCache(cluster: Cluster, node: Reference): TokenCache {
  const held = new Map<string, Held>();

  const refresh = (key: string, pod: Pod, projection: TokenProjection): TokenAnswer => {
    const answer = cluster.requestToken(pod, projection, node);
    if (answer.ok) {
      const { token, expiresAt } = answer;
      held.set(key, { token, expiresAt, issuedAt: expiresAt - projection.expirationSeconds });
    }
    return answer;
  };

  const get = (pod: Pod, projection: TokenProjection): TokenAnswer => {
    const { audience = '', expirationSeconds } = projection;
    const key = [pod.metadata.uid, pod.spec.serviceAccountName, audience, expirationSeconds].join(' ');
    const known = held.get(key);
    const now = cluster.now();
    if (known === undefined) return refresh(key, pod, projection);
    const jitter = Math.floor(Math.random() * MAX_JITTER);
    const { token, expiresAt } = known;
    const kept = { ok: true, token, expiresAt } as const;
    if (!isDue(known, now, jitter)) return kept;
    const answer = refresh(key, pod, projection);
    // A refusal stays silent for as long as the old token is good for something.
    return answer.ok || now >= expiresAt ? answer : kept;
  };

  const forget = (podUid?: string): void => {
    for (const key of held.keys()) if (podUid === undefined || key.startsWith(`${podUid} `)) held.delete(key);
  };
  return { get, forget };
}
