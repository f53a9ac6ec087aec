/**
 * docs/dependencies.md states the purpose and the measured cost of every runtime dependency, for the version in use.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { ROOT } from './documents.ts';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

describe('docs/dependencies.md', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const text = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([^`]+)` ([\d.]+) \|(.+)\|$/gm)];

  it('lists the dependencies of package.json with their versions', () => {
    const listed = Object.fromEntries(rows.map(([, name, version]) => [name, version]));
    assert.deepEqual(listed, dependencies);
  });

  for (const [, name, , cells = ''] of rows) {
    it(`has the purpose and the cost of ${name}`, () => {
      assert.match(cells, /^ [^|]{10,} \| \d+ ms \| [\d.]+ MB \| [\d.]+ kB $/);
    });
  }
});
