/**
 * The alert on a service account of which several pods have late tokens. It inhibits those on its tokens.
 *
 * Nodes that rotate no tokens are left out: they have alerts of their own. Only the severity counts them, because this
 * alert inhibits those on their tokens, too. Without series of tokens, workloads are not known: it is then raised on the
 * cluster if tokens are late on several nodes.
 */
import { explainFirst, WORKLOAD_TIMES } from './details.ts';
import { knob } from './knobs.ts';
import { type Alert, BY, HELD, HELD_CRITICAL, LATE_NODES, lateBefore, lines, WORKLOAD } from './rule.ts';

/** The copies of containers that mount a token with subPath expire although the kubelet rotates it. */
const LATE = 'reason=~"rotation_overdue|expired",pod_uid!="",path!~"subPath://.*"';
/** Without series of tokens: the number on each node. An expired token is overdue as well, a copy is not. */
const UNNAMED = 'reason="rotation_overdue",pod_uid=""';
const UNNAMED_OR_EXPIRED = 'reason=~"rotation_overdue|expired",pod_uid=""';

/** More than one pod. */
const SEVERAL_PODS = `count by (${BY.workload}) (count by (${BY.workload}, node, pod_uid) (${HELD}{${LATE}} unless on (${BY.node}) ${LATE_NODES})) > 1`;

const workload = {
  name: 'SATokenWorkloadRotationOverdue',
  dashboard: 'workload',
  summary: 'The kubelet has not rotated the service account tokens of several pods of a workload.',
  description: `${WORKLOAD}: not rotated in time on nodes that rotate other tokens.${WORKLOAD_TIMES} Check first: the events of the pods, and whether kubectl create token works with its audience.${explainFirst('rotation_overdue')}`,
} as const;

/** On more than one node; the value is the number of tokens. */
const UNNAMED_ON_NODES = `max by (${BY.node}) (${HELD}{${UNNAMED}} unless on (${BY.node}) ${LATE_NODES})`;
const SEVERAL_NODES = lines(
  `sum by (${BY.cluster}) (${UNNAMED_ON_NODES})`,
  `and on (${BY.cluster}) count by (${BY.cluster}) (${UNNAMED_ON_NODES}) > 1`,
);
const SEVERAL = lines(SEVERAL_PODS, 'or', SEVERAL_NODES);

export const WORKLOAD_ALERTS: readonly Alert[] = [
  { ...workload, severity: 'info', for: knob('atOnce'), expr: SEVERAL },
  { ...workload, severity: 'warning', for: knob('due'), expr: SEVERAL },
  {
    ...workload,
    severity: 'critical',
    // As early as the alert on the token: info inhibits that from the first evaluation on.
    for: knob('atOnce'),
    // One critical token is enough, on any node.
    expr: lines(
      SEVERAL_PODS,
      `and on (${BY.workload}) (${HELD_CRITICAL}{${LATE}} and on (${BY.token}) ${lateBefore(LATE)})`,
      'or',
      SEVERAL_NODES,
      `and on (${BY.cluster}) (${HELD_CRITICAL}{${UNNAMED_OR_EXPIRED}} and ${lateBefore(UNNAMED_OR_EXPIRED)})`,
    ),
  },
];
