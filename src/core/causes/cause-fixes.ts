/**
 * How to fix a rotation that does not happen, by its cause.
 *
 * They replace the steps of the check, most of which search for the cause.
 */
import type { Check, CheckInput } from '../checks/check.ts';
import { accountArguments, findPod, KUBELET_LOG, podArguments } from '../checks/commands.ts';
import type { Reason } from '../checks/index.ts';
import type { Token } from '../token/token.ts';
import type { CauseFinding, OverdueCause } from './overdue-cause.ts';

type Steps = (token: Token) => readonly string[];

/** The reasons that a rotation that does not happen leads to. */
const CONSEQUENCES: ReadonlySet<Reason> = new Set<Reason>(['rotation_overdue', 'stale', 'expired']);

const recreate = (token: Token): string =>
  `kubectl delete pod ${podArguments(token)}  # after the cause is fixed, if the workload cannot wait: a new pod gets a new token`;

const events = (token: Token): string =>
  `kubectl describe pod ${podArguments(token)}  # the FailedMount event`;

/** Undefined for causes that leave the steps to the check. */
const FIXES: Readonly<Record<OverdueCause, Steps | undefined>> = {
  unknown: undefined,
  clock_skew: undefined,
  pod_terminating: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.metadata.deletionTimestamp} {.metadata.finalizers}'  # when must it have ended, and what holds it?`,
    `${KUBELET_LOG}  # on the node: why the kubelet does not remove the pod`,
  ],
  service_account_missing: (token) => [
    `kubectl get serviceaccount ${accountArguments(token)}  # confirm that it does not exist`,
    `kubectl create serviceaccount ${accountArguments(token)}  # or rerun what created it: a chart, a pipeline; the kubelet then gets a token by itself`,
    ...findPod(token),
    recreate(token),
  ],
  service_account_recreated: (token) => [
    ...findPod(token),
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a token for the new account at once`,
  ],
  audience_refused: (token) => [
    ...findPod(token),
    events(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes[*].projected.sources[*].serviceAccountToken}'  # requested audience`,
    'grant the kubelets the audience: verb request-serviceaccounts-token-audience for the group system:nodes',
  ],
  own_volume_failed: (token) => [
    ...findPod(token),
    events(token),
    `kubectl get configmap kube-root-ca.crt -n ${token.claims.namespace}  # a default token volume needs it; kube-controller-manager recreates it`,
    `${KUBELET_LOG}  # on the node, if the event does not name the cause`,
    recreate(token),
  ],
  volume_not_mounted: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.containers[*].volumeMounts[*].name}'  # mount the volume, or remove it from the spec`,
  ],
  claim_missing: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes[*].persistentVolumeClaim.claimName}'  # the claims of the pod`,
    `kubectl get persistentvolumeclaims -n ${token.claims.namespace}  # restore the one that is gone, or remove it from the spec`,
    recreate(token),
  ],
  sibling_volume_failed: (token) => [
    ...findPod(token),
    events(token),
    'fix that volume: the kubelet then rotates the token by itself',
    recreate(token),
  ],
  api_server_unreachable: () => [
    'curl -k https://API-SERVER/readyz  # on the node: network, load balancer, DNS, firewall',
    'kubectl get nodes  # from elsewhere: is the API server down, or only unreachable from this node?',
    'the kubelet rotates all tokens by itself within two minutes of the return of the API server',
  ],
  kubelet_stalled: () => [
    'systemctl status kubelet  # on the node: is it running?',
    `${KUBELET_LOG}  # on the node: Unauthorized means that its client certificate has expired`,
    'systemctl restart kubelet  # requests every token of the node at once',
  ],
};

/** The steps for a check that fails, given why the token was not rotated. */
export function fixOf(
  check: Pick<Check, 'fix'> & { readonly reason: Reason },
  { token, expectations }: Pick<CheckInput, 'token' | 'expectations'>,
  found: CauseFinding | undefined,
): readonly string[] {
  const steps = found && CONSEQUENCES.has(check.reason) ? FIXES[found.cause] : undefined;
  return steps === undefined ? check.fix(token, expectations) : steps(token);
}
