/**
 * Events: a rotation is seen within moments of it, and where no event comes, at the next scan with the reason told.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { POD_UID } from '../support/tokens.ts';
import { describeWith } from '../support/tools.ts';
import {
  createNode,
  createSource,
  KIND_OF_MOUNT,
  nextToken,
  type TestNode,
  type TestSource,
  type TestVolume,
} from '../support/volumes.ts';

let node: TestNode;
let source: TestSource;
beforeEach(() => {
  node = createNode();
  source = createSource(node.rootDir, { isWatching: true });
});
afterEach(() => {
  source.close();
  node.remove();
});

/** Waits for the event that `change` causes, then looks as the loop would. */
async function lookAfter(change: () => void): Promise<ReturnType<TestSource['seen']>> {
  const nudge = source.nudge();
  change();
  await nudge;
  source.look();
  return source.seen();
}

async function scan(): Promise<ReturnType<TestSource['seen']>> {
  await source.scan();
  return source.seen();
}

function rotate(volume: TestVolume, id: string): void {
  volume.write({ token: nextToken({ jti: id }), 'ca.crt': 'a certificate' });
}

function seenAt(id: string) {
  return { tokens: [`vault-token/token ${id}`], unreadable: [] };
}

/** A settled node: one pod, old, with one watched volume. */
async function settledVolume(): Promise<TestVolume> {
  const volume = node.volume();
  rotate(volume, 'first');
  await source.scan();
  source.shiftClock(3_600);
  await source.scan();
  assert.equal(source.isPending(), false);
  return volume;
}

describe(`watching volumes (${KIND_OF_MOUNT})`, () => {
  it('sees each rotation when its event comes, and hears of it once', async () => {
    const volume = await settledVolume();
    for (const id of ['second', 'third', 'fourth']) {
      assert.deepEqual(await lookAfter(() => rotate(volume, id)), seenAt(id));
    }
    assert.deepEqual(await scan(), seenAt('fourth'));
    assert.equal(source.rotations.length, 3);
    assert.deepEqual(source.watchFailures, []);
  });

  it('looks once for each event, and not again', async () => {
    const volume = await settledVolume();
    // What cannot be read is counted at each look.
    await lookAfter(() => volume.fill({ token: 'eyJ' }));
    source.look();
    assert.deepEqual(source.readFailures, ['not_a_jwt']);
  });

  it('sees a rotation whose pod has the volume open for its group', async () => {
    const volume = await settledVolume();
    const chmodThenRotate = (): void => {
      execFileSync('chmod', ['3777', volume.place.folder]);
      rotate(volume, 'second');
    };
    assert.deepEqual(await lookAfter(chmodThenRotate), seenAt('second'));
    assert.deepEqual(await lookAfter(() => rotate(volume, 'third')), seenAt('third'));
  });

  it('counts its watches, and takes them off what is gone', async () => {
    const volume = await settledVolume();
    assert.equal(source.observe().watches, 2);
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    await scan();
    assert.equal(source.observe().watches, 1);
    source.close();
    assert.equal(source.observe().watches, 0);
  });

  it('sees a new pod when its event comes, and its volume while it comes up', async () => {
    await scan();
    assert.equal(source.isPending(), false);
    await lookAfter(() => mkdirSync(join(node.pods, POD_UID)));
    assert.equal(source.isPending(), true);
    rotate(node.volume(), 'first');
    source.look();
    assert.deepEqual(source.seen(), seenAt('first'));
  });

  it('sees a pod go when its event comes', async () => {
    const volume = await settledVolume();
    const removed = lookAfter(() => {
      volume.unmount();
      rmSync(join(node.pods, POD_UID), { recursive: true });
    });
    assert.deepEqual(await removed, { tokens: [], unreadable: [] });
  });

  it('sees a volume go when its event comes', async () => {
    const volume = await settledVolume();
    assert.deepEqual(await lookAfter(() => volume.unmount()), { tokens: [], unreadable: [] });
  });

  it('sees the next rotation of a volume that was mounted anew', async () => {
    const volume = await settledVolume();
    await lookAfter(() => {
      volume.unmount();
      volume.mount();
      rotate(volume, 'second');
    });
    assert.deepEqual(await scan(), seenAt('second'));
    assert.deepEqual(await lookAfter(() => rotate(volume, 'third')), seenAt('third'));
  });

  it('sees the next rotation of a volume that was found empty', async () => {
    const volume = node.volume({ isMounted: false });
    await scan();
    volume.mount();
    rotate(volume, 'first');
    assert.deepEqual(await scan(), seenAt('first'));
    assert.deepEqual(await lookAfter(() => rotate(volume, 'second')), seenAt('second'));
    assert.deepEqual(source.watchFailures, []);
  });

  it('sees a rotation that comes after a look and before the watch is laid anew', async () => {
    const hooks: (() => void)[] = [];
    source = createSource(node.rootDir, { isWatching: true, onRotation: () => hooks.pop()?.() });
    const volume = await settledVolume();
    await lookAfter(() => rmSync(volume.place.link));
    assert.equal(source.observe().watches, 1);
    rotate(volume, 'second');
    hooks.push(() => rotate(volume, 'third'));
    assert.deepEqual(await scan(), seenAt('third'));
    assert.equal(source.rotations.length, 2);
  });

  it('sees rotations at the next scan with watching switched off', async () => {
    source = createSource(node.rootDir);
    const volume = await settledVolume();
    assert.equal(source.observe().watches, 0);
    rotate(volume, 'second');
    assert.deepEqual(await scan(), seenAt('second'));
    assert.equal(source.rotations.length, 1);
  });
});

