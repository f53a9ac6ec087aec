/**
 * Exporter health: what the agents cost.
 */
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { NODES, ofAgents, SPREAD_LOOKS, spread, TARGETS, USED_CPU } from './chosen.ts';

export const times: Section = {
  title: 'Scrapes and passes',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Scrape time',
          description: 'How long a scrape took, as Prometheus saw it. Grows with the number of tokens.',
          unit: 's',
          queries: spread(ofAgents('scrape_duration_seconds')),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'Pass time',
          description:
            'How long a full pass over the node took. The first after a start reads every token, later ones what has changed.',
          unit: 's',
          queries: spread(`satoken_scan_duration_seconds{${NODES}}`),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'Samples per scrape',
          description: 'Some ten for each token; a few hundred in all with `--metrics.per-token=none`.',
          unit: 'short',
          queries: spread(ofAgents('scrape_samples_scraped')),
          looks: SPREAD_LOOKS,
        }),
      ],
    },
  ],
};

export const resources: Section = {
  title: 'Resources',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Memory',
          description:
            'Resident memory of an agent. Flat once it has seen its node; a line that climbs for days is a leak.',
          unit: 'bytes',
          queries: spread(ofAgents('process_resident_memory_bytes')),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'CPU',
          description: 'Share of one core that an agent uses.',
          unit: 'percentunit',
          queries: spread(USED_CPU),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'Open files',
          description: 'File descriptors of an agent. It holds none in the volumes of pods between passes.',
          unit: 'short',
          queries: spread(ofAgents('process_open_fds')),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'Started lately',
          description:
            'Agents that run for less than five minutes: a roll-out, or agents that keep crashing.',
          unit: 'short',
          queries: [
            {
              expr: `sum(time() - process_start_time_seconds{${TARGETS}} < bool 300)`,
              legend: 'agents',
            },
          ],
        }),
      ],
    },
  ],
};
