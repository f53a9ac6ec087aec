/**
 * Each of the kernel's limits on watching makes it slower, never wrong, and says so.
 *
 * The limits are set in a user namespace of their own, so that nobody else on the machine feels them. The third, the
 * length of the queue of events, is tested where events are.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, it } from 'mocha';
import { describeWith } from '../../support/tools.ts';
import type { Sighting } from './limited-node.ts';

const SCRIPT = new URL(import.meta.resolve('./limited-node.ts')).pathname;

function run(limit: string, value: number): readonly Sighting[] {
  const node = [process.execPath, SCRIPT, limit, String(value)];
  const out = execFileSync('unshare', ['--user', '--map-root-user', '--mount', ...node], {
    encoding: 'utf8',
  });
  return JSON.parse(out) as readonly Sighting[];
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
    let sightings = new Map<string, Sighting>();
    before(() => {
      sightings = new Map(run(limit, value).map((sighting) => [sighting.at, sighting]));
    });
    const at = (when: string): Sighting => sightings.get(when) ?? assert.fail(when);

    it('reads everything, watches what it may, and says what kept it from the rest', () => {
      const seen = at('under the limit');
      assert.deepEqual([seen.tokens, seen.watches, seen.watchFailures], [tokens('first'), watches, [reason]]);
    });

    it('sees every rotation at the next scan', () => {
      const seen = at('after a rotation');
      assert.deepEqual([seen.tokens, seen.rotations], [tokens('second'), 4]);
      assert.deepEqual(seen.watchFailures, [reason]);
    });

    it('watches the rest once there is room', () => {
      const seen = at('with the limit lifted');
      assert.deepEqual([seen.watches, seen.watchFailures], [5, []]);
    });

    it('is told of rotations by events from then on', () => {
      const seen = at('after an event');
      assert.deepEqual([seen.tokens, seen.rotations], [tokens('third'), 8]);
    });
  });
}
