/**
 * When volumes were mounted, with kernels that keep the birth times of file systems and with those that do not.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'mocha';
import type { MountFacts } from '../../../../src/core/token/token.ts';
import type { RootStat } from '../../../../src/sources/files/mounts/mount-points.ts';
import { describeWith } from '../../../support/tools.ts';
import { nextToken, onFreshNode, type TestNode, type TestVolume } from '../support/test-node.ts';
import { createSource, type TestSource } from '../support/test-source.ts';

/** Birth times as kernels give them: real ones, which here are those that a test sets; or none. */
const KERNELS = {
  'with birth times': (born: bigint): bigint => born,
  'that give no birth time': (): bigint => 0n,
  'that give the change time instead': (_: bigint, { ctimeNs }: RootStat): bigint => ctimeNs,
} as const;
type Kernel = keyof typeof KERNELS;
const WITHOUT = ['that give no birth time', 'that give the change time instead'] as const;

let node: TestNode;
let volume: TestVolume;
/** The birth of a file system, by its device. */
let births: Map<bigint, number>;

const useFreshState = onFreshNode((fresh) => {
  node = fresh;
  births = new Map();
  volume = node.volume();
  volume.write({ 'vault-token': nextToken() });
});

/** An exporter on this kernel. */
function sourceOn(kernel: Kernel): TestSource {
  return createSource(node.rootDir, {
    statRoot: (directory) => {
      const stat = lstatSync(directory, { bigint: true });
      const born = BigInt((births.get(stat.dev) ?? 0) * 1_000) * 1_000_000n;
      return { dev: stat.dev, ctimeNs: stat.ctimeNs, birthtimeNs: KERNELS[kernel](born, stat) };
    },
  });
}

/** Sets when the file system that is mounted now was born. */
function bornAt(time: number): void {
  births.set(lstatSync(volume.location.directory, { bigint: true }).dev, Math.round(time));
}

/** Mounts another file system over the volume, as a kubelet that does not see the first one. */
function mountAgain(): void {
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.location.directory]);
  volume.write({ 'vault-token': nextToken() });
}

async function mountSeenBy(source: TestSource): Promise<MountFacts> {
  await source.scan();
  const { tokens } = source.observe();
  assert.equal(tokens.length, 1);
  assert.ok(tokens[0]?.mount);
  return tokens[0].mount;
}

describeWith(['root', 'mount namespaces'], 'the mount of a volume', () => {
  useFreshState();

  it('appeared when its file system was born', async () => {
    const source = sourceOn('with birth times');
    bornAt(source.now() - 500);
    assert.equal((await mountSeenBy(source)).appearedAt, Math.round(source.now() - 500));
    mountAgain();
    bornAt(source.now() - 20);
    assert.equal((await mountSeenBy(source)).appearedAt, Math.round(source.now() - 20));
  });

  it('appeared when its file system was born if the exporter starts later', async () => {
    mountAgain();
    const source = sourceOn('with birth times');
    bornAt(source.now() - 20);
    const { appearedAt, isStacked } = await mountSeenBy(source);
    assert.deepEqual([appearedAt, isStacked], [Math.round(source.now() - 20), false]);
  });

  it('has no known time if its file system was born in the future: the clock was set back since', async () => {
    const source = sourceOn('with birth times');
    bornAt(source.now() + 62);
    assert.equal((await mountSeenBy(source)).appearedAt, undefined);
    source.shiftClock(3_600);
    volume.write({ 'vault-token': nextToken() });
    assert.equal((await mountSeenBy(source)).appearedAt, undefined);
  });

  it('appeared when its file system was born if that seems a moment ahead', async () => {
    const source = sourceOn('with birth times');
    bornAt(source.now() + 58);
    assert.equal((await mountSeenBy(source)).appearedAt, Math.round(source.now() + 58));
  });

  for (const kernel of WITHOUT) {
    it(`has no known time if it was there at the first scan, with kernels ${kernel}`, async () => {
      const { appearedAt, isStacked } = await mountSeenBy(sourceOn(kernel));
      assert.deepEqual([appearedAt, isStacked], [undefined, false]);
    });

    it(`appeared at the scan that finds another device, with kernels ${kernel}`, async () => {
      const source = sourceOn(kernel);
      await source.scan();
      source.shiftClock(40);
      mountAgain();
      assert.equal((await mountSeenBy(source)).appearedAt, source.now());
    });

    it(`appeared a minute after the scan before if scans are rare, with kernels ${kernel}`, async () => {
      const source = sourceOn(kernel);
      await source.scan();
      const before = source.now();
      source.shiftClock(600);
      mountAgain();
      assert.equal((await mountSeenBy(source)).appearedAt, before + 60);
    });

    it(`covers another if the exporter starts later, with kernels ${kernel}`, async () => {
      mountAgain();
      const { appearedAt, isStacked } = await mountSeenBy(sourceOn(kernel));
      assert.deepEqual([appearedAt, isStacked], [undefined, true]);
    });

    it(`covers another below a root directory that is a link, with kernels ${kernel}`, async () => {
      mountAgain();
      const moved = join(node.rootDir, 'moved');
      mkdirSync(moved);
      execFileSync('mount', ['--rbind', node.pods, moved]);
      const linked = join(node.rootDir, 'linked');
      mkdirSync(linked);
      symlinkSync(moved, join(linked, 'pods'));
      const source = createSource(linked, {
        statRoot: (directory) => ({ ...lstatSync(directory, { bigint: true }), birthtimeNs: 0n }),
      });
      assert.equal((await mountSeenBy(source)).isStacked, true);
    });

    it(`is not covered by a bind mount of itself, with kernels ${kernel}`, async () => {
      const source = sourceOn(kernel);
      const before = await mountSeenBy(source);
      execFileSync('mount', ['--bind', volume.location.directory, volume.location.directory]);
      volume.write({ 'vault-token': nextToken() });
      assert.equal(await mountSeenBy(source), before);
      const { appearedAt, isStacked } = await mountSeenBy(sourceOn(kernel));
      assert.deepEqual([appearedAt, isStacked], [undefined, false]);
    });
  }

  for (const kernel of Object.keys(KERNELS) as Kernel[])
    it(`is the same after a rotation, with kernels ${kernel}`, async () => {
      const source = sourceOn(kernel);
      bornAt(source.now() - 500);
      const before = await mountSeenBy(source);
      source.shiftClock(400);
      volume.write({ 'vault-token': nextToken() });
      assert.equal(await mountSeenBy(source), before);
    });

  it('is read once for each generation of a volume', async () => {
    let reads = 0;
    const source = createSource(node.rootDir, {
      statRoot: (directory) => {
        reads += 1;
        return lstatSync(directory, { bigint: true });
      },
    });
    for (const scans of [1, 2, 3]) await source.scan().then(() => assert.equal(reads, 1, `scan ${scans}`));
    volume.write({ 'vault-token': nextToken() });
    await source.scan();
    assert.equal(reads, 2);
  });

  it('states when the node was booted', async () => {
    const source = sourceOn('with birth times');
    const { bootedAt } = await mountSeenBy(source);
    assert.ok(bootedAt < source.now());
  });
});
