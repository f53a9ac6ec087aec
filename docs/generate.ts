/**
 * Updates the tables in the documents, and what the Helm chart has of the options.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fillSchema, knownValues, publishedSchema } from './chart-values.ts';
import { fillTables } from './tables.ts';

for (const name of [
  'README.md',
  'CONTRIBUTING.md',
  'docs/alerts.md',
  'docs/audiences.md',
  'docs/authentication.md',
  'docs/origins.md',
  'daemonset/chart/README.md',
]) {
  const url = new URL(`../${name}`, import.meta.url);
  writeFileSync(url, fillTables(readFileSync(url, 'utf8')));
}

const chart = (name: string): URL => new URL(`../daemonset/chart/${name}`, import.meta.url);
const hints = readFileSync(chart('files/hints.yaml'), 'utf8');
const schema = fillSchema(readFileSync(chart('files/schema.json'), 'utf8'), hints);
writeFileSync(chart('files/schema.json'), schema);
writeFileSync(chart('values.schema.json'), publishedSchema(schema));
writeFileSync(
  chart('files/known-values.yaml'),
  knownValues(readFileSync(chart('values.yaml'), 'utf8'), hints),
);
