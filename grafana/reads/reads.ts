/**
 * Who reads its token: the workloads that may break if the API server no longer extends tokens.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { dashboard } from '../parts/dashboard.ts';
import { IN_CLUSTER, ON_NODES } from '../parts/promql.ts';
import { pulse } from './pulse.ts';
import { readers } from './readers.ts';
import { workloads } from './workloads.ts';

export const reads = dashboard({
  uid: UIDS.reads,
  title: 'Who reads its token',
  description:
    'Which workloads read their ServiceAccount tokens again after a rotation, which may hold an old copy, and which were not seen to read them. Needs --reads.watch.',
  variables: [
    { label: 'cluster', title: 'Cluster', from: 'satoken_tokens', isMulti: true, all: '.*' },
    { label: 'node', title: 'Node', from: `satoken_tokens{${IN_CLUSTER}}`, isMulti: true, all: '.*' },
    { label: 'namespace', title: 'Namespace', from: `satoken_info{${ON_NODES}}`, isMulti: true, all: '.*' },
  ],
  sections: [readers, workloads, pulse],
});
