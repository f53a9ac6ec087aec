/**
 * Adds the labels of the workload and of the team to alerts, from kube-state-metrics.
 *
 * An alert without a pod or a namespace, or for which the labels are not known, stays as it is.
 */
import { BY, lines } from './rule.ts';

export interface Owners {
  /** Labels of `kube_pod_owner`, separated by commas; empty adds none. */
  readonly owner: string;
  /** A label of `kube_namespace_labels`; empty adds none. */
  readonly team: string;
}

function joined(expr: string, on: string, labels: string, info: string): string {
  // One series for each object: an object with two is an error, with which the rule would be lost for all.
  const one = `topk by (${on}) (1, max by (${on}, ${labels}) (${info}))`;
  const match = `on (${on}) group_left (${labels}) ${one}`;
  return lines('(', expr, ')', `* ${match}`, `or ignoring (${labels})`, '(', expr, ')');
}

/** `kube_pod_owner` has the ReplicaSet of a Deployment. */
export function owned(expr: string, { owner, team }: Owners): string {
  const pod = `${BY.cluster}, namespace, pod`;
  const withOwner =
    owner === '' ? expr : joined(expr, pod, owner, 'kube_pod_owner{owner_is_controller="true"}');
  if (team === '') return withOwner;
  return joined(withOwner, `${BY.cluster}, namespace`, team, `kube_namespace_labels{${team}!=""}`);
}
