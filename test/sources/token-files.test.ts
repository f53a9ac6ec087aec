/**
 * The whole node, scan by scan and without any events: found, read, gone again, and what could not be read told.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { POD_UID } from '../support/tokens.ts';
import {
  createNode,
  createSource,
  KIND_OF_MOUNT,
  link,
  nextToken,
  type TestNode,
  type TestSource,
} from '../support/volumes.ts';

const OTHER_POD = 'b5d3c6a0-7c0e-4b8a-8f57-2f1b3f0a9c11';
/** Long enough for every pod to be old and its volumes due for listing. */
const AGES = 3_600;

let node: TestNode;
let source: TestSource;
beforeEach(() => {
  node = createNode();
  source = createSource(node.rootDir);
});
afterEach(() => node.remove());

async function scan() {
  await source.scan();
  return source.seen();
}

describe(`scan (${KIND_OF_MOUNT})`, () => {
  it('finds projected tokens and those in Secrets, of all pods', async () => {
    node.volume().write({ 'vault-token': nextToken({ jti: 'one' }) });
    node
      .volume({ plugin: 'secret', name: 'api' })
      .write({ token: nextToken({ jti: 'two' }), password: 'hunter2' });
    node.volume({ podUid: OTHER_POD }).write({ 'a/b': nextToken({ jti: 'three' }) });
    assert.deepEqual(await scan(), {
      tokens: ['api/token two', 'vault-token/a/b three', 'vault-token/vault-token one'],
      unreadable: [],
    });
  });

  it('says when it ended and how long it took', async () => {
    assert.equal(source.observe().scannedAt, undefined);
    await source.scan();
    const { scannedAt, scanSeconds } = source.observe();
    assert.ok(Math.abs((scannedAt ?? 0) - Date.now() / 1_000) < 10);
    assert.ok((scanSeconds ?? -1) >= 0);
  });

  it('lets others run while it reads for long', async () => {
    const tokens = Object.fromEntries(
      Array.from({ length: 128 }, (_, index) => [`token-${index}`, nextToken()]),
    );
    for (let index = 0; index < 40; index += 1) node.volume({ podUid: `pod-${index}` }).fill(tokens);
    let [isDone, turns] = [false, 0];
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await source.scan();
    isDone = true;
    assert.equal(source.observe().tokens.length, 40 * 128);
    assert.ok(turns > 0, 'nobody else ran');
  });

  it('sees a rotation, and hears of it once', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await scan();
    volume.write({ token: nextToken({ jti: 'two' }) });
    assert.deepEqual((await scan()).tokens, ['vault-token/token two']);
    await scan();
    assert.equal(source.rotations.length, 1);
  });

  it('finds a new pod, and loses one that is gone', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    node.volume({ podUid: OTHER_POD, name: 'other' }).write({ token: nextToken({ jti: 'other' }) });
    await scan();
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    assert.deepEqual(await scan(), { tokens: ['other/token other'], unreadable: [] });
  });

  it('loses a volume that was taken down, though its pod stays', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await scan();
    source.shiftClock(AGES);
    await scan();
    volume.unmount();
    assert.deepEqual(await scan(), { tokens: [], unreadable: [] });
  });

  it('tells a volume that is still there and empty, until it is mounted', async () => {
    const volume = node.volume({ isMounted: false });
    assert.deepEqual((await scan()).unreadable, [`${POD_UID}/vault-token: not_mounted`]);
    volume.mount();
    volume.write({ token: nextToken({ jti: 'late' }) });
    assert.deepEqual(await scan(), { tokens: ['vault-token/token late'], unreadable: [] });
  });

  it('reads what is mounted anew at the same place', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await scan();
    volume.unmount();
    volume.mount();
    volume.write({ token: nextToken({ jti: 'two' }) });
    assert.deepEqual(await scan(), { tokens: ['vault-token/token two'], unreadable: [] });
  });

  it('reads a pod that was removed and came back under its uid, with other volumes', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await scan();
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    node.volume({ name: 'other' }).write({ token: nextToken({ jti: 'new' }) });
    assert.deepEqual(await scan(), { tokens: ['other/token new'], unreadable: [] });
  });

  it('finds a volume that an old pod gets late within two minutes', async () => {
    node.volume().write({ token: nextToken({ jti: 'one' }) });
    await scan();
    source.shiftClock(AGES);
    await scan();
    node.volume({ name: 'late' }).write({ token: nextToken({ jti: 'two' }) });
    source.shiftClock(120);
    assert.deepEqual((await scan()).tokens, ['late/token two', 'vault-token/token one']);
  });

  it('counts what it could not read once per scan', async () => {
    node.volume().fill({ token: 'eyJ', 'vault-token': '' });
    node.volume({ podUid: OTHER_POD, isMounted: false });
    await scan();
    assert.deepEqual([...source.readFailures].sort(), ['empty', 'not_a_jwt', 'not_mounted']);
    await scan();
    assert.equal(source.readFailures.length, 6);
  });
});

