/**
 * Fleet: rotation, audiences, signing keys, and nodes that are not monitored.
 */

import { seriesShare } from '../common/counts.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { BY_ACCOUNT, BY_NODE, BY_TOKEN, ON_NODES, ON_TOKENS } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

const MISMATCHED = `satoken_info{${ON_TOKENS}} and on (${BY_TOKEN}) (satoken_audience_mismatch{${ON_TOKENS}} == 1)`;

/** Two series for each node rather than all buckets, which are too many for a fleet of thousands. Prometheus 3 writes 200.0. */
const LATE = `1 - sum(rate(satoken_rotation_lag_seconds_bucket{${ON_NODES}, le=~"200(\\\\.0)?"}[$__rate_interval]))
/ (sum(rate(satoken_rotation_lag_seconds_count{${ON_NODES}}[$__rate_interval])) > 0)`;

export const rotation: Section = {
  title: 'Rotation',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Rotations',
          description:
            'Token rotations per hour. A peak on many nodes at once is a rollout of kubelets; a line that falls to 0 means that no token is rotated.',
          unit: 'suffix:/h',
          queries: [
            {
              expr: `sum(rate(satoken_rotations_total{${ON_NODES}}[$__rate_interval])) * 3600`,
              legend: 'rotations',
            },
          ],
        }),
        graph({
          title: 'Late rotations',
          description:
            'Share of the rotations later than 200 s after the refresh was due. A healthy kubelet takes up to about 100 s. Gaps: no token was rotated.',
          unit: 'percentunit',
          softMax: 0.1,
          empty: 'No token was rotated',
          queries: [{ expr: LATE, legend: 'late' }],
        }),
      ],
    },
  ],
};

export const audiencesAndKeys: Section = {
  title: 'Audiences and keys',
  lines: [
    {
      height: 7,
      panels: [
        table({
          title: 'Audience mismatches',
          description:
            'Tokens with an audience that their receiver does not accept, by audience. Empty with `--metrics.per-token=none`; they are still counted as problems.',
          empty: 'No mismatch (or --metrics.per-token=none)',
          labels: ['namespace', 'serviceaccount', 'volume', 'audience'],
          columns: [
            {
              title: 'Tokens',
              expr: `count by (${BY_ACCOUNT}, volume, audience) (${MISMATCHED})`,
              width: 80,
            },
          ],
          after: ['cluster'],
          rowBy: `${BY_ACCOUNT}, volume, audience`,
          sortBy: 'Tokens',
        }),
      ],
    },
    {
      height: 7,
      panels: [
        table({
          title: 'Signing keys in use',
          description:
            'Keys that sign the tokens, whether the API server publishes them, and when the last token signed with each expires; a previous key can be removed after that. Legacy tokens never expire.',
          empty: 'No tokens',
          labels: ['issuer', 'key_id', 'published'],
          columns: [
            {
              title: 'Tokens',
              expr: `sum by (cluster, issuer, key_id, published) (satoken_tokens_by_key{${ON_NODES}})`,
              width: 80,
            },
            {
              title: 'Last expires',
              expr: `(max by (cluster, issuer, key_id) (satoken_key_last_expiration_timestamp_seconds{${ON_NODES}}) < +Inf) * 1000`,
              unit: 'dateTimeAsIso',
              empty: 'never',
              width: 160,
            },
          ],
          after: ['cluster'],
          rowBy: 'cluster, issuer, key_id',
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
      widths: [4, 9, 11],
      panels: [
        seriesShare(ON_NODES),
        table({
          title: 'Nodes without an exporter',
          description:
            'Nodes of the cluster whose tokens are not monitored. Needs `kube_node_info` of kube-state-metrics, with the same `cluster` label.',
          empty: 'None (or no kube-state-metrics)',
          labels: ['node'],
          columns: [
            {
              expr: `group by (${BY_NODE}) (kube_node_info{${ON_NODES}}) unless on (${BY_NODE}) satoken_watches{${ON_NODES}}`,
            },
          ],
          after: ['cluster'],
          rowBy: BY_NODE,
        }),
        table({
          title: 'Exporters without a recent scan',
          description:
            'Nodes whose exporter completed a scan in the selected time range, but none in the last two minutes: it is stuck, not scraped, or its node was removed.',
          empty: 'Every exporter completed a scan in the last two minutes',
          labels: ['node'],
          columns: [
            {
              title: 'Last scan ago',
              expr: `time() - max by (${BY_NODE}) (max_over_time(satoken_last_scan_timestamp_seconds{${ON_NODES}}[$__range])) > 120`,
              unit: 's',
              width: 120,
            },
          ],
          after: ['cluster'],
          rowBy: BY_NODE,
          sortBy: 'Last scan ago',
        }),
      ],
    },
  ],
};
