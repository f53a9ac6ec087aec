/**
 * Times and lifetimes as words, and the commands a fix is made of.
 *
 * Pure: epoch seconds and facts in, text out. Knows no clock.
 */
import type { EpochSeconds, Token } from './token.ts';

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A length of time by its two largest units: `2d3h`, `59m4s`, `0s`; the sign is left out. */
export function formatDuration(seconds: number): string {
  let rest = Math.floor(Math.abs(seconds));
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join('') || '0s';
}

/** `3m2s ago`, `in 3m2s`. */
export function formatRelative(now: EpochSeconds, instant: EpochSeconds): string {
  return instant <= now ? `${formatDuration(now - instant)} ago` : `in ${formatDuration(instant - now)}`;
}

/** Where the kubelet says why a refresh failed: on the node, in its log alone. */
export const KUBELET_LOG = 'journalctl -u kubelet --since "1 hour ago" | grep -iE "token|serviceaccount"';

/** Any text as one word of a shell command. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The name of the pod the token lies in: the token tells it only where it is bound to that very pod. */
function podNameOf({ identity, claims }: Token): string | undefined {
  return claims.pod?.uid === identity.podUid ? claims.pod.name : undefined;
}

/** The pod the token lies in, as kubectl takes it; placeholders where the token does not tell. */
export function podArguments(token: Token): string {
  const name = podNameOf(token);
  return name === undefined ? 'POD -n NAMESPACE' : `${name} -n ${token.claims.namespace}`;
}

/** The step that finds what `podArguments` leaves open; none where it leaves nothing. */
export function findPod(token: Token): readonly string[] {
  if (podNameOf(token) !== undefined) return [];
  const columns = 'NAMESPACE:.metadata.namespace,POD:.metadata.name,UID:.metadata.uid';
  return [
    `kubectl get pods -A -o custom-columns=${columns} | grep -F -e ${quoted(token.identity.podUid)}  # NAMESPACE and POD of the commands below`,
  ];
}

/** The token's service account, as kubectl takes it. */
export function accountArguments({ claims }: Token): string {
  return `${claims.serviceAccount.name} -n ${claims.namespace}`;
}
