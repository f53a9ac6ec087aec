/**
 * Fleet: the service level objective of docs/slo.md, from its recording rules.
 */
import { COLORS, DASHED } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { IN_CLUSTER } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

const OBJECTIVE = 0.999;
const DAYS = 30;
const MINUTES = DAYS * 24 * 60;

/** The average of a recorded series of each cluster over the period of the objective. */
function average(record: string): string {
  return `avg_over_time(cluster:satoken_${record}{${IN_CLUSTER}}[${DAYS}d])`;
}

const RATIO = average('rotated_in_time:ratio');
const NEEDS_RULES = 'No data: the recording rules are not loaded';

export const objective: Section = {
  title: 'Service level objective',
  lines: [
    {
      height: 7,
      panels: [
        table({
          title: 'Tokens rotated in time, 30 days',
          description: `The objective is ${OBJECTIVE * 100} % over ${DAYS} days. Budget left is the share of the error budget that is not spent, 100 % if no token was late, negative if it is overspent. Token-minutes are the minutes that all tokens together were past their grace period. Needs the recording rules of \`alerts/rules.yaml\`.`,
          empty: NEEDS_RULES,
          labels: [],
          columns: [
            {
              title: 'Token-minutes past due',
              expr: `${average('overdue_tokens:count')} * ${MINUTES}`,
              width: 190,
            },
            { title: 'In time', expr: RATIO, unit: 'percentunit', decimals: 3 },
            {
              title: 'Budget left',
              expr: `1 - (1 - ${RATIO}) / (1 - ${OBJECTIVE})`,
              unit: 'percentunit',
              bar: { max: 1, color: COLORS.good },
            },
          ],
          after: ['cluster'],
          rowBy: 'cluster',
          sortBy: 'Token-minutes past due',
        }),
        graph({
          title: 'Share of tokens rotated in time',
          description:
            'Share of the tokens that kubelets should rotate and that are not past their grace period, of all selected clusters together and of the worst one. Needs the recording rules of `alerts/rules.yaml`.',
          unit: 'percentunit',
          softMax: 1,
          empty: NEEDS_RULES,
          queries: [
            {
              expr: `1 - sum(cluster:satoken_overdue_tokens:count{${IN_CLUSTER}}) / sum(cluster:satoken_rotated_tokens:count{${IN_CLUSTER}})`,
              legend: 'all clusters',
            },
            { expr: `min(cluster:satoken_rotated_in_time:ratio{${IN_CLUSTER}})`, legend: 'worst cluster' },
          ],
          looks: [
            { name: 'all clusters', color: COLORS.plain },
            { name: 'worst cluster', color: COLORS.warning, dash: DASHED },
          ],
        }),
      ],
    },
  ],
};
