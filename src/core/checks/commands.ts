/**
 * Shell commands that the fixes of several checks share.
 *
 * Claims and names of folders are untrusted: claims are checked names (claim-rules.ts), and a folder's name is quoted.
 */
import type { Token } from '../token/token.ts';

/** The log is the only place where the kubelet says why a refresh failed. */
export const KUBELET_LOG = 'journalctl -u kubelet --since "1 hour ago" | grep -iE "token|serviceaccount"';

/** One word of a shell command. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Arguments of kubectl for the pod that holds the token; placeholders if its name is not known. */
export function podArguments({ identity: { namespace, pod } }: Token): string {
  return pod === '' ? 'POD -n NAMESPACE' : `${pod} -n ${namespace}`;
}

/** The command that finds values for the placeholders of `podArguments`; empty if none is needed. */
export function findPod(token: Token): readonly string[] {
  if (token.identity.pod !== '') return [];
  const columns = 'NAMESPACE:.metadata.namespace,POD:.metadata.name,UID:.metadata.uid';
  return [
    `kubectl get pods -A -o custom-columns=${columns} | grep -F -e ${quoted(token.identity.podUid)}  # NAMESPACE and POD for the commands below`,
  ];
}

/** Arguments of kubectl for the token's service account. */
export function accountArguments({ claims }: Token): string {
  return `${claims.serviceAccount.name} -n ${claims.namespace}`;
}
