/**
 * Only files below the kubelet's pods directory are read, by the path that the kernel has for them.
 */
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'mocha';
import type { Path } from '../../../../src/sources/files/paths.ts';
import { createPodsRoot, type PodsRoot } from '../../../../src/sources/files/pods/pods-root.ts';
import { createReadRaw } from '../../../../src/sources/files/raw-token.ts';
import {
  KIND_OF_MOUNT,
  nextToken,
  onFreshNode,
  type TestNode,
  type TestVolume,
} from '../support/test-node.ts';
import { createSource } from '../support/test-source.ts';

let node: TestNode;
let volume: TestVolume;

const useFreshState = onFreshNode((fresh) => {
  node = fresh;
  volume = node.volume();
  volume.fill({ token: nextToken({ jti: 'one' }) });
});

/** Opens `opened`, then calls `meanwhile`, and returns whether the root takes it for the file at `path`. */
function holds(
  root: PodsRoot,
  opened: Path,
  path: Path = opened,
  meanwhile = (): void => undefined,
): boolean {
  const descriptor = openSync(opened, 'r');
  try {
    meanwhile();
    return root.holds(descriptor, path);
  } finally {
    closeSync(descriptor);
  }
}

describe(`the pods directory (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const tokenPath = () => join(volume.generation(), 'token');

  it('holds a file at its path', () => assert.equal(holds(createPodsRoot(node.pods), tokenPath()), true));

  it('holds a file whose name is no UTF-8', () => {
    const path = Buffer.concat([Buffer.from(`${volume.generation()}/`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(path, '');
    assert.equal(holds(createPodsRoot(node.pods), path), true);
  });

  it('holds a file that was removed after it was opened', () => {
    const path = tokenPath();
    assert.equal(
      holds(createPodsRoot(node.pods), path, path, () => rmSync(path)),
      true,
    );
  });

  it('holds no file of another volume or from outside', () => {
    const outside = join(node.rootDir, 'outside');
    writeFileSync(outside, '');
    for (const opened of [outside, '/etc/passwd'])
      assert.equal(holds(createPodsRoot(node.pods), opened, tokenPath()), false);
  });

  it('holds files below a link that leads to it, before and after it is moved', () => {
    const link = join(node.rootDir, 'link');
    symlinkSync(node.pods, link);
    const root = createPodsRoot(link);
    const path = tokenPath().replace(node.pods, link);
    assert.equal(holds(root, path), true);
    rmSync(link);
    mkdirSync(join(node.rootDir, 'moved', 'v'), { recursive: true });
    symlinkSync(join(node.rootDir, 'moved'), link);
    writeFileSync(join(link, 'v', 'token'), '');
    assert.equal(holds(root, join(link, 'v', 'token')), true);
  });

  it('holds files below a directory that was made later', () => {
    const late = join(node.rootDir, 'late');
    const root = createPodsRoot(late);
    mkdirSync(late);
    writeFileSync(join(late, 'token'), '');
    assert.equal(holds(root, join(late, 'token')), true);
  });
});

describe(`a directory of a pod that is a link (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  /** Replaces the directory with all volumes of the pod by a link to a copy outside of the pods directory. */
  function leadOut(): void {
    const volumes = dirname(dirname(volume.location.directory));
    volume.unmount();
    renameSync(volumes, join(node.rootDir, 'stolen'));
    const generation = join(
      node.rootDir,
      'stolen',
      'kubernetes.io~projected',
      volume.location.volume,
      '..2026_11_29_00_00_00.1',
    );
    mkdirSync(generation, { recursive: true });
    writeFileSync(join(generation, 'token'), nextToken({ jti: 'outside' }));
    rmSync(join(dirname(generation), '..data'), { force: true });
    symlinkSync('..2026_11_29_00_00_00.1', join(dirname(generation), '..data'));
    symlinkSync(join(node.rootDir, 'stolen'), volumes);
  }

  it('leads to no token: the file is unreadable, and the raw token is not read', async () => {
    const source = createSource(node.rootDir);
    await source.scan();
    const [token] = source.observe().tokens;
    assert.ok(token);
    leadOut();
    await source.scan();
    const { tokens, unreadable } = source.seen();
    assert.deepEqual([tokens, unreadable.map((line) => line.split(': ')[1])], [[], ['bad_link']]);
    assert.equal(
      createReadRaw(node.rootDir)(token, () => 'read'),
      undefined,
    );
    source.close();
  });
});
