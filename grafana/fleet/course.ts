/**
 * Fleet: the course of the problems, and the alerts.
 */

import { causes, problemsByReason } from '../common/bars.ts';
import { failingBySeverity, tokensByState } from '../common/graphs.ts';
import type { Section } from '../parts/layout.ts';
import { BY_TOKEN, IN_CLUSTER, ON_NODES } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

export const course: Section = {
  title: 'Since when, and why',
  lines: [
    { height: 9, panels: [tokensByState(ON_NODES), failingBySeverity(ON_NODES)] },
    { height: 11, panels: [problemsByReason(ON_NODES), causes(ON_NODES)] },
    {
      height: 7,
      panels: [
        table({
          title: 'Firing alerts',
          description: 'The alerts of `alerts/rules.yaml` that are firing, each with its runbook.',
          empty: 'No alert is firing (or the rules are not loaded)',
          labels: ['severity', 'alertname', 'namespace', 'serviceaccount', 'pod', 'node', 'cluster'],
          columns: [
            {
              expr: `group by (alertname, severity, ${BY_TOKEN}) (ALERTS{${IN_CLUSTER}, alertname=~"SAToken.+", alertstate="firing"})`,
            },
          ],
        }),
      ],
    },
  ],
};
