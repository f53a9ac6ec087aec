/**
 * The kubelet's directory missing, linked, odd or locked: what can be read is read, and the rest is reported.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'mocha';
import { POD_UID } from '../../support/tokens.ts';
import {
  KIND_OF_MOUNT,
  link,
  nextToken,
  OTHER_POD,
  onFreshNode,
  type TestNode,
} from './support/test-node.ts';
import { createSource, type TestSource } from './support/test-source.ts';

/** After this time every pod is settled, and a listing of its volumes is due. */
const HOUR = 3_600;

let node: TestNode;
let source: TestSource;

const useFreshState = onFreshNode((fresh) => {
  node = fresh;
  source = createSource(node.rootDir);
});

describe(`scan of an unusual kubelet directory (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('reports a missing pods directory, and finds it later', async () => {
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

  it('forgets all pods if the pods directory was removed', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await source.scanned();
    volume.unmount();
    rmSync(node.pods, { recursive: true });
    assert.deepEqual(await source.scanned(), { tokens: [], unreadable: [': vanished'] });
  });

  it('finds the volumes of old pods at once after the pods directory was restored', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await source.scanned();
    source.shiftClock(HOUR);
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
    { it: 'a root directory that is a link', root: () => link(node.rootDir, join(node.rootDir, 'link')) },
    {
      it: 'a root directory below a link',
      root: () => `${link('/', join(node.rootDir, 'link'))}${node.rootDir}`,
    },
    { it: 'a root directory with a trailing slash', root: () => `${node.rootDir}/` },
  ]) {
    it(`reads ${title}`, async () => {
      node.volume().write({ token: nextToken({ jti: 'one' }) });
      const linked = createSource(root());
      await linked.scan();
      assert.deepEqual(linked.seen(), { tokens: ['vault-token/token one'], unreadable: [] });
    });
  }

  it('reports files and links among the pods as not_a_directory', async () => {
    writeFileSync(join(node.pods, 'file'), '');
    link('/etc', join(node.pods, 'link'));
    assert.deepEqual((await source.scanned()).unreadable, ['file: not_a_directory', 'link: not_a_directory']);
  });

  it('reports a pods directory that is a file as not_a_directory', async () => {
    rmSync(node.pods, { recursive: true });
    writeFileSync(node.pods, '');
    assert.deepEqual((await source.scanned()).unreadable, [': not_a_directory']);
  });

  it('reads pods whose names are not printable or not valid UTF-8', async () => {
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

describe(`scan by an unprivileged user (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const UNPRIVILEGED_UID = 65_534;

  /** Root drops its privileges. Any other user has no access to an object without mode bits. */
  async function unprivileged<T>(run: () => Promise<T>): Promise<T> {
    if (process.getuid?.() !== 0) return run();
    process.seteuid?.(UNPRIVILEGED_UID);
    try {
      return await run();
    } finally {
      process.seteuid?.(0);
    }
  }

  const volumeDirectory = `${POD_UID}/volumes/kubernetes.io~projected/locked`;
  const levels = [
    { it: 'the pods directory', path: '.', unreadable: ': permission_denied', isAll: true },
    { it: 'a pod directory', path: POD_UID, unreadable: `${POD_UID}: permission_denied` },
    {
      it: 'the volumes directory of a pod',
      path: `${POD_UID}/volumes`,
      unreadable: `${POD_UID}: permission_denied`,
    },
    { it: 'a plugin directory', path: dirname(volumeDirectory), unreadable: `${POD_UID}: permission_denied` },
    { it: 'a volume', path: volumeDirectory, unreadable: `${POD_UID}/locked: permission_denied` },
    {
      it: 'a generation',
      path: `${volumeDirectory}/..data/.`,
      unreadable: `${POD_UID}/locked: permission_denied`,
    },
    {
      it: 'a directory of a generation',
      path: `${volumeDirectory}/..data/sub`,
      unreadable: `${POD_UID}/locked/sub: permission_denied`,
    },
    {
      it: 'a token',
      path: `${volumeDirectory}/..data/sub/token`,
      unreadable: `${POD_UID}/locked/sub/token: permission_denied`,
    },
  ];

  for (const { it: title, path, unreadable, isAll } of levels) {
    it(`reports permission_denied for ${title}, and reads the rest`, async () => {
      const locked = node.volume({ name: 'locked' });
      locked.write({ 'sub/token': nextToken() });
      node.volume({ podUid: OTHER_POD, name: 'open' }).write({ token: nextToken({ jti: 'one' }) });
      chmodSync(node.rootDir, 0o755);
      const object = join(node.pods, path);
      chmodSync(object, 0);
      try {
        const seen = await unprivileged(source.scanned);
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
