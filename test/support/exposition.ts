/**
 * The complete exposition of a snapshot, without a server.
 */
import type { Snapshot } from '../../src/core/snapshot.ts';
import { createExporterMetrics, type ExporterMetrics } from '../../src/metrics/exporter-metrics.ts';
import { EXPORTER } from '../../src/metrics/exporter-rows.ts';
import { createListFamilies, type FamilyOptions } from '../../src/metrics/families.ts';
import type { Family } from '../../src/metrics/metric.ts';
import { createPrint, type Format } from '../../src/metrics/text.ts';
import { NOW } from './tokens.ts';

export const BUILD = { version: '1.2.3', revision: 'abc1234', nodeVersion: 'v26.0.0' };

/** Metrics of an exporter that has counted one of each event. */
export function exporterMetrics(onError: (error: unknown) => void = rethrow): ExporterMetrics {
  const metrics = createExporterMetrics({ node: 'node-1', build: BUILD, onError });
  metrics.inc(EXPORTER.rotations);
  metrics.inc(EXPORTER.rotations);
  metrics.observe(EXPORTER.rotationLag, 31.5);
  metrics.inc(EXPORTER.readErrors, { reason: 'vanished' });
  metrics.inc(EXPORTER.watchErrors, { reason: 'other' });
  metrics.inc(EXPORTER.webRejections, { code: '401' });
  for (const row of [EXPORTER.readsErrors, EXPORTER.readsBlindTime]) metrics.begin(row);
  metrics.set(EXPORTER.webConfigReloadSuccessful, 1);
  metrics.set(EXPORTER.webConfigReloadTime, NOW);
  return metrics;
}

function rethrow(error: unknown): never {
  throw error;
}

export function familyOptions(overrides: Partial<FamilyOptions> = {}): FamilyOptions {
  return { node: 'node-1', perToken: 'all', isRelativeShown: true, ...overrides };
}

/** Families with their samples as arrays. */
export function listed(overrides: Partial<FamilyOptions> = {}) {
  const list = createListFamilies(familyOptions(overrides));
  return (snapshot: Snapshot) =>
    list(snapshot).map(({ metric, samples }) => ({ metric, samples: [...samples] }));
}

export function printed(families: readonly Family[], format: Format): string {
  const parts: string[] = [];
  createPrint()(families, format, (chunk) => parts.push(chunk.toString()));
  return parts.join('');
}

/** Prints a snapshot like a scrape. `isReproducible`: without the metrics of the process, which differ in every run. */
export async function exposition(
  snapshot: Snapshot,
  format: Format,
  { isReproducible = false, options = familyOptions() } = {},
): Promise<string> {
  const own = await exporterMetrics().families();
  const families = [...createListFamilies(options)(snapshot), ...own];
  const shown = isReproducible
    ? families.filter(({ metric }) => metric.name.startsWith('satoken_'))
    : families;
  return printed(shown, format);
}
