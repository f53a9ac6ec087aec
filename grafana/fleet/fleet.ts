/**
 * The fleet: which workloads cannot authenticate, since when, and which tokens expire first.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { dashboard } from '../parts/dashboard.ts';
import { IN_CLUSTER, ON_NODES } from '../parts/promql.ts';
import { course } from './course.ts';
import { audiencesAndKeys, coverage, rotation } from './coverage.ts';
import { forecast } from './forecast.ts';
import { now } from './now.ts';
import { objective } from './objective.ts';

export const fleet = dashboard({
  uid: UIDS.fleet,
  title: 'Fleet',
  description: 'Which workloads cannot authenticate with their ServiceAccount tokens, and since when.',
  variables: [
    { label: 'cluster', title: 'Cluster', from: 'satoken_tokens', isMulti: true, all: '.*' },
    { label: 'node', title: 'Node', from: `satoken_tokens{${IN_CLUSTER}}`, isMulti: true, all: '.*' },
    { label: 'namespace', title: 'Namespace', from: `satoken_info{${ON_NODES}}`, isMulti: true, all: '.*' },
  ],
  sections: [now, course, objective, forecast, rotation, audiencesAndKeys, coverage],
});
