/**
 * Events that are lost, because the queue overflowed or a mount hides the directory: the next scan finds the change,
 * reports the lost event, and opens the watch again.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { describeWith } from '../../support/tools.ts';
import { createNode, KIND_OF_MOUNT, type TestNode, type TestVolume } from './test-node.ts';
import { createSource, rotate, seenAt, settledVolume, type TestSource } from './test-source.ts';

let node: TestNode;
let source: TestSource;

/** Hooks at the top level of a file would run for all files. */
function useFreshState(): void {
  beforeEach(() => {
    node = createNode();
    source = createSource(node.rootDir, { isWatching: true });
  });
  afterEach(() => {
    source.close();
    node.remove();
  });
}

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

  it('is not reported if a scan finds the change before its event arrives', async () => {
    const volume = await settledVolume(node, source);
    const nudge = source.nudge();
    rotate(volume, 'second');
    assert.deepEqual(await source.scanned(), seenAt('second'));
    await nudge;
    source.refresh();
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
