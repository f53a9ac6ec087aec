/**
 * The alert on pods that were never created. No exporter sees them; it needs kube-state-metrics.
 */
import { knob } from './knobs.ts';
import { BY, CONTROLLER, type Group, lines } from './rule.ts';

/** Pods that a controller wants and that do not exist. */
function notCreated(kind: string, wanted: string, existing: string): string {
  const by = `${BY.cluster}, namespace, ${kind}`;
  return `max by (${by}) (${wanted}) - max by (${by}) (${existing}) > 0`;
}

/** A StatefulSet waits with the next pod until the previous ones are ready: those that exist must be. */
const ALL_READY = `max by (${BY.cluster}, namespace, statefulset) (kube_statefulset_status_replicas - kube_statefulset_status_replicas_ready) == 0`;

export const WORKLOAD_GROUP: Group = {
  name: 'sa-token-exporter-workloads',
  recordings: [],
  alerts: [
    {
      name: 'SATokenPodNotCreated',
      severity: 'warning',
      for: knob('blind'),
      dashboard: 'workload',
      expr: lines(
        notCreated('replicaset', 'kube_replicaset_spec_replicas', 'kube_replicaset_status_replicas'),
        'or',
        `(${notCreated('statefulset', 'kube_statefulset_replicas', 'kube_statefulset_status_replicas')})`,
        `and on (${BY.cluster}, namespace, statefulset) ${ALL_READY}`,
        'or',
        notCreated(
          'daemonset',
          'kube_daemonset_status_desired_number_scheduled',
          'kube_daemonset_status_current_number_scheduled',
        ),
      ),
      summary: "The API server denies the creation of a workload's pods.",
      description: `${CONTROLLER} in namespace {{ $labels.namespace }} lacks pods ({{ $value }}), which were never created: their service account may not exist. Check first: kubectl get events for reason FailedCreate in the namespace; it names the account, a quota or a policy.`,
    },
  ],
};
