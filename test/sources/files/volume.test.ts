/**
 * A volume from refresh to refresh: each rotation is reported exactly once.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Token } from '../../../src/core/token/token.ts';
import { type Rotation, readChanges, rotationLag, type Volume } from '../../../src/sources/files/volume.ts';
import { claims, legacyClaims, NOW, rawBinding, token } from '../../support/tokens.ts';
import {
  complete,
  KIND_OF_MOUNT,
  nextToken,
  onFreshNode,
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

function only(tokens: readonly Token[]): Token {
  const [one] = tokens;
  assert.ok(one !== undefined && tokens.length === 1);
  return one;
}

function rotated(): readonly (string | undefined)[] {
  return rotations.map(({ after }) => `${after.identity.path} ${after.claims.id}`);
}

describe(`readChanges (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('identifies a token by its claims and its path', () => {
    volume.write({ 'sub/token': nextToken() });
    assert.equal(read(), true);
    assert.deepEqual(only(state.tokens).identity, {
      namespace: 'payments',
      pod: 'api-0',
      podUid: volume.location.podUid,
      serviceAccount: 'api',
      volume: 'vault-token',
      path: 'sub/token',
    });
  });

  it('leaves the name of the pod empty if the token is bound to another pod', () => {
    volume.write({
      token: nextToken({ 'kubernetes.io': rawBinding({ pod: { name: 'other', uid: 'other-uid' } }) }),
    });
    read();
    assert.equal(only(state.tokens).identity.pod, '');
  });

  it('does not read an unchanged volume again if the content of a file is the failure', () => {
    volume.write({ token: nextToken(), broken: 'eyJ' });
    read();
    const before = state.unreadable;
    read();
    assert.equal(state.unreadable, before);
  });

  it('reads an unchanged volume again if a file had vanished, and keeps the object of a token', () => {
    volume.write({ token: nextToken() });
    read();
    const token = only(state.tokens);
    const { podUid } = volume.location;
    state.unreadable = [{ podUid, volume: 'vault-token', path: 'x', reason: 'vanished', detail: '' }];
    read();
    assert.deepEqual(state.unreadable, []);
    assert.equal(only(state.tokens), token);
  });

  it('returns false and keeps the object of a token if nothing changed', () => {
    volume.write({ token: nextToken() });
    read();
    const [before] = state.tokens;
    assert.equal(read(), false);
    assert.equal(state.tokens[0], before);
  });

  it('reports no rotation for the first reading', () => {
    volume.write({ token: nextToken() });
    read();
    assert.deepEqual(rotations, []);
  });

  it('reports each rotation once', () => {
    volume.write({ token: nextToken({ jti: 'one' }) });
    read();
    volume.write({ token: nextToken({ jti: 'two' }) });
    read();
    read();
    volume.write({ token: nextToken({ jti: 'three' }) });
    read();
    assert.deepEqual(rotated(), ['token two', 'token three']);
  });

  it('reports the rotation of one token, and none of another that was rewritten unchanged', () => {
    const unchanged = nextToken();
    volume.write({ first: nextToken(), second: unchanged });
    read();
    volume.write({ first: nextToken({ jti: 'new' }), second: unchanged });
    read();
    assert.deepEqual(rotated(), ['first new']);
  });

  it('reports no rotation if only a certificate changed', () => {
    const same = nextToken();
    volume.write({ token: same, 'ca.crt': 'a certificate' });
    read();
    const before = only(state.tokens);
    volume.write({ token: same, 'ca.crt': 'another certificate' });
    assert.equal(read(), true);
    assert.deepEqual(rotations, []);
    assert.equal(only(state.tokens).lastRotation, before.lastRotation);
  });

  it('reports no rotation if a token is added or removed', () => {
    const same = nextToken();
    volume.write({ token: same });
    read();
    volume.write({ token: same, other: nextToken() });
    read();
    volume.write({ token: same });
    read();
    assert.deepEqual(rotations, []);
    assert.equal(only(state.tokens).identity.path, 'token');
  });

  it('keeps the object of the identity across rotations', () => {
    volume.write({ token: nextToken() });
    read();
    const { identity } = only(state.tokens);
    volume.write({ token: nextToken() });
    read();
    assert.equal(only(state.tokens).identity, identity);
  });

  it('replaces the identity if the token is of another service account', () => {
    volume.write({ token: nextToken() });
    read();
    const account = { name: 'other', uid: 'other-uid' };
    volume.write({
      token: nextToken({
        sub: 'system:serviceaccount:payments:other',
        'kubernetes.io': rawBinding({ serviceaccount: account }),
      }),
    });
    read();
    assert.equal(only(state.tokens).identity.serviceAccount, 'other');
  });

  it('takes the time of an earlier rotation from the claims, and of an observed one from the file', () => {
    volume.write({ token: nextToken({ iat: NOW - 100 }) });
    read();
    assert.equal(only(state.tokens).lastRotation, NOW - 100);
    volume.write({ token: nextToken({ iat: NOW }) });
    read();
    const { lastRotation, file } = only(state.tokens);
    assert.equal(lastRotation, file.modifiedAt);
  });
});

describe('rotationLag', () => {
  const hour = token({ claims: claims() });
  const after = (issuedAt: number | undefined) => token({ claims: claims({ issuedAt }) });
  const due = NOW + 2_880;

  for (const { it: title, before, issuedAt, lag } of [
    { it: 'returns 0 for a token that was issued early', before: hour, issuedAt: due - 10, lag: 0 },
    {
      it: 'returns 0 for a token that was issued when the refresh was due',
      before: hour,
      issuedAt: due,
      lag: 0,
    },
    { it: 'returns the seconds by which a token was issued late', before: hour, issuedAt: due + 95, lag: 95 },
    {
      it: 'returns undefined for a token without an issue time',
      before: hour,
      issuedAt: undefined,
      lag: undefined,
    },
    {
      it: 'returns undefined if no refresh was due',
      before: token({ volumeKind: 'secret', claims: legacyClaims() }),
      issuedAt: NOW,
      lag: undefined,
    },
  ]) {
    it(title, () => assert.equal(rotationLag({ before, after: after(issuedAt) }), lag));
  }
});
