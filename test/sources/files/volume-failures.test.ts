/**
 * A volume that cannot be read for a while: nothing is shown that is not there, and no rotation is missed.
 */
import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  createVolumeState,
  lookAtVolume,
  type Rotation,
  type VolumeState,
} from '../../../src/sources/files/volume.ts';
import {
  createNode,
  KIND_OF_MOUNT,
  nextToken,
  type TestNode,
  type TestVolume,
} from '../../support/volumes.ts';

let node: TestNode;
let volume: TestVolume;
let state: VolumeState;
let rotations: Rotation[];

/** The hooks of each suite here: at the top of a file they would be those of all files. */
function useFreshState(): void {
  beforeEach(() => {
    node = createNode();
    volume = node.volume();
    state = createVolumeState(volume.place);
    rotations = [];
  });
  afterEach(() => node.remove());
}

function look(): boolean {
  return lookAtVolume(state, (rotation) => rotations.push(rotation));
}

function rotated(): readonly (string | undefined)[] {
  return rotations.map(({ after }) => `${after.identity.path} ${after.claims.id}`);
}

describe(`lookAtVolume where something fails (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const reasons = () => state.unreadable.map(({ path, reason }) => `${path}: ${reason}`);

  it('tells an empty folder, and reads it once it is mounted', () => {
    assert.equal(look(), false);
    assert.deepEqual(reasons(), [': not_mounted']);
    volume.write({ token: nextToken() });
    assert.equal(look(), true);
    assert.deepEqual(reasons(), []);
    assert.equal(state.tokens.length, 1);
  });

  it('has no tokens of a volume that went away, and hears of the rotation when it comes back', () => {
    volume.write({ token: nextToken({ jti: 'one' }) });
    look();
    volume.unmount();
    assert.equal(look(), true);
    assert.deepEqual([state.tokens, reasons()], [[], [': not_mounted']]);
    volume.mount();
    volume.write({ token: nextToken({ jti: 'two' }) });
    look();
    assert.deepEqual(rotated(), ['token two']);
  });

  for (const { it: title, broken } of [
    { it: 'was emptied', broken: { token: '' } },
    { it: 'was overwritten', broken: { token: 'no token' } },
  ]) {
    it(`hears of the rotation of a token that ${title} in between`, () => {
      volume.write({ token: nextToken({ jti: 'one' }) });
      look();
      volume.fill(broken);
      look();
      assert.equal(state.tokens.length, 0);
      volume.write({ token: nextToken({ jti: 'two' }) });
      look();
      assert.deepEqual(rotated(), ['token two']);
    });
  }

  it('hears of the rotation of a token in a folder that became a link in between', () => {
    volume.write({ 'sub/token': nextToken({ jti: 'one' }), 'subtle/token': nextToken() });
    look();
    volume.fill({});
    symlinkSync('/etc', join(volume.generation(), 'sub'));
    look();
    assert.deepEqual(reasons(), ['sub: bad_link']);
    volume.fill({ 'sub/token': nextToken({ jti: 'two' }), 'subtle/token': nextToken() });
    look();
    assert.deepEqual(rotated(), ['sub/token two']);
  });

  it('hears of the rotation of a token in a generation that could not be read in between', () => {
    volume.write({ 'sub/token': nextToken({ jti: 'one' }) });
    look();
    volume.fill({});
    rmSync(volume.generation(), { recursive: true });
    look();
    assert.deepEqual(reasons(), [': vanished']);
    volume.write({ 'sub/token': nextToken({ jti: 'two' }) });
    look();
    assert.deepEqual(rotated(), ['sub/token two']);
  });

  it('forgets a token that is gone for good', () => {
    volume.write({ token: nextToken() });
    look();
    volume.fill({ other: nextToken() });
    look();
    volume.fill({ token: 'no token any more' });
    look();
    assert.deepEqual([state.tokens, reasons()], [[], []]);
  });

  it('reads a volume again at every look while something in it is broken, though its generation stays', () => {
    volume.fill({ token: 'eyJ' });
    look();
    assert.deepEqual(reasons(), ['token: not_a_jwt']);
    const generation = volume.generation();
    rmSync(join(generation, 'token'));
    look();
    assert.deepEqual(reasons(), []);
  });

  it('holds no more tokens than a volume may have, whatever names come and go', () => {
    const tokens = (prefix: string) =>
      Object.fromEntries(Array.from({ length: 128 }, (_, index) => [`${prefix}${index}`, nextToken()]));
    for (const prefix of ['a', 'b', 'c']) {
      volume.fill({ ...tokens(prefix), zzz: nextToken() });
      look();
    }
    assert.equal(state.tokens.length, 128);
    assert.equal(state.held.length, 128);
  });
});
