/**
 * A chart that has this one as a dependency.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHART } from './helm.ts';

/** Runs with the folder of a chart with this Chart.yaml, in which the dependency is vendored. */
export function withParent<T>(chartYaml: string, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-parent-'));
  try {
    cpSync(CHART, join(folder, 'charts/sa-token-exporter'), { recursive: true });
    writeFileSync(join(folder, 'Chart.yaml'), chartYaml);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
