/**
 * Writes the dashboards as JSON files for Grafana.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { DASHBOARDS, print } from './dashboards.ts';

// The Helm chart can only read files of its own.
for (const name of ['dashboards/', '../daemonset/chart/files/dashboards/']) {
  const folder = new URL(name, import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const dashboard of DASHBOARDS)
    writeFileSync(new URL(`${dashboard.uid}.json`, folder), print(dashboard));
}