describe(`scan where the kubelet's folder is not as usual (${KIND_OF_MOUNT})`, () => {
  it('says that the folder of pods is not there, and finds it later', async () => {
    const late = createSource(join(node.rootDir, 'late'));
    await late.scan();
    assert.deepEqual(late.seen().unreadable, [': vanished']);
    assert.equal(late.observe().scannedAt, undefined);
    assert.deepEqual(late.readFailures, ['vanished']);
    node.volume().write({ token: nextToken({ jti: 'one' }) });
    renameSync(node.pods, join(node.rootDir, 'moved'));
    mkdirSync(join(node.rootDir, 'late'));
    symlinkSync('../moved', join(node.rootDir, 'late', 'pods'));
    await late.scan();
    assert.deepEqual(late.seen(), { tokens: ['vault-token/token one'], unreadable: [] });
    assert.notEqual(late.observe().scannedAt, undefined);
    renameSync(join(node.rootDir, 'moved'), node.pods);
  });

  it('forgets all pods where their folder is gone', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await scan();
    volume.unmount();
    rmSync(node.pods, { recursive: true });
    assert.deepEqual(await scan(), { tokens: [], unreadable: [': vanished'] });
  });

  it('finds old pods at once where their folder comes back', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await scan();
    source.shiftClock(AGES);
    await scan();
    volume.unmount();
    rmSync(node.pods, { recursive: true });
    await scan();
    source.shiftClock(1);
    await scan();
    node.volume().write({ token: nextToken({ jti: 'back' }) });
    assert.deepEqual(await scan(), { tokens: ['vault-token/token back'], unreadable: [] });
  });

  for (const { it: title, root } of [
    { it: 'a root folder that is a link', root: () => link(node.rootDir, join(node.rootDir, 'link')) },
    {
      it: 'a root folder below a link',
      root: () => `${link('/', join(node.rootDir, 'link'))}${node.rootDir}`,
    },
    { it: 'a root folder with a slash at its end', root: () => `${node.rootDir}/` },
  ]) {
    it(`reads through ${title}`, async () => {
      node.volume().write({ token: nextToken({ jti: 'one' }) });
      const linked = createSource(root());
      await linked.scan();
      assert.deepEqual(linked.seen(), { tokens: ['vault-token/token one'], unreadable: [] });
    });
  }

  it('tells what lies among the pods and is no folder, and follows no link there', async () => {
    writeFileSync(join(node.pods, 'file'), '');
    link('/etc', join(node.pods, 'link'));
    assert.deepEqual((await scan()).unreadable, ['file: not_a_directory', 'link: not_a_directory']);
  });

  it('tells that the folder of pods is a file', async () => {
    rmSync(node.pods, { recursive: true });
    writeFileSync(node.pods, '');
    assert.deepEqual((await scan()).unreadable, [': not_a_directory']);
  });

  it('reads pods whose names are no text', async () => {
    const names = [Buffer.from('a\n"b'), Buffer.from([0xff])];
    for (const name of names) {
      const volume = Buffer.concat([
        Buffer.from(`${node.pods}/`),
        name,
        Buffer.from('/volumes/kubernetes.io~projected/it'),
      ]);
      mkdirSync(Buffer.concat([volume, Buffer.from('/..1')]), { recursive: true });
      writeFileSync(Buffer.concat([volume, Buffer.from('/..1/token')]), nextToken({ jti: 'odd' }));
      symlinkSync('..1', Buffer.concat([volume, Buffer.from('/..data')]));
    }
    assert.deepEqual((await scan()).tokens, ['it/token odd', 'it/token odd']);
    const uids = source.observe().tokens.map(({ identity }) => identity.podUid);
    assert.deepEqual(uids.sort(), ['\\xff', 'a\\x0a"b']);
  });
});

