/**
 * Who reads its token: the visits of the kubelets, which come for free with the watched reads.
 */
import { COLORS } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { BY_NODE, ON_NODES } from '../parts/promql.ts';
import { table } from '../parts/table.ts';
import { NOT_WATCHED } from './chosen.ts';

const LAST_SYNC = `satoken_kubelet_last_sync_timestamp_seconds{${ON_NODES}}`;
const SINCE_SYNC = `time() - max by (${BY_NODE}) (${LAST_SYNC})`;

/** If the exporter is stuck, it sees no sync either. */
const SINCE_SCAN = `time() - max by (${BY_NODE}) (satoken_last_scan_timestamp_seconds{${ON_NODES}})`;

export const pulse: Section = {
  title: 'Do the kubelets visit their volumes?',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Longest time since a kubelet sync',
          description:
            'The time since a kubelet last compared a volume that holds a token, of the node where it is longest. A healthy kubelet does so about once a minute for each pod; above three minutes it hangs, long before a token is overdue.',
          unit: 'suffix:s',
          softMax: 200,
          empty: NOT_WATCHED,
          limit: 180,
          queries: [{ expr: `time() - min(${LAST_SYNC})`, legend: 'longest' }],
        }),
        table({
          title: 'Kubelets by last sync',
          description:
            'The nodes whose kubelets have not compared a volume for longest. Compare with the last scan: an exporter that is stuck sees no sync either.',
          empty: NOT_WATCHED,
          labels: ['node'],
          columns: [
            { title: 'Last sync ago', expr: SINCE_SYNC, unit: 's', bar: { color: COLORS.plain } },
            { title: 'Last scan ago', expr: SINCE_SCAN, unit: 's', width: 110 },
          ],
          after: ['cluster'],
          rowBy: BY_NODE,
          sortBy: 'Last sync ago',
        }),
      ],
    },
  ],
};
