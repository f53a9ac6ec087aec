/**
 * The shell commands that fixes share.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { accountArguments, findPod, podArguments } from '../../../src/core/checks/commands.ts';
import { legacyToken, POD_UID, token } from '../../support/tokens.ts';

describe('the kubectl arguments for a pod', () => {
  it('name the pod that holds the token', () => {
    assert.equal(podArguments(token()), 'api-0 -n payments');
    assert.deepEqual(findPod(token()), []);
  });

  it('name the pod that holds the token, not one that the token names', () => {
    const one = token({ claims: { namespace: 'billing', pod: { name: 'other', uid: 'other-uid' } } });
    const { identity } = token();
    assert.equal(podArguments({ ...one, identity }), 'api-0 -n payments');
  });

  const identity = { namespace: '', pod: '' };
  const cases = [
    { it: 'are placeholders if the token is not bound to a pod', token: legacyToken({ identity }) },
    {
      it: 'are placeholders if the token is bound to another pod',
      token: token({ claims: { pod: { name: 'other', uid: 'other-uid' } }, identity }),
    },
    {
      it: 'are placeholders if the token names no pod UID',
      token: token({ claims: { pod: { name: 'api-0', uid: undefined } }, identity }),
    },
  ];
  for (const { it: title, token: one } of cases) {
    it(`${title}, and a command finds their values`, () => {
      assert.equal(podArguments(one), 'POD -n NAMESPACE');
      assert.equal(findPod(one).length, 1);
      assert.match(
        findPod(one)[0] ?? '',
        new RegExp(`^kubectl get pods -A .* \\| grep -F -e '${POD_UID}'  # `),
      );
    });
  }

  it('are found by the name of the pod folder, quoted', () => {
    const [step] = findPod(legacyToken({ identity: { podUid: "it's $(here); `x`" } }));
    assert.match(step ?? '', /grep -F -e 'it'\\''s \$\(here\); `x`' {2}# /);
  });
});

describe('the kubectl arguments for a service account', () => {
  it('name the service account of the token', () =>
    assert.equal(accountArguments(token()), 'api -n payments'));
});
