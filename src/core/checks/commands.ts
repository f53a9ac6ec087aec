/**
 * Shell commands that the fixes of several checks share.
 *
 * Claims and names of folders are untrusted: claims are checked names (claim-rules.ts), and a folder's name is quoted.
 */
import type { Token } from '../token.ts';

/** The log is the only place where the kubelet says why a refresh failed. */
export const KUBELET_LOG = 'journalctl -u kubelet --since "1 hour ago" | grep -iE "token|serviceaccount"';

/** One word of a shell command. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The token names the pod that holds it only if it is bound to that pod. */
function podNameOf({ identity, claims }: Token): string | undefined {
  return claims.pod?.uid === identity.podUid ? claims.pod.name : undefined;
}

/** Arguments of kubectl for the pod that holds the token; placeholders if the token does not name it. */
export function podArguments(token: Token): string {
  const name = podNameOf(token);
  return name === undefined ? 'POD -n NAMESPACE' : `${name} -n ${token.claims.namespace}`;
}

/** The command that finds values for the placeholders of `podArguments`; empty if none is needed. */
export function findPod(token: Token): readonly string[] {
  if (podNameOf(token) !== undefined) return [];
  const columns = 'NAMESPACE:.metadata.namespace,POD:.metadata.name,UID:.metadata.uid';
  return [
    `kubectl get pods -A -o custom-columns=${columns} | grep -F -e ${quoted(token.identity.podUid)}  # NAMESPACE and POD for the commands below`,
  ];
}

/** Arguments of kubectl for the token's service account. */
export function accountArguments({ claims }: Token): string {
  return `${claims.serviceAccount.name} -n ${claims.namespace}`;
}
