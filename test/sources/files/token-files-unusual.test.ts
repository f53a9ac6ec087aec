/**
 * The kubelet's folder late, linked, odd or locked: what can be read is read, and the rest is told with its reason.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createSource, type TestSource } from '../../support/sources.ts';
import { POD_UID } from '../../support/tokens.ts';
import { createNode, KIND_OF_MOUNT, link, nextToken, type TestNode } from '../../support/volumes.ts';

const OTHER_POD = 'b5d3c6a0-7c0e-4b8a-8f57-2f1b3f0a9c11';
/** Long enough for every pod to be old and its volumes due for listing. */
const AGES = 3_600;

let node: TestNode;
let source: TestSource;

/** The hooks of each suite here: at the top of a file they would be those of all files. */
function useFreshState(): void {
  beforeEach(() => {
    node = createNode();
    source = createSource(node.rootDir);
  });
  afterEach(() => node.remove());
}

describe(`scan where the kubelet's folder is not as usual (${KIND_OF_MOUNT})`, () => {
  useFreshState();

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
    await source.scanned();
    volume.unmount();
    rmSync(node.pods, { recursive: true });
    assert.deepEqual(await source.scanned(), { tokens: [], unreadable: [': vanished'] });
  });

  it('finds old pods at once where their folder comes back', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await source.scanned();
    source.shiftClock(AGES);
    await source.scanned();
    volume.unmount();
    rmSync(node.pods, { recursive: true });
    await source.scanned();
    source.shiftClock(1);
    await source.scanned();
    node.volume().write({ token: nextToken({ jti: 'back' }) });
    assert.deepEqual(await source.scanned(), { tokens: ['vault-token/token back'], unreadable: [] });
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
    assert.deepEqual((await source.scanned()).unreadable, ['file: not_a_directory', 'link: not_a_directory']);
  });

  it('tells that the folder of pods is a file', async () => {
    rmSync(node.pods, { recursive: true });
    writeFileSync(node.pods, '');
    assert.deepEqual((await source.scanned()).unreadable, [': not_a_directory']);
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
    assert.deepEqual((await source.scanned()).tokens, ['it/token odd', 'it/token odd']);
    const uids = source.observe().tokens.map(({ identity }) => identity.podUid);
    assert.deepEqual(uids.sort(), ['\\xff', 'a\\x0a"b']);
  });
});

describe(`scan by a user without rights (${KIND_OF_MOUNT})`, () => {
  useFreshState();

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
        const seen = await withoutRights(source.scanned);
        const tokens = isAll ? [] : ['open/token one'];
        assert.deepEqual(seen, { tokens, unreadable: [unreadable] });
        assert.deepEqual(source.readFailures, ['permission_denied']);
      } finally {
        chmodSync(object, 0o755);
      }
      assert.equal((await source.scanned()).unreadable.length, 0);
    });
  }
});
