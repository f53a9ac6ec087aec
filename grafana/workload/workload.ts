/**
 * One workload, by namespace, service account and pod: its tokens and their history.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { dashboard } from '../parts/dashboard.ts';
import { IN_CLUSTER } from '../parts/promql.ts';
import { ACCOUNTS, NAMED, PODS } from './chosen.ts';
import { history } from './history.ts';
import { now } from './now.ts';

export const workload = dashboard({
  uid: UIDS.workload,
  title: 'Workload',
  description:
    'The ServiceAccount tokens of a namespace, a service account or a pod. Needs --metrics.per-token=all, or problems for failing tokens only.',
  variables: [
    { label: 'cluster', title: 'Cluster', from: `{${NAMED}}`, isMulti: true, all: '.*' },
    { label: 'namespace', title: 'Namespace', from: `{${NAMED}, ${IN_CLUSTER}}`, isMulti: false },
    {
      label: 'serviceaccount',
      title: 'Service account',
      from: `{${NAMED}, ${ACCOUNTS}}`,
      isMulti: true,
      all: '.*',
    },
    { label: 'pod', title: 'Pod', from: `{${NAMED}, ${PODS}}`, isMulti: true, all: '.*' },
  ],
  sections: [now, history],
});
