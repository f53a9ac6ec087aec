/**
 * A volume that cannot be read for a while: no stale token is shown, and no rotation is missed.
 */
import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import { type Rotation, readChanges, type Volume } from '../../../src/sources/files/volume.ts';
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
  unwatched,
} from './support/test-node.ts';

let node: TestNode;
let volume: TestVolume;
let state: Volume;
let rotations: Rotation[];

const useFreshState = onFreshNode((fresh) => {
  node = fresh;
  volume = node.volume();
  state = unwatched(volume);
  rotations = [];
});

function read(): boolean {
  return complete(readChanges(state, (rotation) => rotations.push(rotation)));
}

function rotated(): readonly (string | undefined)[] {
  return rotations.map(({ after }) => `${after.identity.path} ${after.claims.id}`);
}

describe(`readChanges of a volume with failures (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const reasons = () => state.unreadable.map(({ path, reason }) => `${path}: ${reason}`);

  it('reports an empty directory as not_mounted, and reads it once it is mounted', () => {
    assert.equal(read(), false);
    assert.deepEqual(reasons(), [': not_mounted']);
    volume.write({ token: nextToken() });
    assert.equal(read(), true);
    assert.deepEqual(reasons(), []);
    assert.equal(state.tokens.length, 1);
  });

  it('has no tokens while the volume is unmounted, and reports the rotation when it is mounted again', () => {
    volume.write({ token: nextToken({ jti: 'one' }) });
    read();
    volume.unmount();
    assert.equal(read(), true);
    assert.deepEqual([state.tokens, reasons()], [[], [': not_mounted']]);
    volume.mount();
    volume.write({ token: nextToken({ jti: 'two' }) });
    read();
    assert.deepEqual(rotated(), ['token two']);
  });

  for (const { it: title, broken } of [
    { it: 'was emptied', broken: { token: '' } },
    { it: 'was overwritten', broken: { token: 'not a token' } },
  ]) {
    it(`reports the rotation of a token that ${title} in between`, () => {
      volume.write({ token: nextToken({ jti: 'one' }) });
      read();
      volume.fill(broken);
      read();
      assert.equal(state.tokens.length, 0);
      volume.write({ token: nextToken({ jti: 'two' }) });
      read();
      assert.deepEqual(rotated(), ['token two']);
    });
  }

  it('reports the rotation of a token whose directory was a link in between', () => {
    volume.write({ 'sub/token': nextToken({ jti: 'one' }), 'subtle/token': nextToken() });
    read();
    volume.fill({});
    symlinkSync('/etc', join(volume.generation(), 'sub'));
    read();
    assert.deepEqual(reasons(), ['sub: bad_link']);
    volume.fill({ 'sub/token': nextToken({ jti: 'two' }), 'subtle/token': nextToken() });
    read();
    assert.deepEqual(rotated(), ['sub/token two']);
  });

  it('reports the rotation of a token whose generation was missing in between', () => {
    volume.write({ 'sub/token': nextToken({ jti: 'one' }) });
    read();
    volume.fill({});
    rmSync(volume.generation(), { recursive: true });
    read();
    assert.deepEqual(reasons(), [': vanished']);
    volume.write({ 'sub/token': nextToken({ jti: 'two' }) });
    read();
    assert.deepEqual(rotated(), ['sub/token two']);
  });

  it('forgets a token that was removed', () => {
    volume.write({ token: nextToken() });
    read();
    volume.fill({ other: nextToken() });
    read();
    volume.fill({ token: 'not a token' });
    read();
    assert.deepEqual([state.tokens, reasons()], [[], []]);
  });

  it('reads a volume with a broken token again only once its generation changes', () => {
    volume.fill({ token: 'eyJ' });
    read();
    assert.deepEqual(reasons(), ['token: not_a_jwt']);
    rmSync(join(volume.generation(), 'token'));
    assert.equal(read(), false);
    assert.deepEqual(reasons(), ['token: not_a_jwt']);
    volume.fill({});
    assert.equal(read(), true);
    assert.deepEqual(reasons(), []);
  });

  it('remembers at most as many tokens as a volume may have, even if their names keep changing', () => {
    const tokens = (prefix: string) =>
      Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`${prefix}${index}`, nextToken()]));
    for (const prefix of ['a', 'b', 'c']) {
      volume.fill({ ...tokens(prefix), zzz: nextToken() });
      read();
    }
    assert.equal(state.tokens.length, 64);
    assert.equal(state.previousTokens.length, 64);
  });
});

describe(`readChanges of a volume that is swapped during every reading (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  let isRacing: boolean;
  let id: number;

  /** Leaves the generation that is read next without its second token. */
  function swap(): void {
    if (!isRacing) return;
    const before = volume.generation();
    fill();
    rmSync(join(before, 'second'), { force: true });
  }
  function fill(): void {
    id += 1;
    volume.fill({ first: nextToken({ jti: `first-${id}` }), second: nextToken({ jti: `second-${id}` }) });
  }
  beforeEach(() => {
    [isRacing, id] = [false, 0];
    state = unwatched({ location: swappedBefore(volume, swap) });
    fill();
  });

  function readWhileRacing(): void {
    fill();
    isRacing = true;
    read();
    isRacing = false;
  }
  const ids = () => state.tokens.map(({ claims }) => claims.id).sort();
  /** The generation before the last one was read last. */
  const lastRead = () => `first-${id - 1}`;

  it('keeps the tokens that were not found, and reports only the volume as unreadable', () => {
    read();
    readWhileRacing();
    assert.deepEqual(ids(), [lastRead(), 'second-1']);
    assert.deepEqual(state.unreadable.map(lineOf), [`${POD_UID}/vault-token: changing`]);
  });

  it('reads the volume again at the next refresh, and reports each rotation once', () => {
    read();
    readWhileRacing();
    assert.equal(read(), true);
    assert.deepEqual(ids(), [`first-${id}`, `second-${id}`]);
    assert.deepEqual(state.unreadable, []);
    assert.deepEqual(rotated(), [`first ${lastRead()}`, `first first-${id}`, `second second-${id}`]);
  });

  it('has only the tokens that were found if it was never read before', () => {
    readWhileRacing();
    assert.deepEqual(ids(), [lastRead()]);
    assert.deepEqual(state.unreadable.map(lineOf), [`${POD_UID}/vault-token: changing`]);
  });

  it('does not bring back a token that was unreadable before', () => {
    read();
    volume.fill({ first: nextToken(), second: '' });
    read();
    readWhileRacing();
    assert.deepEqual(ids().length, 1);
  });
});
