/**
 * One volume as the kubelet leaves it, breaks it and swaps it while it is read.
 */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { swapData } from '../../../simulator/kubelet/atomic-writer.ts';
import { readGeneration, readVolume } from '../../../src/sources/files/generation.ts';
import {
  createNode,
  KIND_OF_MOUNT,
  nextToken,
  type TestNode,
  type TestVolume,
} from '../../support/volumes.ts';

let node: TestNode;
let volume: TestVolume;

/** The hooks of each suite here: at the top of a file they would be those of all files. */
function useFreshState(): void {
  beforeEach(() => {
    node = createNode();
    volume = node.volume();
  });
  afterEach(() => node.remove());
}

const never = (): boolean => false;

function generationName(): string {
  return basename(volume.generation());
}

describe(`readGeneration (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const link = (target: string) => () => symlinkSync(target, volume.place.link);

  it('names the folder that ..data points to', () => {
    volume.write({ token: nextToken() });
    assert.deepEqual(readGeneration(volume.place), { ok: true, name: generationName() });
  });

  for (const { it: title, make, reason } of [
    { it: 'is not there', make: () => undefined, reason: 'not_mounted' },
    { it: 'is a folder', make: () => mkdirSync(volume.place.link), reason: 'bad_link' },
    { it: 'is a file', make: () => writeFileSync(volume.place.link, ''), reason: 'bad_link' },
    { it: 'points to the root', make: link('/'), reason: 'bad_link' },
    { it: 'points to an absolute path', make: link('/etc'), reason: 'bad_link' },
    { it: 'points out of the volume', make: link('../other/..2026_11_24'), reason: 'bad_link' },
    { it: 'points to the folder above', make: link('..'), reason: 'bad_link' },
    { it: 'points into a folder beside it', make: link('..2026_11_24/..'), reason: 'bad_link' },
    { it: 'points to a file of the volume', make: link('token'), reason: 'bad_link' },
    { it: 'points to a name of more than one line', make: link('..2026\n'), reason: 'bad_link' },
  ]) {
    it(`says so where ..data ${title}`, () => {
      make();
      const generation = readGeneration(volume.place);
      assert.equal(generation.ok ? '' : generation.reason, reason);
    });
  }

  it('says that an unmounted volume is not mounted', () => {
    volume.write({ token: nextToken() });
    volume.unmount();
    const generation = readGeneration(volume.place);
    assert.equal(generation.ok ? '' : generation.reason, 'not_mounted');
  });
});

describe(`readVolume (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const read = (generation = generationName()) => readVolume(volume.place, generation, never);
  const idsOf = (reading: ReturnType<typeof read>) => {
    assert.ok(reading.ok);
    assert.deepEqual(reading.content.unreadable, []);
    return reading.content.tokens.map(({ claims }) => claims.id);
  };

  it('reads what ..data points to, and nothing that a killed kubelet left beside it', () => {
    volume.fill({ token: nextToken({ jti: 'old' }) });
    volume.fill({ token: nextToken({ jti: 'new' }) });
    symlinkSync('..2026_01_01_00_00_00.1', join(volume.place.folder, '..data_tmp'));
    assert.deepEqual(idsOf(read()), ['new']);
  });

  it('reads nothing through a generation that points to itself', () => {
    symlinkSync('..data', volume.place.link);
    const reading = read('..data');
    assert.ok(reading.ok);
    assert.deepEqual(reading.content.tokens, []);
    assert.deepEqual(
      reading.content.unreadable.map(({ reason }) => reason),
      ['not_a_directory'],
    );
  });

  it('reads the next generation where the first was removed before it was opened', () => {
    volume.write({ token: nextToken({ jti: 'old' }) });
    const before = generationName();
    volume.write({ token: nextToken({ jti: 'new' }) });
    const reading = read(before);
    assert.deepEqual(idsOf(reading), ['new']);
    assert.equal(reading.ok && reading.generation, generationName());
  });

  it('reads the next generation where the first had lost a file before it was listed', () => {
    volume.fill({ first: nextToken({ jti: 'old' }), second: nextToken({ jti: 'old' }) });
    const before = volume.generation();
    volume.fill({ first: nextToken({ jti: 'new' }), second: nextToken({ jti: 'new' }) });
    rmSync(join(before, 'first'));
    assert.deepEqual(idsOf(read(basename(before))), ['new', 'new']);
  });

  it('reads the next generation where the first was removed after it was listed', () => {
    volume.write({ 'ca.crt': 'a certificate', token: nextToken({ jti: 'old' }) });
    const rotations = [() => volume.write({ 'ca.crt': 'a certificate', token: nextToken({ jti: 'new' }) })];
    // Asked about the certificate, which is read before the token.
    const rotateOnce = (): boolean => {
      rotations.pop()?.();
      return false;
    };
    assert.deepEqual(idsOf(readVolume(volume.place, generationName(), rotateOnce)), ['new']);
  });

  it('says that the volume is not mounted where it went away while it was read', () => {
    volume.write({ token: nextToken() });
    const before = generationName();
    volume.unmount();
    const reading = read(before);
    assert.equal(reading.ok ? '' : reading.reason, 'not_mounted');
  });

  it('tells a file that is missing from a generation that still holds', () => {
    volume.fill({ token: nextToken() });
    const generation = volume.generation();
    renameSync(generation, `${generation}-moved`);
    const reading = read(basename(generation));
    assert.ok(reading.ok);
    assert.deepEqual(
      reading.content.unreadable.map(({ reason }) => reason),
      ['vanished'],
    );
  });

  it('gives a volume up for now that is swapped whenever it is read', () => {
    const before = Array.from({ length: 3 }, () => {
      volume.fill({ token: nextToken() });
      return generationName();
    });
    let swaps = 0;
    // Every token that is missing is asked about: a hook that runs in the middle of each reading.
    const swapWhileRead = (): boolean => {
      swaps += 1;
      swapData(volume.place.folder, before[swaps % before.length] ?? '');
      return false;
    };
    for (const name of before) writeFileSync(join(volume.place.folder, name, 'ca.crt'), 'a certificate');
    const reading = readVolume(volume.place, generationName(), swapWhileRead);
    assert.ok(reading.ok);
    assert.equal(reading.content.tokens.length, 1);
    assert.ok(swaps > 3 && swaps < 100, `${swaps} swaps`);
  });
});
