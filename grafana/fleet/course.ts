/**
 * Fleet: the course of the problems, and the alerts.
 */

import { bars, problemsByReason } from '../common/bars.ts';
import { failingBySeverity, tokensByState } from '../common/graphs.ts';
import { ranked, SEVERITIES } from '../common/tokens.ts';
import type { Section } from '../parts/layout.ts';
import { BY_TOKEN, IN_CLUSTER, ON_NODES } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

const firing = (severity: string): string =>
  `group by (alertname, ${BY_TOKEN}) (ALERTS{${IN_CLUSTER}, alertname=~"SAToken.+", alertstate="firing", ${severity}})`;

const origins = bars({
  title: 'Tokens by origin',
  description:
    'Tokens by origin: `kubelet` tokens are rotated by the kubelet, `secret` is a legacy token of this cluster, `foreign` a token of another cluster or issuer.',
  labels: ['origin'],
  column: 'Tokens',
  expr: `sum by (origin) (satoken_tokens{${ON_NODES}}) > 0`,
});

export const course: Section = {
  title: 'Since when, and why',
  lines: [
    { height: 9, panels: [tokensByState(ON_NODES), failingBySeverity(ON_NODES)] },
    { height: 11, widths: [15, 9], panels: [problemsByReason(ON_NODES), origins] },
    {
      height: 7,
      panels: [
        table({
          title: 'Firing alerts',
          description: 'The alerts of `alerts/rules.yaml` that are firing, each with its runbook.',
          empty: 'No alert is firing (or the rules are not loaded)',
          labels: [],
          columns: [
            { title: 'Severity', expr: ranked(firing), words: SEVERITIES, isColored: true, width: 80 },
          ],
          after: ['alertname', 'namespace', 'serviceaccount', 'pod', 'node', 'cluster'],
          rowBy: `alertname, ${BY_TOKEN}`,
          sortBy: 'Severity',
        }),
      ],
    },
  ],
};
