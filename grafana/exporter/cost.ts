/**
 * Exporter health: the cost of the exporters.
 */
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { NODES, ofExporters, SPREAD_LOOKS, spread, TARGETS, USED_CPU } from './chosen.ts';

export const times: Section = {
  title: 'Scrapes and scans',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Scrape time',
          description: 'Duration of a scrape as measured by Prometheus. Grows with the number of tokens.',
          unit: 's',
          queries: spread(ofExporters('scrape_duration_seconds')),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'Scan time',
          description:
            'Duration of a full scan of the node. The first one after a start reads every token, later ones read what has changed.',
          unit: 's',
          queries: spread(`satoken_scan_duration_seconds{${NODES}}`),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'Samples per scrape',
          description: 'About ten for each token; a few hundred in total with `--metrics.per-token=none`.',
          unit: 'short',
          queries: spread(ofExporters('scrape_samples_scraped')),
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
            'Resident memory of an exporter. Flat after the first scan; a line that rises for days is a leak.',
          unit: 'bytes',
          queries: spread(ofExporters('process_resident_memory_bytes')),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'CPU',
          description: 'Share of one core that an exporter uses.',
          unit: 'percentunit',
          queries: spread(USED_CPU),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'Open files',
          description:
            'File descriptors of an exporter. Between scans it keeps none open in the volumes of pods.',
          unit: 'short',
          queries: spread(ofExporters('process_open_fds')),
          looks: SPREAD_LOOKS,
        }),
        graph({
          title: 'Recently started',
          description:
            'Exporters that started less than five minutes ago: a rollout, or exporters that keep crashing.',
          unit: 'short',
          queries: [
            {
              expr: `sum(time() - process_start_time_seconds{${TARGETS}} < bool 300)`,
              legend: 'exporters',
            },
          ],
        }),
      ],
    },
  ],
};
