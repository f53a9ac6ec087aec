/**
 * No file or directory stays open between scans, since the kubelet could not unmount the volume, and no file other
 * than the regular files of a volume is ever opened.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { MAIN } from '../../support/program.ts';
import { jwt } from '../../support/tokens.ts';
import { describeWith } from '../../support/tools.ts';
import { KIND_OF_MOUNT, nextToken, onFreshNode, type TestNode } from './support/test-node.ts';
import { createSource } from './support/test-source.ts';

let node: TestNode;

const useFreshState = onFreshNode((fresh) => {
  node = fresh;
});

/** What this process has open, including its working directory. */
function openPaths(): readonly string[] {
  const links = [
    ...readdirSync('/proc/self/fd').map((descriptor) => `/proc/self/fd/${descriptor}`),
    '/proc/self/cwd',
  ];
  return links.flatMap((link) => {
    try {
      return [readlinkSync(link)];
    } catch {
      return []; // The descriptor that listed /proc/self/fd is closed by now.
    }
  });
}

function openInNode(): readonly string[] {
  return openPaths().filter((path) => path.startsWith(node.rootDir));
}

describe(`the process between scans (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('has no file or directory of the node open', async () => {
    const volume = node.volume();
    volume.fill({ token: nextToken(), broken: 'eyJ', 'sub/token': nextToken() });
    symlinkSync('/etc/passwd', join(volume.generation(), 'link'));
    const source = createSource(node.rootDir, { isWatching: true });
    try {
      for (let round = 0; round < 3; round += 1) {
        await source.scan();
        assert.deepEqual(openInNode(), []);
        volume.fill({ token: nextToken() });
        await source.refresh();
        assert.deepEqual(openInNode(), []);
      }
    } finally {
      source.close();
    }
  });

  it('is checked by a helper that detects an open directory', () => {
    node.volume().fill({ token: nextToken() });
    const before = process.cwd();
    process.chdir(node.pods);
    try {
      assert.deepEqual(openInNode(), [node.pods]);
    } finally {
      process.chdir(before);
    }
  });

  it('lets a watched volume be unmounted', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    const source = createSource(node.rootDir, { isWatching: true });
    try {
      await source.scan();
      assert.equal(source.observe().watches, 2);
      volume.unmount();
      await source.scan();
      assert.deepEqual(source.seen().tokens, []);
    } finally {
      source.close();
    }
  });
});

describeWith(['strace'], `the system calls of a scan (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  /** The paths in the volume that a scan opens, relative to the generation. */
  function opened(): readonly string[] {
    const volume = node.volume();
    volume.fill({ token: jwt(), 'sub/token': jwt(), 'ca.crt': 'a certificate' });
    const generation = volume.generation();
    const at = (name: string): string => join(generation, name);
    execFileSync('mkfifo', [at('fifo')]);
    symlinkSync('/etc/passwd', at('link-out'));
    symlinkSync('/etc', at('link-to-directory'));
    symlinkSync('link-loop', at('link-loop'));
    symlinkSync('token', at('link-inside'));
    mkdirSync(join(volume.location.directory, '..2026_01_01_00_00_00.1'));
    writeFileSync(join(volume.location.directory, '..2026_01_01_00_00_00.1/token'), jwt());
    const trace = join(node.rootDir, 'trace');
    const scan = [process.execPath, MAIN, 'scan', `--kubelet.root-dir=${node.rootDir}`];
    spawnSync('strace', ['-f', '-qq', '-y', '-e', 'trace=open,openat,openat2,creat', '-o', trace, ...scan]);
    const paths = [...readFileSync(trace, 'utf8').matchAll(/"([^"]*)"/g)].map(([, path = '']) => path);
    return paths
      .filter((path) => path.startsWith(`${volume.location.directory}/`))
      .map((path) => path.replace(generation, ''));
  }

  it('open each regular file and directory of the generation once, and nothing else in the volume', () => {
    assert.deepEqual([...opened()].sort(), ['', '/ca.crt', '/sub', '/sub/token', '/token']);
  });
});
