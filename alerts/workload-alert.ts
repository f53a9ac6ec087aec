/**
 * The alert on a service account of which several pods have late tokens. It inhibits those on its tokens.
 *
 * Nodes that rotate no tokens are left out: they have alerts of their own. Without series of tokens it does not exist.
 * Only the severity counts them, because this alert inhibits those on their tokens, too.
 */
import { knob } from './knobs.ts';
import { type Alert, BY, HELD, HELD_CRITICAL, LATE_NODES, lines, WORKLOAD } from './rule.ts';

/** The copies of containers that mount a token with subPath expire although the kubelet rotates it. */
const LATE = '{reason=~"rotation_overdue|expired",pod_uid!="",path!~"subPath://.*"}';

/** More than one pod. */
const SEVERAL = `count by (${BY.workload}) (count by (${BY.workload}, node, pod_uid) (${HELD}${LATE} unless on (${BY.node}) ${LATE_NODES})) > 1`;

const workload = {
  name: 'SATokenWorkloadRotationOverdue',
  dashboard: 'workload',
  summary: 'The kubelet has not rotated the service account tokens of several pods of a workload.',
  description: `${WORKLOAD}: not rotated in time on nodes that rotate other tokens. Check first: events of the pods (kubectl describe pod), and whether the API server issues the token (kubectl create token, with its audience).`,
} as const;

export const WORKLOAD_ALERTS: readonly Alert[] = [
  { ...workload, severity: 'info', for: knob('atOnce'), expr: SEVERAL },
  { ...workload, severity: 'warning', for: knob('due'), expr: SEVERAL },
  {
    ...workload,
    severity: 'critical',
    for: knob('due'),
    // One critical token is enough, on any node: this alert inhibits that of the token.
    expr: lines(SEVERAL, `and on (${BY.workload}) ${HELD_CRITICAL}${LATE}`),
  },
];
