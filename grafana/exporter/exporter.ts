/**
 * The exporters: availability, cost, errors, rejected requests and versions.
 */
import { UIDS } from '../../alerts/dashboard-url.ts';
import { knob } from '../../alerts/knobs.ts';
import { dashboard } from '../parts/dashboard.ts';
import { IN_CLUSTER } from '../parts/promql.ts';
import { TARGETS } from './chosen.ts';
import { cost } from './cost.ts';
import { api, errors } from './errors.ts';
import { now } from './now.ts';
import { web } from './web.ts';

export const exporter = dashboard({
  uid: UIDS.exporter,
  title: 'Exporter health',
  description: 'Availability, cost, errors, rejected requests and versions of the exporters.',
  variables: [
    { label: 'cluster', title: 'Cluster', from: 'satoken_exporter_build_info', isMulti: true, all: '.*' },
    {
      label: 'job',
      title: 'Job',
      from: `satoken_exporter_build_info{${IN_CLUSTER}}`,
      isMulti: true,
      // The job of an exporter that rejects every scrape is not in the list, but in the selection of all.
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
  sections: [now, cost, api, web, errors],
});
