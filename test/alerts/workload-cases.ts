/**
 * Cases of the alert on pods that were never created, by the metrics of kube-state-metrics.
 */
import { type Case, type Firing, fires, keepsFiring, silent } from './promtool.ts';
import { series } from './series.ts';

const counts = (kind: string, name: string, values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(values).map(([metric, value]) => [
      series(`kube_${kind}_${metric}`, { namespace: 'payments', [kind]: name }),
      value,
    ]),
  );
const replicas = (spec: string, status: string) =>
  counts('replicaset', 'api-6f7d', { spec_replicas: spec, status_replicas: status });

const lacks = (kind: string, name: string, value: string): Firing => ({
  labels: { namespace: 'payments', [kind]: name },
  prints: { subject: name, value },
});

export const WORKLOAD_CASES: readonly Case[] = [
  {
    it: 'a ReplicaSet whose pods are never created alerts after 15 minutes',
    series: replicas('3x30', '0x30'),
    expect: fires('SATokenPodNotCreated', 15, lacks('replicaset', 'api-6f7d', '3')),
  },
  {
    it: 'a ReplicaSet that gets its pods in time makes no alert, also if they are not ready',
    series: replicas('3x30', '0x10 3x20'),
    expect: silent('SATokenPodNotCreated', 10, 15, 30),
  },
  {
    it: 'a ReplicaSet of a former revision makes no alert',
    series: replicas('0x30', '0x30'),
    expect: silent('SATokenPodNotCreated', 15, 30),
  },
  {
    it: 'a StatefulSet that waits for a pod to become ready makes no alert',
    series: counts('statefulset', 'db', {
      replicas: '3x30',
      status_replicas: '1x30',
      status_replicas_ready: '0x30',
    }),
    expect: silent('SATokenPodNotCreated', 15, 30),
  },
  {
    it: 'a StatefulSet whose next pod is never created alerts',
    series: counts('statefulset', 'db', {
      replicas: '3x30',
      status_replicas: '1x30',
      status_replicas_ready: '1x30',
    }),
    expect: keepsFiring('SATokenPodNotCreated', lacks('statefulset', 'db', '2'), 15, 30),
  },
  {
    it: 'a DaemonSet whose pods are never created alerts',
    series: counts('daemonset', 'logs', {
      status_desired_number_scheduled: '5x30',
      status_current_number_scheduled: '3x30',
    }),
    expect: keepsFiring('SATokenPodNotCreated', lacks('daemonset', 'logs', '2'), 15, 30),
  },
];
