/**
 * A volume from look to look: each rotation is heard of exactly once.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Token } from '../../../src/core/token.ts';
import {
  createVolumeState,
  lookAtVolume,
  type Rotation,
  rotationLag,
  type VolumeState,
} from '../../../src/sources/files/volume.ts';
import { claims, legacyClaims, NOW, rawBinding, token } from '../../support/tokens.ts';
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

function only(tokens: readonly Token[]): Token {
  const [one] = tokens;
  assert.ok(one !== undefined && tokens.length === 1);
  return one;
}

function rotated(): readonly (string | undefined)[] {
  return rotations.map(({ after }) => `${after.identity.path} ${after.claims.id}`);
}

describe(`lookAtVolume (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('names a token by its claims and its place', () => {
    volume.write({ 'sub/token': nextToken() });
    assert.equal(look(), true);
    assert.deepEqual(only(state.tokens).identity, {
      namespace: 'payments',
      pod: 'api-0',
      podUid: volume.place.podUid,
      serviceAccount: 'api',
      volume: 'vault-token',
      path: 'sub/token',
    });
  });

  it('names no pod for a token that is bound to another', () => {
    volume.write({
      token: nextToken({ 'kubernetes.io': rawBinding({ pod: { name: 'other', uid: 'other-uid' } }) }),
    });
    look();
    assert.equal(only(state.tokens).identity.pod, '');
  });

  it('keeps a token as the same object where only what lies beside it gives reason to read again', () => {
    volume.write({ token: nextToken(), broken: 'eyJ' });
    look();
    const [before] = state.tokens;
    assert.equal(state.unreadable.length, 1);
    look();
    assert.equal(only(state.tokens), before);
  });

  it('finds nothing to do where nothing changed', () => {
    volume.write({ token: nextToken() });
    look();
    const [before] = state.tokens;
    assert.equal(look(), false);
    assert.equal(state.tokens[0], before);
  });

  it('hears of no rotation at the first look', () => {
    volume.write({ token: nextToken() });
    look();
    assert.deepEqual(rotations, []);
  });

  it('hears of each rotation once', () => {
    volume.write({ token: nextToken({ jti: 'one' }) });
    look();
    volume.write({ token: nextToken({ jti: 'two' }) });
    look();
    look();
    volume.write({ token: nextToken({ jti: 'three' }) });
    look();
    assert.deepEqual(rotated(), ['token two', 'token three']);
  });

  it('hears of the rotation of one token and not of its neighbour, which was written again as it was', () => {
    const neighbour = nextToken();
    volume.write({ first: nextToken(), second: neighbour });
    look();
    volume.write({ first: nextToken({ jti: 'new' }), second: neighbour });
    look();
    assert.deepEqual(rotated(), ['first new']);
  });

  it('hears of no rotation where only a certificate is new', () => {
    const same = nextToken();
    volume.write({ token: same, 'ca.crt': 'a certificate' });
    look();
    const before = only(state.tokens);
    volume.write({ token: same, 'ca.crt': 'another certificate' });
    assert.equal(look(), true);
    assert.deepEqual(rotations, []);
    assert.equal(only(state.tokens).lastRotation, before.lastRotation);
  });

  it('hears of no rotation where a token comes or goes', () => {
    const same = nextToken();
    volume.write({ token: same });
    look();
    volume.write({ token: same, other: nextToken() });
    look();
    volume.write({ token: same });
    look();
    assert.deepEqual(rotations, []);
    assert.equal(only(state.tokens).identity.path, 'token');
  });

  it('keeps the identity of a token as one object over rotations', () => {
    volume.write({ token: nextToken() });
    look();
    const { identity } = only(state.tokens);
    volume.write({ token: nextToken() });
    look();
    assert.equal(only(state.tokens).identity, identity);
  });

  it('takes another identity where the token is of another account', () => {
    volume.write({ token: nextToken() });
    look();
    const account = { name: 'other', uid: 'other-uid' };
    volume.write({
      token: nextToken({
        sub: 'system:serviceaccount:payments:other',
        'kubernetes.io': rawBinding({ serviceaccount: account }),
      }),
    });
    look();
    assert.equal(only(state.tokens).identity.serviceAccount, 'other');
  });

  it('takes the time of a rotation before ours from the claims, and of one it saw from the file', () => {
    volume.write({ token: nextToken({ iat: NOW - 100 }) });
    look();
    assert.equal(only(state.tokens).lastRotation, NOW - 100);
    volume.write({ token: nextToken({ iat: NOW }) });
    look();
    const { lastRotation, file } = only(state.tokens);
    assert.equal(lastRotation, file.modifiedAt);
  });
});

describe('rotationLag', () => {
  const hour = token({ claims: claims() });
  const after = (issuedAt: number | undefined) => token({ claims: claims({ issuedAt }) });
  const due = NOW + 2_880;

  for (const { it: title, before, issuedAt, lag } of [
    { it: 'is 0 for a token that came before its time', before: hour, issuedAt: due - 10, lag: 0 },
    { it: 'is 0 for one that came just in time', before: hour, issuedAt: due, lag: 0 },
    { it: 'is what a token came late', before: hour, issuedAt: due + 95, lag: 95 },
    { it: 'is not known of a token without a time', before: hour, issuedAt: undefined, lag: undefined },
    {
      it: 'is not known where no refresh was due',
      before: token({ volumeKind: 'secret', claims: legacyClaims() }),
      issuedAt: NOW,
      lag: undefined,
    },
  ]) {
    it(title, () => assert.equal(rotationLag({ before, after: after(issuedAt) }), lag));
  }
});
