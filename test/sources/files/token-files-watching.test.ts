/**
 * Events: a change of a volume or a pod is found by the refresh that its event triggers.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { POD_UID } from '../../support/tokens.ts';
import { KIND_OF_MOUNT, onFreshNode, type TestNode } from './support/test-node.ts';
import { createSource, rotate, seenAt, settledVolume, type TestSource } from './support/test-source.ts';

let node: TestNode;
let source: TestSource;

const useFreshState = onFreshNode(
  (fresh) => {
    node = fresh;
    source = createSource(node.rootDir, { isWatching: true });
  },
  () => source.close(),
);

describe(`watching volumes (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('finds each rotation after its event, and reports it once', async () => {
    const volume = await settledVolume(node, source);
    for (const id of ['second', 'third', 'fourth']) {
      assert.deepEqual(await source.refreshedAfter(() => rotate(volume, id)), seenAt(id));
    }
    assert.deepEqual(await source.scanned(), seenAt('fourth'));
    assert.equal(source.rotations.length, 3);
    assert.deepEqual(source.watchFailures, []);
  });

  it('reads a pod once for each event', async () => {
    const volume = await settledVolume(node, source);
    // Each reading counts an unreadable file.
    await source.refreshedAfter(() => volume.fill({ token: 'eyJ' }));
    await source.refresh();
    assert.deepEqual(source.readFailures, ['not_a_jwt']);
  });

  it('finds a rotation after the mode of the volume was changed', async () => {
    const volume = await settledVolume(node, source);
    const chmodThenRotate = (): void => {
      execFileSync('chmod', ['3777', volume.location.directory]);
      rotate(volume, 'second');
    };
    assert.deepEqual(await source.refreshedAfter(chmodThenRotate), seenAt('second'));
    assert.deepEqual(await source.refreshedAfter(() => rotate(volume, 'third')), seenAt('third'));
  });

  it('counts the open watches, and closes those of removed volumes', async () => {
    const volume = await settledVolume(node, source);
    assert.equal(source.observe().watches, 2);
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    await source.scanned();
    assert.equal(source.observe().watches, 1);
    source.close();
    assert.equal(source.observe().watches, 0);
  });

  it('finds a new pod after its event, and its volume while the pod is pending', async () => {
    await source.scanned();
    assert.equal(source.isPending(), false);
    await source.refreshedAfter(() => mkdirSync(join(node.pods, POD_UID)));
    assert.equal(source.isPending(), true);
    rotate(node.volume(), 'first');
    await source.refresh();
    assert.deepEqual(source.seen(), seenAt('first'));
  });

  it('forgets a removed pod after its event', async () => {
    const volume = await settledVolume(node, source);
    const removed = source.refreshedAfter(() => {
      volume.unmount();
      rmSync(join(node.pods, POD_UID), { recursive: true });
    });
    assert.deepEqual(await removed, { tokens: [], unreadable: [] });
  });

  it('forgets an unmounted volume after its event', async () => {
    const volume = await settledVolume(node, source);
    assert.deepEqual(await source.refreshedAfter(() => volume.unmount()), { tokens: [], unreadable: [] });
  });

  it('watches a volume that was unmounted and mounted again', async () => {
    const volume = await settledVolume(node, source);
    await source.refreshedAfter(() => {
      volume.unmount();
      volume.mount();
      rotate(volume, 'second');
    });
    assert.deepEqual(await source.scanned(), seenAt('second'));
    assert.deepEqual(await source.refreshedAfter(() => rotate(volume, 'third')), seenAt('third'));
  });

  it('watches a volume that was mounted after it was found empty', async () => {
    const volume = node.volume({ isMounted: false });
    await source.scanned();
    volume.mount();
    rotate(volume, 'first');
    assert.deepEqual(await source.scanned(), seenAt('first'));
    assert.deepEqual(await source.refreshedAfter(() => rotate(volume, 'second')), seenAt('second'));
    assert.deepEqual(source.watchFailures, []);
  });

  it('finds a rotation between a refresh and the opening of the watch', async () => {
    const hooks: (() => void)[] = [];
    source = createSource(node.rootDir, { isWatching: true, onRotation: () => hooks.pop()?.() });
    const volume = await settledVolume(node, source);
    await source.refreshedAfter(() => rmSync(volume.location.link));
    assert.equal(source.observe().watches, 1);
    rotate(volume, 'second');
    hooks.push(() => rotate(volume, 'third'));
    assert.deepEqual(await source.scanned(), seenAt('third'));
    assert.equal(source.rotations.length, 2);
  });

  it('finds rotations at the next scan if watching is disabled', async () => {
    source = createSource(node.rootDir);
    const volume = await settledVolume(node, source);
    assert.equal(source.observe().watches, 0);
    rotate(volume, 'second');
    assert.deepEqual(await source.scanned(), seenAt('second'));
    assert.equal(source.rotations.length, 1);
  });
});

describe(`watching the pods directory (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const addPod = (uid: string): void => {
    mkdirSync(join(node.pods, uid, 'volumes'), { recursive: true });
  };

  for (const { it: title, replace } of [
    {
      it: 'was removed and recreated',
      replace: () => {
        rmSync(node.pods, { recursive: true });
        mkdirSync(node.pods);
      },
    },
    {
      it: 'was moved and recreated',
      replace: () => {
        renameSync(node.pods, join(node.rootDir, 'moved'));
        mkdirSync(node.pods);
      },
    },
  ]) {
    it(`finds a new pod after the directory ${title}`, async () => {
      await source.scanned();
      await source.refreshedAfter(replace);
      assert.equal(source.observe().watches, 1);
      await source.refreshedAfter(() => addPod('new'));
      assert.equal(source.isPending(), true);
    });
  }

  it('lists the directory once for each event', async () => {
    await source.scanned();
    await source.refreshedAfter(() => addPod('one'));
    source.close();
    source.shiftClock(3_600);
    addPod('two');
    await source.refresh();
    assert.equal(source.isPending(), false);
  });

  it('finds a new pod at the next scan if the parent directory was replaced, and watches the new directory', async () => {
    const root = join(node.rootDir, 'root');
    mkdirSync(join(root, 'pods'), { recursive: true });
    source = createSource(root, { isWatching: true });
    await source.scanned();
    renameSync(root, join(node.rootDir, 'moved'));
    mkdirSync(join(root, 'pods', 'one'), { recursive: true });
    await source.scanned();
    assert.deepEqual(source.watchFailures, ['event_lost']);
    await source.refreshedAfter(() => mkdirSync(join(root, 'pods', 'two')));
  });

  it('opens the watch once the directory exists', async () => {
    rmdirSync(node.pods);
    await source.scanned();
    assert.equal(source.observe().watches, 0);
    mkdirSync(node.pods);
    await source.scanned();
    await source.refreshedAfter(() => addPod('new'));
    assert.deepEqual(source.watchFailures, []);
  });
});
