/**
 * Impaired watching: at the kernel's limits on inotify, and after an event was lost because the queue overflowed or a
 * mount hides the directory. The next scan finds the change, and the reason is reported.
 *
 * Limits are set in a user namespace of their own and do not affect the rest of the machine.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { describeWith } from '../../support/tools.ts';
import type { Stage } from './support/limited-node.ts';
import { KIND_OF_MOUNT, onFreshNode, type TestNode, type TestVolume } from './support/test-node.ts';
import { createSource, rotate, seenAt, settledVolume, type TestSource } from './support/test-source.ts';

const SCRIPT = new URL(import.meta.resolve('./support/limited-node.ts')).pathname;

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

let node: TestNode;
let source: TestSource;

const useFreshState = onFreshNode(
  (fresh) => {
    node = fresh;
    source = createSource(node.rootDir, { isWatching: true });
  },
  () => source.close(),
);

describe(`an overflow of the event queue (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const MAX_QUEUE_LENGTH = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));

  /** Causes more events than the kernel queues, at least two per iteration, before the event loop can read any. */
  function overflow(volume: TestVolume): void {
    const file = join(volume.location.directory, 'noise');
    for (let event = 0; event <= MAX_QUEUE_LENGTH; event += 2) {
      writeFileSync(file, '');
      rmSync(file);
    }
  }

  it('delays a rotation to the next scan, which reports event_lost and opens the watch again', async () => {
    const volume = await settledVolume(node, source);
    await source.refreshedAfter(() => rotate(volume, 'second'));
    overflow(volume);
    rotate(volume, 'third');
    assert.deepEqual(await source.scanned(), seenAt('third'));
    assert.deepEqual(source.watchFailures, ['event_lost']);
    assert.deepEqual(await source.refreshedAfter(() => rotate(volume, 'fourth')), seenAt('fourth'));
    assert.deepEqual(await source.scanned(), seenAt('fourth'));
    assert.deepEqual(source.watchFailures, ['event_lost']);
    assert.equal(source.rotations.length, 3);
  });

  it('is not suspected if a scan finds the change before its event arrives', async () => {
    const volume = await settledVolume(node, source);
    const nudge = source.nudge();
    rotate(volume, 'second');
    assert.deepEqual(await source.scanned(), seenAt('second'));
    await nudge;
    await source.refresh();
    assert.deepEqual(source.watchFailures, []);
    assert.equal(source.rotations.length, 1);
  });
});

describeWith(['root', 'mount namespaces'], 'watching a volume under changing mounts', () => {
  useFreshState();

  it('finds a mount over the volume at the next scan, and watches the upper volume', async () => {
    const volume = await settledVolume(node, source);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.location.directory]);
    try {
      rotate(volume, 'second');
      assert.deepEqual(await source.scanned(), seenAt('second'));
      assert.deepEqual(source.watchFailures, ['event_lost']);
      assert.deepEqual(await source.refreshedAfter(() => rotate(volume, 'third')), seenAt('third'));
    } finally {
      execFileSync('umount', [volume.location.directory]);
    }
  });

  it('finds the lower volume after the upper one was unmounted, and watches it', async () => {
    const volume = node.volume({ isMounted: false });
    rotate(volume, 'covered');
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.location.directory]);
    rotate(volume, 'first');
    assert.deepEqual(await source.scanned(), seenAt('first'));
    const uncover = (): void => {
      execFileSync('umount', [volume.location.directory]);
    };
    assert.deepEqual(await source.refreshedAfter(uncover), seenAt('covered'));
    assert.deepEqual(await source.refreshedAfter(() => rotate(volume, 'second')), seenAt('second'));
  });

  it('finds a new mount without an event, while the old mount is still used elsewhere', async () => {
    const volume = await settledVolume(node, source);
    const elsewhere = join(node.rootDir, 'container');
    mkdirSync(elsewhere);
    execFileSync('mount', ['--bind', volume.location.directory, elsewhere]);
    try {
      volume.unmount();
      volume.mount();
      rotate(volume, 'second');
      assert.deepEqual(await source.scanned(), seenAt('second'));
      assert.deepEqual(source.watchFailures, ['event_lost']);
      assert.deepEqual(await source.refreshedAfter(() => rotate(volume, 'third')), seenAt('third'));
    } finally {
      execFileSync('umount', [elsewhere]);
    }
  });
});

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
