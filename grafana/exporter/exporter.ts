/**
 * The exporter itself: whether every agent answers, what it costs, what it cannot do, whom it refuses, and which version
 * it is.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { knob } from '../../alerts/knobs.ts';
import { dashboard } from '../parts/dashboard.ts';
import { IN_CLUSTER } from '../parts/promql.ts';
import { TARGETS } from './chosen.ts';
import { resources, times } from './cost.ts';
import { guard } from './guard.ts';
import { now } from './now.ts';
import { api, errors } from './trouble.ts';

export const exporter = dashboard({
  uid: UIDS.exporter,
  title: 'Exporter health',
  description:
    'Whether every agent answers, what it costs, what it cannot do, whom it refuses, and which version it is.',
  choices: [
    { label: 'cluster', title: 'Cluster', from: 'satoken_exporter_build_info', isMulti: true, all: '.*' },
    {
      label: 'job',
      title: 'Job',
      from: `satoken_exporter_build_info{${IN_CLUSTER}}`,
      isMulti: true,
      // An agent that never let anybody in has no name to choose, and is one of all the same.
      all: knob('job'),
    },
    {
      label: 'node',
      title: 'Node',
      from: `satoken_tokens{${TARGETS}}`,
      isMulti: true,
      all: '.*',
    },
  ],
  sections: [now, times, resources, api, guard, errors],
});
