/**
 * Times in words, and the pieces that commands are made of.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  accountArguments,
  findPod,
  formatDuration,
  formatRelative,
  podArguments,
} from '../../src/core/format.ts';
import { legacyToken, NOW, POD_UID, token } from '../support/tokens.ts';

describe('a length of time', () => {
  const cases = [
    { seconds: 0, words: '0s' },
    { seconds: 0.999, words: '0s' },
    { seconds: 1, words: '1s' },
    { seconds: 59.9, words: '59s' },
    { seconds: 60, words: '1m0s' },
    { seconds: 3_599, words: '59m59s' },
    { seconds: 3_600, words: '1h0m' },
    { seconds: 3_607, words: '1h0m' },
    { seconds: 86_399, words: '23h59m' },
    { seconds: 86_400, words: '1d0h' },
    { seconds: 183_600, words: '2d3h' },
    { seconds: 31_536_000, words: '365d0h' },
    { seconds: -61, words: '1m1s' },
  ];
  for (const { seconds, words } of cases) {
    it(`of ${seconds} s is ${words}`, () => assert.equal(formatDuration(seconds), words));
  }
});

describe('an instant', () => {
  const cases = [
    { after: -61, words: '1m1s ago' },
    { after: -0.5, words: '0s ago' },
    { after: 0, words: '0s ago' },
    { after: 0.5, words: 'in 0s' },
    { after: 3_600, words: 'in 1h0m' },
  ];
  for (const { after, words } of cases) {
    it(`${after} s from now is ${words}`, () => assert.equal(formatRelative(NOW, NOW + after), words));
  }
});

describe('the pod of a command', () => {
  it('is the one that the token names', () => {
    assert.equal(podArguments(token()), 'api-0 -n payments');
    assert.deepEqual(findPod(token()), []);
  });

  const unknown = [
    { it: 'is to be found where the token is bound to none', token: legacyToken() },
    {
      it: 'is to be found where the token is bound to another',
      token: token({ claims: { pod: { name: 'other', uid: 'other-uid' } } }),
    },
    {
      it: 'is to be found where the token does not say to which of that name',
      token: token({ claims: { pod: { name: 'api-0', uid: undefined } } }),
    },
  ];
  for (const { it: title, token: one } of unknown) {
    it(title, () => {
      assert.equal(podArguments(one), 'POD -n NAMESPACE');
      assert.equal(findPod(one).length, 1);
      assert.match(
        findPod(one)[0] ?? '',
        new RegExp(`^kubectl get pods -A .* \\| grep -F -e '${POD_UID}'  # `),
      );
    });
  }

  it('is looked for by the name of its folder, whatever is in it', () => {
    const [step] = findPod(legacyToken({ identity: { podUid: "it's $(here); `x`" } }));
    assert.match(step ?? '', /grep -F -e 'it'\\''s \$\(here\); `x`' {2}# /);
  });
});

describe('the service account of a command', () => {
  it('is the one that the token names', () => assert.equal(accountArguments(token()), 'api -n payments'));
});
