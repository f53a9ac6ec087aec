/**
 * Events: what happens to volumes and pods is seen within moments of it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createSource, type TestSource } from '../../support/sources.ts';
import { POD_UID } from '../../support/tokens.ts';
import { createNode, KIND_OF_MOUNT, type TestNode } from '../../support/volumes.ts';
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

describe(`watching volumes (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('sees each rotation when its event comes, and hears of it once', async () => {
    const volume = await settledVolume(node, source);
    for (const id of ['second', 'third', 'fourth']) {
      assert.deepEqual(await source.lookedAfter(() => rotate(volume, id)), seenAt(id));
    }
    assert.deepEqual(await source.scanned(), seenAt('fourth'));
    assert.equal(source.rotations.length, 3);
    assert.deepEqual(source.watchFailures, []);
  });

  it('looks once for each event, and not again', async () => {
    const volume = await settledVolume(node, source);
    // What cannot be read is counted at each look.
    await source.lookedAfter(() => volume.fill({ token: 'eyJ' }));
    source.look();
    assert.deepEqual(source.readFailures, ['not_a_jwt']);
  });

  it('sees a rotation whose pod has the volume open for its group', async () => {
    const volume = await settledVolume(node, source);
    const chmodThenRotate = (): void => {
      execFileSync('chmod', ['3777', volume.place.folder]);
      rotate(volume, 'second');
    };
    assert.deepEqual(await source.lookedAfter(chmodThenRotate), seenAt('second'));
    assert.deepEqual(await source.lookedAfter(() => rotate(volume, 'third')), seenAt('third'));
  });

  it('counts its watches, and takes them off what is gone', async () => {
    const volume = await settledVolume(node, source);
    assert.equal(source.observe().watches, 2);
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    await source.scanned();
    assert.equal(source.observe().watches, 1);
    source.close();
    assert.equal(source.observe().watches, 0);
  });

  it('sees a new pod when its event comes, and its volume while it comes up', async () => {
    await source.scanned();
    assert.equal(source.isPending(), false);
    await source.lookedAfter(() => mkdirSync(join(node.pods, POD_UID)));
    assert.equal(source.isPending(), true);
    rotate(node.volume(), 'first');
    source.look();
    assert.deepEqual(source.seen(), seenAt('first'));
  });

  it('sees a pod go when its event comes', async () => {
    const volume = await settledVolume(node, source);
    const removed = source.lookedAfter(() => {
      volume.unmount();
      rmSync(join(node.pods, POD_UID), { recursive: true });
    });
    assert.deepEqual(await removed, { tokens: [], unreadable: [] });
  });

  it('sees a volume go when its event comes', async () => {
    const volume = await settledVolume(node, source);
    assert.deepEqual(await source.lookedAfter(() => volume.unmount()), { tokens: [], unreadable: [] });
  });

  it('sees the next rotation of a volume that was mounted anew', async () => {
    const volume = await settledVolume(node, source);
    await source.lookedAfter(() => {
      volume.unmount();
      volume.mount();
      rotate(volume, 'second');
    });
    assert.deepEqual(await source.scanned(), seenAt('second'));
    assert.deepEqual(await source.lookedAfter(() => rotate(volume, 'third')), seenAt('third'));
  });

  it('sees the next rotation of a volume that was found empty', async () => {
    const volume = node.volume({ isMounted: false });
    await source.scanned();
    volume.mount();
    rotate(volume, 'first');
    assert.deepEqual(await source.scanned(), seenAt('first'));
    assert.deepEqual(await source.lookedAfter(() => rotate(volume, 'second')), seenAt('second'));
    assert.deepEqual(source.watchFailures, []);
  });

  it('sees a rotation that comes after a look and before the watch is laid anew', async () => {
    const hooks: (() => void)[] = [];
    source = createSource(node.rootDir, { isWatching: true, onRotation: () => hooks.pop()?.() });
    const volume = await settledVolume(node, source);
    await source.lookedAfter(() => rmSync(volume.place.link));
    assert.equal(source.observe().watches, 1);
    rotate(volume, 'second');
    hooks.push(() => rotate(volume, 'third'));
    assert.deepEqual(await source.scanned(), seenAt('third'));
    assert.equal(source.rotations.length, 2);
  });

  it('sees rotations at the next scan with watching switched off', async () => {
    source = createSource(node.rootDir);
    const volume = await settledVolume(node, source);
    assert.equal(source.observe().watches, 0);
    rotate(volume, 'second');
    assert.deepEqual(await source.scanned(), seenAt('second'));
    assert.equal(source.rotations.length, 1);
  });
});

describe(`watching the folder of pods (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const addPod = (uid: string): void => {
    mkdirSync(join(node.pods, uid, 'volumes'), { recursive: true });
  };

  for (const { it: title, replace } of [
    {
      it: 'is removed and made anew',
      replace: () => {
        rmSync(node.pods, { recursive: true });
        mkdirSync(node.pods);
      },
    },
    {
      it: 'is moved away and made anew',
      replace: () => {
        renameSync(node.pods, join(node.rootDir, 'moved'));
        mkdirSync(node.pods);
      },
    },
  ]) {
    it(`sees a new pod after it ${title}`, async () => {
      await source.scanned();
      await source.lookedAfter(replace);
      assert.equal(source.observe().watches, 1);
      await source.lookedAfter(() => addPod('new'));
      assert.equal(source.isPending(), true);
    });
  }

  it('lists it once for each event, and not again', async () => {
    await source.scanned();
    await source.lookedAfter(() => addPod('one'));
    source.close();
    source.shiftClock(3_600);
    addPod('two');
    source.look();
    assert.equal(source.isPending(), false);
  });

  it('sees a pod at the next scan where the folder above was replaced, and is told from then on', async () => {
    const root = join(node.rootDir, 'root');
    mkdirSync(join(root, 'pods'), { recursive: true });
    source = createSource(root, { isWatching: true });
    await source.scanned();
    renameSync(root, join(node.rootDir, 'moved'));
    mkdirSync(join(root, 'pods', 'one'), { recursive: true });
    await source.scanned();
    assert.deepEqual(source.watchFailures, ['event_lost']);
    await source.lookedAfter(() => mkdirSync(join(root, 'pods', 'two')));
  });

  it('is laid once the folder is there', async () => {
    rmdirSync(node.pods);
    await source.scanned();
    assert.equal(source.observe().watches, 0);
    mkdirSync(node.pods);
    await source.scanned();
    await source.lookedAfter(() => addPod('new'));
    assert.deepEqual(source.watchFailures, []);
  });
});
