/**
 * The memory limit in docs/security.md is that of the manifest; the other limits are in a table of docs/authentication.md.
 * The functions of the C library are those that the program loads.
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

  it('names the functions of the C library that the thread of --reads.watch calls', () => {
    const libc = readFileSync(join(ROOT, 'src/sources/reads/thread/libc.ts'), 'utf8');
    const loaded = [...libc.matchAll(/^ +(\w+): \{ arguments: /gm)].map(([, name]) => name);
    const inotify = ['inotify_init1', 'inotify_add_watch', 'inotify_rm_watch'];
    assert.deepEqual(loaded, [...inotify, 'poll', 'read', 'readlink', '__errno_location']);
    assert.ok(
      text.includes(
        'calls seven functions of the C library: three of inotify(7), `poll`, `read`, `readlink`, and the one that returns `errno`',
      ),
    );
  });
});
