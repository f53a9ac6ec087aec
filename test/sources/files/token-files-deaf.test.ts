/**
 * Events that never come, for a queue that ran over or a mount behind our back: seen at the next scan, told, mended.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createSource, type TestSource } from '../../support/sources.ts';
import { describeWith } from '../../support/tools.ts';
import { createNode, KIND_OF_MOUNT, type TestNode, type TestVolume } from '../../support/volumes.ts';
import { rotate, seenAt, settledVolume } from './settled-volume.ts';

let node: TestNode;
let source: TestSource;

/** The hooks of each suite here: at the top of a file they would be those of all files. */
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

describe(`a queue of events that ran over (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const LONGEST_QUEUE = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));

  /** More events than the kernel keeps, at least two a turn, while nobody can read them. */
  function overflow(volume: TestVolume): void {
    const file = join(volume.place.folder, 'noise');
    for (let event = 0; event <= LONGEST_QUEUE; event += 2) {
      writeFileSync(file, '');
      rmSync(file);
    }
  }

  it('delays a rotation to the next scan, says why, and mends the watch', async () => {
    const volume = await settledVolume(node, source);
    await source.lookedAfter(() => rotate(volume, 'second'));
    overflow(volume);
    rotate(volume, 'third');
    assert.deepEqual(await source.scanned(), seenAt('third'));
    assert.deepEqual(source.watchFailures, ['event_lost']);
    assert.deepEqual(await source.lookedAfter(() => rotate(volume, 'fourth')), seenAt('fourth'));
    assert.deepEqual(await source.scanned(), seenAt('fourth'));
    assert.deepEqual(source.watchFailures, ['event_lost']);
    assert.equal(source.rotations.length, 3);
  });

  it('is not blamed where a scan came before an event that was under way', async () => {
    const volume = await settledVolume(node, source);
    const nudge = source.nudge();
    rotate(volume, 'second');
    assert.deepEqual(await source.scanned(), seenAt('second'));
    await nudge;
    source.look();
    assert.deepEqual(source.watchFailures, []);
    assert.equal(source.rotations.length, 1);
  });
});

describeWith(['root', 'mount namespaces'], 'watching mounts that come and go behind our back', () => {
  useFreshState();

  it('is not blind on a volume that was mounted over, and told of the next rotation', async () => {
    const volume = await settledVolume(node, source);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.place.folder]);
    try {
      rotate(volume, 'second');
      assert.deepEqual(await source.scanned(), seenAt('second'));
      assert.deepEqual(source.watchFailures, ['event_lost']);
      assert.deepEqual(await source.lookedAfter(() => rotate(volume, 'third')), seenAt('third'));
    } finally {
      execFileSync('umount', [volume.place.folder]);
    }
  });

  it('is told of the volume below where the upper one is taken away', async () => {
    const volume = node.volume({ isMounted: false });
    rotate(volume, 'covered');
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.place.folder]);
    rotate(volume, 'first');
    assert.deepEqual(await source.scanned(), seenAt('first'));
    const uncover = (): void => {
      execFileSync('umount', [volume.place.folder]);
    };
    assert.deepEqual(await source.lookedAfter(uncover), seenAt('covered'));
    assert.deepEqual(await source.lookedAfter(() => rotate(volume, 'second')), seenAt('second'));
  });

  it('sees a volume mounted anew though the old mount lives on in another place, where no event tells', async () => {
    const volume = await settledVolume(node, source);
    const elsewhere = join(node.rootDir, 'container');
    mkdirSync(elsewhere);
    execFileSync('mount', ['--bind', volume.place.folder, elsewhere]);
    try {
      volume.unmount();
      volume.mount();
      rotate(volume, 'second');
      assert.deepEqual(await source.scanned(), seenAt('second'));
      assert.deepEqual(source.watchFailures, ['event_lost']);
      assert.deepEqual(await source.lookedAfter(() => rotate(volume, 'third')), seenAt('third'));
    } finally {
      execFileSync('umount', [elsewhere]);
    }
  });
});