describe(`watching the folder of pods (${KIND_OF_MOUNT})`, () => {
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
      await scan();
      await lookAfter(replace);
      assert.equal(source.observe().watches, 1);
      await lookAfter(() => addPod('new'));
      assert.equal(source.isPending(), true);
    });
  }

  it('lists it once for each event, and not again', async () => {
    await scan();
    await lookAfter(() => addPod('one'));
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
    await scan();
    renameSync(root, join(node.rootDir, 'moved'));
    mkdirSync(join(root, 'pods', 'one'), { recursive: true });
    await scan();
    assert.deepEqual(source.watchFailures, ['event_lost']);
    await lookAfter(() => mkdirSync(join(root, 'pods', 'two')));
  });

  it('is laid once the folder is there', async () => {
    rmdirSync(node.pods);
    await scan();
    assert.equal(source.observe().watches, 0);
    mkdirSync(node.pods);
    await scan();
    await lookAfter(() => addPod('new'));
    assert.deepEqual(source.watchFailures, []);
  });
});

describe(`a queue of events that ran over (${KIND_OF_MOUNT})`, () => {
  /** More than the kernel keeps (fs.inotify.max_queued_events, 16,384), while nobody can read them. */
  function overflow(volume: TestVolume): void {
    const file = join(volume.place.folder, 'noise');
    for (let event = 0; event < 10_000; event += 1) {
      writeFileSync(file, '');
      rmSync(file);
    }
  }

  it('delays a rotation to the next scan, says why, and mends the watch', async () => {
    const volume = await settledVolume();
    await lookAfter(() => rotate(volume, 'second'));
    overflow(volume);
    rotate(volume, 'third');
    assert.deepEqual(await scan(), seenAt('third'));
    assert.deepEqual(source.watchFailures, ['event_lost']);
    assert.deepEqual(await lookAfter(() => rotate(volume, 'fourth')), seenAt('fourth'));
    assert.deepEqual(await scan(), seenAt('fourth'));
    assert.deepEqual(source.watchFailures, ['event_lost']);
    assert.equal(source.rotations.length, 3);
  });

  it('is not blamed where a scan came before an event that was under way', async () => {
    const volume = await settledVolume();
    const nudge = source.nudge();
    rotate(volume, 'second');
    assert.deepEqual(await scan(), seenAt('second'));
    await nudge;
    source.look();
    assert.deepEqual(source.watchFailures, []);
    assert.equal(source.rotations.length, 1);
  });
});

describeWith(['root', 'mount namespaces'], 'watching mounts that come and go behind our back', () => {
  it('is not blind on a volume that was mounted over, and told of the next rotation', async () => {
    const volume = await settledVolume();
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.place.folder]);
    try {
      rotate(volume, 'second');
      assert.deepEqual(await scan(), seenAt('second'));
      assert.deepEqual(source.watchFailures, ['event_lost']);
      assert.deepEqual(await lookAfter(() => rotate(volume, 'third')), seenAt('third'));
    } finally {
      execFileSync('umount', [volume.place.folder]);
    }
  });

  it('is told of the volume below where the upper one is taken away', async () => {
    const volume = node.volume({ isMounted: false });
    rotate(volume, 'covered');
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.place.folder]);
    rotate(volume, 'first');
    assert.deepEqual(await scan(), seenAt('first'));
    const uncover = (): void => {
      execFileSync('umount', [volume.place.folder]);
    };
    assert.deepEqual(await lookAfter(uncover), seenAt('covered'));
    assert.deepEqual(await lookAfter(() => rotate(volume, 'second')), seenAt('second'));
  });

  it('sees a volume mounted anew though the old mount lives on in another place, where no event tells', async () => {
    const volume = await settledVolume();
    const elsewhere = join(node.rootDir, 'container');
    mkdirSync(elsewhere);
    execFileSync('mount', ['--bind', volume.place.folder, elsewhere]);
    try {
      volume.unmount();
      volume.mount();
      rotate(volume, 'second');
      assert.deepEqual(await scan(), seenAt('second'));
      assert.deepEqual(source.watchFailures, ['event_lost']);
      assert.deepEqual(await lookAfter(() => rotate(volume, 'third')), seenAt('third'));
    } finally {
      execFileSync('umount', [elsewhere]);
    }
  });
});
