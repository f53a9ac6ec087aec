/**
 * The version in package.json is that of the chart, the manifests and the documents.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { ROOT } from './documents.ts';

const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

/** Files that a release changes, and how each writes the version. */
const PLACES = [
  ['daemonset/chart/Chart.yaml', /(?:^version: |^appVersion: |sa-token-exporter:)(\d\S*)$/gm],
  ['daemonset/base/daemonset.yaml', /sa-token-exporter:(\S+)$/gm],
  ['README.md', /sa-token-exporter:(\d\S*)/g],
  ['docs/install.md', /(?:sa-token-exporter:|newTag: )(\d\S*)/g],
] as const;

describe('the version of package.json', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };

  for (const [name, pattern] of PLACES)
    it(`is that of ${name}`, () => {
      const written = [...read(name).matchAll(pattern)].map(([, found]) => found);
      assert.ok(written.length > 0);
      assert.deepEqual([...new Set(written)], [version]);
    });
});
