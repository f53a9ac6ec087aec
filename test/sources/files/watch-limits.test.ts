/**
 * The kernel's limits on inotify: beyond them changes are found by scans, and the limit is reported.
 *
 * The limits are set in a user namespace of their own and do not affect the rest of the machine. The third limit, the
 * length of the event queue, is tested in stale-watches.test.ts.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, it } from 'mocha';
import { describeWith } from '../../support/tools.ts';
import type { Stage } from './limited-node.ts';

const SCRIPT = new URL(import.meta.resolve('./limited-node.ts')).pathname;

function run(limit: string, value: number): readonly Stage[] {
  const node = [process.execPath, SCRIPT, limit, String(value)];
  const out = execFileSync('unshare', ['--user', '--map-root-user', '--mount', ...node], {
    encoding: 'utf8',
  });
  return JSON.parse(out) as readonly Stage[];
}

function tokens(id: string): readonly string[] {
  return ['four', 'one', 'three', 'two'].map((name) => `${name}/token ${id}`);
}

for (const { limit, value, watches, reason } of [
  { limit: 'max_inotify_watches', value: 3, watches: 3, reason: 'max_user_watches' },
  { limit: 'max_inotify_watches', value: 0, watches: 0, reason: 'max_user_watches' },
  { limit: 'max_inotify_instances', value: 0, watches: 0, reason: 'max_user_instances' },
]) {
  describeWith(['user namespaces'], `watching with ${limit} at ${value}`, () => {
    let stages = new Map<string, Stage>();
    before(() => {
      stages = new Map(run(limit, value).map((stage) => [stage.at, stage]));
    });
    const at = (when: string): Stage => stages.get(when) ?? assert.fail(when);

    it(`reads everything, opens ${watches} watches, and reports ${reason}`, () => {
      const seen = at('under the limit');
      assert.deepEqual([seen.tokens, seen.watches, seen.watchFailures], [tokens('first'), watches, [reason]]);
    });

    it('finds every rotation at the next scan', () => {
      const seen = at('after a rotation');
      assert.deepEqual([seen.tokens, seen.rotations], [tokens('second'), 4]);
      assert.deepEqual(seen.watchFailures, [reason]);
    });

    it('opens the other watches once the limit is raised', () => {
      const seen = at('with the limit raised');
      assert.deepEqual([seen.watches, seen.watchFailures], [5, []]);
    });

    it('finds rotations by events from then on', () => {
      const seen = at('after an event');
      assert.deepEqual([seen.tokens, seen.rotations], [tokens('third'), 8]);
    });
  });
}