describe(`scan by a user without rights (${KIND_OF_MOUNT})`, () => {
  const NOBODY = 65_534;

  /** Runs as nobody where we are root; anybody else has no right to what has no mode bits. */
  async function withoutRights<T>(run: () => Promise<T>): Promise<T> {
    if (process.getuid?.() !== 0) return run();
    process.seteuid?.(NOBODY);
    try {
      return await run();
    } finally {
      process.seteuid?.(0);
    }
  }

  const volumeFolder = `${POD_UID}/volumes/kubernetes.io~projected/locked`;
  const levels = [
    { it: 'the folder of pods', path: '.', unreadable: ': permission_denied', isAll: true },
    { it: 'a pod', path: POD_UID, unreadable: `${POD_UID}: permission_denied` },
    { it: "a pod's volumes", path: `${POD_UID}/volumes`, unreadable: `${POD_UID}: permission_denied` },
    { it: 'a kind of volume', path: dirname(volumeFolder), unreadable: `${POD_UID}: permission_denied` },
    { it: 'a volume', path: volumeFolder, unreadable: `${POD_UID}/locked: permission_denied` },
    {
      it: 'a generation',
      path: `${volumeFolder}/..data/.`,
      unreadable: `${POD_UID}/locked: permission_denied`,
    },
    {
      it: 'a folder in it',
      path: `${volumeFolder}/..data/sub`,
      unreadable: `${POD_UID}/locked/sub: permission_denied`,
    },
    {
      it: 'a token',
      path: `${volumeFolder}/..data/sub/token`,
      unreadable: `${POD_UID}/locked/sub/token: permission_denied`,
    },
  ];

  for (const { it: title, path, unreadable, isAll } of levels) {
    it(`tells that it may not enter ${title}, and reads the rest`, async () => {
      const locked = node.volume({ name: 'locked' });
      locked.write({ 'sub/token': nextToken() });
      node.volume({ podUid: OTHER_POD, name: 'open' }).write({ token: nextToken({ jti: 'one' }) });
      chmodSync(node.rootDir, 0o755);
      const object = join(node.pods, path);
      chmodSync(object, 0);
      try {
        const seen = await withoutRights(scan);
        const tokens = isAll ? [] : ['open/token one'];
        assert.deepEqual(seen, { tokens, unreadable: [unreadable] });
        assert.deepEqual(source.readFailures, ['permission_denied']);
      } finally {
        chmodSync(object, 0o755);
      }
      assert.equal((await scan()).unreadable.length, 0);
    });
  }
});

describe(`look (${KIND_OF_MOUNT})`, () => {
  it('finds what comes up in a new pod without waiting for the next scan', async () => {
    mkdirSync(join(node.pods, POD_UID));
    await scan();
    assert.equal(source.isPending(), true);
    const volume = node.volume({ isMounted: false });
    source.look();
    assert.deepEqual(source.seen().unreadable, [`${POD_UID}/vault-token: not_mounted`]);
    volume.mount();
    volume.write({ token: nextToken({ jti: 'one' }) });
    source.look();
    assert.deepEqual(source.seen(), { tokens: ['vault-token/token one'], unreadable: [] });
  });

  for (const { it: title, seconds, isMounted, isPending } of [
    { it: 'waits for more of a pod that is new', seconds: 4, isMounted: true, isPending: true },
    { it: 'waits for nothing of a pod that has all it had', seconds: 6, isMounted: true, isPending: false },
    { it: 'waits two minutes for a volume to be mounted', seconds: 119, isMounted: false, isPending: true },
    { it: 'leaves the rest to scans', seconds: 121, isMounted: false, isPending: false },
  ]) {
    it(title, async () => {
      const volume = node.volume({ isMounted });
      if (isMounted) volume.write({ token: nextToken() });
      await scan();
      source.shiftClock(seconds);
      assert.equal(source.isPending(), isPending);
    });
  }

  it('leaves a settled pod alone', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await scan();
    source.shiftClock(AGES);
    volume.write({ token: nextToken({ jti: 'two' }) });
    source.look();
    assert.deepEqual(source.seen().tokens, ['vault-token/token one']);
  });

  it('takes pods for new again where the clock is set back, and looks at them', async () => {
    node.volume().write({ token: nextToken() });
    await scan();
    source.shiftClock(AGES);
    await scan();
    source.shiftClock(-2 * AGES);
    assert.equal(source.isPending(), true);
    await scan();
    source.shiftClock(6);
    assert.equal(source.isPending(), false);
  });
});
