/**
 * One node: every token with its times and problems, what the kubelet does, and whether its agent sees well.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { dashboard } from '../parts/dashboard.ts';
import { IN_CLUSTER } from '../parts/promql.ts';
import { agent } from './agent.ts';
import { rotation } from './rotation.ts';
import { now, tokens } from './tokens.ts';

export const node = dashboard({
  uid: UIDS.node,
  title: 'Node',
  description:
    'Every ServiceAccount token of a node, how the kubelet replaces them, and how well its agent sees.',
  choices: [
    { label: 'cluster', title: 'Cluster', from: 'satoken_tokens', isMulti: true, all: '.*' },
    { label: 'node', title: 'Node', from: `satoken_tokens{${IN_CLUSTER}}`, isMulti: false },
  ],
  sections: [now, tokens, rotation, agent],
});
