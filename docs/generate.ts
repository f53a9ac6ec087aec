/**
 * Updates the tables in the documents.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fillTables } from './tables.ts';

for (const name of [
  'README.md',
  'CONTRIBUTING.md',
  'docs/alerts.md',
  'docs/audiences.md',
  'docs/authentication.md',
  'docs/origins.md',
]) {
  const url = new URL(`../${name}`, import.meta.url);
  writeFileSync(url, fillTables(readFileSync(url, 'utf8')));
}
