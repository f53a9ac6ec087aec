/**
 * One node: every token with its times and problems, its kubelet, and its exporter.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { dashboard } from '../parts/dashboard.ts';
import { IN_CLUSTER } from '../parts/promql.ts';
import { exporter } from './exporter.ts';
import { rotation } from './rotation.ts';
import { now, tokens } from './tokens.ts';

export const node = dashboard({
  uid: UIDS.node,
  title: 'Node',
  description:
    'Every ServiceAccount token of a node, their rotation by the kubelet, and the state of the exporter.',
  variables: [
    { label: 'cluster', title: 'Cluster', from: 'satoken_tokens', isMulti: true, all: '.*' },
    { label: 'node', title: 'Node', from: `satoken_tokens{${IN_CLUSTER}}`, isMulti: false },
  ],
  sections: [now, tokens, rotation, exporter],
});
