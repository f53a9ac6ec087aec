/**
 * Writes the dashboards as JSON files for Grafana.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { DASHBOARDS, print } from './dashboards.ts';

const folder = new URL('dashboards/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const dashboard of DASHBOARDS) writeFileSync(new URL(`${dashboard.uid}.json`, folder), print(dashboard));
