/**
 * The generation of a volume: as the kubelet leaves it, broken, and swapped while it is read.
 */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'mocha';
import { swapData } from '../../../simulator/kubelet/atomic-writer.ts';
import { currentGeneration, MAX_ATTEMPTS, readVolume } from '../../../src/sources/files/generation.ts';
import { POD_UID } from '../../support/tokens.ts';
import {
  complete,
  KIND_OF_MOUNT,
  lineOf,
  nextToken,
  onFreshNode,
  swappedBefore,
  type TestNode,
  type TestVolume,
} from './support/test-node.ts';

let node: TestNode;
let volume: TestVolume;

const useFreshState = onFreshNode((fresh) => {
  node = fresh;
  volume = node.volume();
});

const never = (): boolean => false;

function generationName(): string {
  return basename(volume.generation());
}

describe(`currentGeneration (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const link = (target: string) => () => symlinkSync(target, volume.location.link);

  function reason(): string {
    const generation = currentGeneration(volume.location.link);
    return generation.ok ? '' : generation.error.reason;
  }

  it('returns the name of the directory that ..data points to', () => {
    volume.write({ token: nextToken() });
    assert.deepEqual(currentGeneration(volume.location.link), { ok: true, value: generationName() });
  });

  for (const { it: title, make, expected } of [
    { it: 'is missing', make: () => undefined, expected: 'not_mounted' },
    { it: 'is a directory', make: () => mkdirSync(volume.location.link), expected: 'bad_link' },
    { it: 'is a file', make: () => writeFileSync(volume.location.link, ''), expected: 'bad_link' },
    { it: 'points to the root directory', make: link('/'), expected: 'bad_link' },
    { it: 'points to an absolute path', make: link('/etc'), expected: 'bad_link' },
    { it: 'points out of the volume', make: link('../other/..2026_11_24'), expected: 'bad_link' },
    { it: 'points to the parent directory', make: link('..'), expected: 'bad_link' },
    { it: 'points through a directory of the volume', make: link('..2026_11_24/..'), expected: 'bad_link' },
    { it: 'points to a file of the volume', make: link('token'), expected: 'bad_link' },
    { it: 'points to a name with a line break', make: link('..2026\n'), expected: 'bad_link' },
  ]) {
    it(`fails with ${expected} if ..data ${title}`, () => {
      make();
      assert.equal(reason(), expected);
    });
  }

  it('fails with not_mounted after an unmount', () => {
    volume.write({ token: nextToken() });
    volume.unmount();
    assert.equal(reason(), 'not_mounted');
  });
});

describe(`readVolume (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const read = (generation = generationName()) => complete(readVolume(volume.location, generation, never));
  const idsOf = (reading: ReturnType<typeof read>) => {
    assert.ok(reading.ok);
    const { tokens, unreadable } = reading.value.content;
    assert.deepEqual(unreadable, []);
    return tokens.map(({ claims }) => claims.id);
  };
  const reasonsOf = (reading: ReturnType<typeof read>) => {
    assert.ok(reading.ok);
    return reading.value.content.unreadable.map(({ reason }) => reason);
  };

  it('reads what ..data points to, and ignores what a killed kubelet left behind', () => {
    volume.fill({ token: nextToken({ jti: 'old' }) });
    volume.fill({ token: nextToken({ jti: 'new' }) });
    symlinkSync('..2026_01_01_00_00_00.1', join(volume.location.directory, '..data_tmp'));
    assert.deepEqual(idsOf(read()), ['new']);
  });

  it('reads nothing if ..data points to itself', () => {
    symlinkSync('..data', volume.location.link);
    const reading = read('..data');
    assert.ok(reading.ok);
    assert.deepEqual(reading.value.content.tokens, []);
    assert.deepEqual(reasonsOf(reading), ['not_a_directory']);
  });

  it('reads the next generation if the first was removed before it was opened', () => {
    volume.write({ token: nextToken({ jti: 'old' }) });
    const before = generationName();
    volume.write({ token: nextToken({ jti: 'new' }) });
    const reading = read(before);
    assert.deepEqual(idsOf(reading), ['new']);
    assert.equal(reading.ok && reading.value.generation, generationName());
  });

  it('reads the next generation if the first lost a file before it was listed', () => {
    volume.fill({ first: nextToken({ jti: 'old' }), second: nextToken({ jti: 'old' }) });
    const before = volume.generation();
    volume.fill({ first: nextToken({ jti: 'new' }), second: nextToken({ jti: 'new' }) });
    rmSync(join(before, 'first'));
    assert.deepEqual(idsOf(read(basename(before))), ['new', 'new']);
  });

  it('reads the next generation if the first was removed after it was listed', () => {
    volume.write({ 'ca.crt': 'a certificate', token: nextToken({ jti: 'old' }) });
    const rotations = [() => volume.write({ 'ca.crt': 'a certificate', token: nextToken({ jti: 'new' }) })];
    // Called for the certificate, which is read before the token.
    const rotateOnce = (): boolean => {
      rotations.pop()?.();
      return false;
    };
    assert.deepEqual(idsOf(complete(readVolume(volume.location, generationName(), rotateOnce))), ['new']);
  });

  it('reports a volume that is swapped before every reading as changing, and no file of it as missing', () => {
    let swaps = 0;
    const location = swappedBefore(volume, () => {
      swaps += 1;
      volume.write({ token: nextToken() });
    });
    const reading = complete(readVolume(location, '..removed', never));
    assert.ok(reading.ok);
    const { tokens, unreadable } = reading.value.content;
    assert.deepEqual([tokens, unreadable.map(lineOf)], [[], [`${POD_UID}/vault-token: changing`]]);
    assert.equal(swaps, MAX_ATTEMPTS);
  });

  it('reports no file as missing if files were removed during every reading', () => {
    const write = (): void => volume.write({ 'ca.crt': 'a certificate', token: nextToken() });
    // Called for the certificate, which is read before the token.
    const rotate = (): boolean => {
      write();
      return false;
    };
    write();
    assert.deepEqual(reasonsOf(complete(readVolume(volume.location, generationName(), rotate))), [
      'changing',
    ]);
  });

  it('fails with not_mounted if the volume is unmounted while it is read', () => {
    volume.write({ token: nextToken() });
    const before = generationName();
    volume.unmount();
    const reading = read(before);
    assert.equal(reading.ok ? '' : reading.error.reason, 'not_mounted');
  });

  it('reports a missing generation as vanished if ..data still points to it', () => {
    volume.fill({ token: nextToken() });
    const generation = volume.generation();
    renameSync(generation, `${generation}-moved`);
    assert.deepEqual(reasonsOf(read(basename(generation))), ['vanished']);
  });

  it('stops reading a volume that is swapped during every attempt', () => {
    const before = Array.from({ length: 3 }, () => {
      volume.fill({ token: nextToken() });
      return generationName();
    });
    let swaps = 0;
    // Called for each file that is not a token: a hook that runs in the middle of every attempt.
    const swapWhileRead = (): boolean => {
      swaps += 1;
      swapData(volume.location.directory, before[swaps % before.length] ?? '');
      return false;
    };
    for (const name of before)
      writeFileSync(join(volume.location.directory, name, 'ca.crt'), 'a certificate');
    const reading = complete(readVolume(volume.location, generationName(), swapWhileRead));
    assert.ok(reading.ok);
    assert.equal(reading.value.content.tokens.length, 1);
    assert.ok(swaps > 3 && swaps < 100, `${swaps} swaps`);
  });
});
