/**
 * The memory limit in docs/security.md is that of the manifest; the other limits are in a table of docs/authentication.md.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { ROOT } from './documents.ts';

describe('docs/security.md', () => {
  const text = readFileSync(join(ROOT, 'docs/security.md'), 'utf8').replaceAll(/\s+/g, ' ');
  const manifest = readFileSync(join(ROOT, 'daemonset/base/daemonset.yaml'), 'utf8');
  const [, memory] = /limits:\s+memory: (\d+)Mi/.exec(manifest) ?? [];

  it('has the memory limit of the manifest', () => {
    assert.ok(memory !== undefined && text.includes(`${memory} MiB of memory`));
  });
});
