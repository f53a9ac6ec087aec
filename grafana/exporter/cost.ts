/**
 * Exporter health: the cost of the exporters.
 */
import type { Section } from '../parts/layout.ts';
import { graph } from '../parts/panels.ts';
import { onNodes } from '../parts/promql.ts';
import { CPU, FEW_POINTS, fromExporters, NODES, SPREAD_LOOKS, spread } from './chosen.ts';

export const cost: Section = {
  title: 'What does it cost?',
  lines: [
    {
      height: 8,
      panels: [
        graph({
          title: 'Scrape time',
          description: 'Duration of a scrape as measured by Prometheus. Grows with the number of tokens.',
          unit: 's',
          queries: spread(fromExporters('scrape_duration_seconds')),
          looks: SPREAD_LOOKS,
          points: FEW_POINTS,
        }),
        graph({
          title: 'Scan time',
          description:
            'Duration of a full scan of the node. The first one after a start reads every token, later ones read what has changed.',
          unit: 's',
          queries: spread(`satoken_scan_duration_seconds{${NODES}}`),
          looks: SPREAD_LOOKS,
          points: FEW_POINTS,
        }),
        graph({
          title: 'Samples per scrape',
          description: 'About ten for each token; a few hundred in total with `--metrics.per-token=none`.',
          unit: 'short',
          queries: spread(fromExporters('scrape_samples_scraped')),
          looks: SPREAD_LOOKS,
          points: FEW_POINTS,
        }),
      ],
    },
    {
      height: 8,
      panels: [
        graph({
          title: 'Memory',
          description:
            'Resident memory of an exporter. Flat after the first scan; a line that rises for days is a leak.',
          unit: 'bytes',
          queries: spread(fromExporters('process_resident_memory_bytes')),
          looks: SPREAD_LOOKS,
          points: FEW_POINTS,
        }),
        graph({
          title: 'CPU',
          description: 'Share of one core that an exporter uses.',
          unit: 'percentunit',
          queries: spread(onNodes(CPU, NODES)),
          looks: SPREAD_LOOKS,
          points: FEW_POINTS,
        }),
      ],
    },
  ],
};
