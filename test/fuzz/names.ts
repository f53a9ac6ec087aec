/**
 * Names that files and objects of the API server share, so that generated facts meet.
 */
export const PODS = 64;

export function podUid(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

export function podName(index: number): string {
  return `pod-${index}`;
}

export function namespaceOf(pod: number): string {
  return `namespace-${pod % 4}`;
}

export function accountName(index: number): string {
  return `account-${index}`;
}

/** The volumes of a pod with tokens. */
export const VOLUMES = ['kube-api-access-abcde', 'vault-token', 'legacy'] as const;
