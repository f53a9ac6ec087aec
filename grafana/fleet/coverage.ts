/**
 * Fleet: how tokens are replaced, what they are for, what signed them, and which nodes nobody watches.
 */

import { causes, rotationLag } from '../common/graphs.ts';
import { COLORS } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { BY_ACCOUNT, BY_NODE, BY_TOKEN, ON_NODES, ON_TOKENS } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

const MISMATCHED = `satoken_info{${ON_TOKENS}} and on (${BY_TOKEN}) (satoken_audience_mismatch{${ON_TOKENS}} == 1)`;

export const rotation: Section = {
  title: 'Rotation',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Rotations',
          description:
            'Tokens replaced in a second. A peak on many nodes at once is a roll-out of kubelets; a line that falls to 0 is a fleet that no longer refreshes.',
          unit: 'ops',
          queries: [
            {
              expr: `sum(rate(satoken_rotations_total{${ON_NODES}}[$__rate_interval]))`,
              legend: 'rotations',
            },
          ],
        }),
        rotationLag(ON_NODES),
        causes(ON_NODES),
      ],
    },
  ],
};

export const audiencesAndKeys: Section = {
  title: 'Audiences and keys',
  lines: [
    {
      height: 8,
      panels: [
        table({
          title: 'Audience mismatches',
          description:
            'Tokens whose audience is none of those their receiver accepts, by the audience they have. With `--metrics.per-token=none` they are in the counts alone.',
          empty: 'No mismatch (or --metrics.per-token=none)',
          labels: ['cluster', 'namespace', 'serviceaccount', 'volume', 'audience'],
          columns: [
            {
              title: 'Tokens',
              expr: `count by (${BY_ACCOUNT}, volume, audience) (${MISMATCHED})`,
              steps: [COLORS.critical],
            },
          ],
          sortBy: 'Tokens',
        }),
        table({
          title: 'Signing keys in use',
          description:
            'Keys that tokens are signed with, whether the API server publishes them, and when the last token expires that one signed: a former key may go after that. Never, where a legacy token is among them.',
          empty: 'No token known',
          labels: ['cluster', 'issuer', 'key_id', 'published'],
          columns: [
            {
              title: 'Tokens',
              expr: `sum by (cluster, issuer, key_id, published) (satoken_tokens_by_key{${ON_NODES}})`,
            },
            {
              title: 'Last expires',
              expr: `(max by (cluster, issuer, key_id) (satoken_key_last_expiration_timestamp_seconds{${ON_NODES}}) < +Inf) * 1000`,
              unit: 'dateTimeAsIso',
              empty: 'never',
            },
          ],
          sortBy: 'Tokens',
        }),
      ],
    },
  ],
};

export const coverage: Section = {
  title: 'Coverage',
  lines: [
    {
      height: 7,
      panels: [
        table({
          title: 'Nodes without an agent',
          description:
            'Nodes of the cluster whose tokens nobody watches. Needs `kube_node_info` of kube-state-metrics, with the same `cluster` label.',
          empty: 'None (or no kube-state-metrics)',
          labels: ['cluster', 'node'],
          columns: [
            {
              expr: `group by (${BY_NODE}) (kube_node_info{${ON_NODES}}) unless on (${BY_NODE}) satoken_watches{${ON_NODES}}`,
            },
          ],
        }),
        table({
          title: 'Silent agents',
          description:
            'Nodes whose agent told of a pass within the chosen time, and has told of none for two minutes: stuck, not scraped, or gone with its node.',
          empty: 'Every agent told of a pass within two minutes',
          labels: ['cluster', 'node'],
          columns: [
            {
              title: 'Last pass ago',
              expr: `time() - max by (${BY_NODE}) (max_over_time(satoken_last_scan_timestamp_seconds{${ON_NODES}}[$__range])) > 120`,
              unit: 's',
              steps: [COLORS.warning],
            },
          ],
          sortBy: 'Last pass ago',
        }),
      ],
    },
  ],
};
