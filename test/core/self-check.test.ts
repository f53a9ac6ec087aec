/**
 * Whether the exporter finds the tokens of its own pod.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Observation, ReadFailure } from '../../src/core/observation.ts';
import { CANARY_VOLUME, findCanary, runSelfChecks, SELF_CHECKS } from '../../src/core/self-check.ts';
import { createTakeSnapshot } from '../../src/core/snapshot.ts';
import type { TokenClaims } from '../../src/core/token/token.ts';
import { facts, NOW, observation, POD_UID, policy, token } from '../support/tokens.ts';

const own = token();
const self = { podUid: POD_UID, mountedToken: own.claims };

function failed(reason: ReadFailure): Observation['unreadable'] {
  return [{ podUid: POD_UID, volume: 'vault-token', path: '', reason, detail: '' }];
}

describe('runSelfChecks', () => {
  const cases = [
    { it: 'passes if the token is found', seen: { tokens: [own] }, wrong: [] },
    {
      it: 'fails if the folder is that of another pod',
      seen: { tokens: [token({ identity: { podUid: 'b' } })] },
      wrong: SELF_CHECKS,
    },
    {
      it: 'fails if the volumes are empty',
      seen: { unreadable: failed('not_mounted') },
      wrong: ['propagation', 'readable', 'same_content'],
    },
    {
      it: 'fails if the token cannot be read',
      seen: { unreadable: failed('permission_denied') },
      wrong: ['readable', 'same_content'],
    },
    {
      it: 'fails if one of the tokens cannot be read',
      seen: { tokens: [own], unreadable: failed('permission_denied') },
      wrong: ['readable'],
    },
    {
      it: 'fails if the token differs from the one in the mount',
      seen: { tokens: [token({ claims: { id: 'another' } })] },
      wrong: ['same_content'],
    },
  ] as const;
  for (const { it: title, seen, wrong } of cases) {
    it(`${title}: ${wrong.join(', ') || 'no failed check'}`, () => {
      const view = runSelfChecks(observation({ tokens: [], ...seen }), self);
      assert.deepEqual([...view.keys()], [...SELF_CHECKS]);
      assert.deepEqual(
        [...view].filter(([, isGood]) => !isGood).map(([check]) => check),
        [...wrong],
      );
    });
  }

  it('fails same_content if the mount has no token', () => {
    const view = runSelfChecks(observation({ tokens: [token({ claims: { id: undefined } })] }), {
      ...self,
      mountedToken: undefined,
    });
    assert.equal(view.get('same_content'), false);
  });

  describe('same_content of tokens without an id, as before Kubernetes 1.30', () => {
    const mounted = token({ claims: { id: undefined } });
    const isSame = (claims: Partial<TokenClaims>): boolean | undefined =>
      runSelfChecks(observation({ tokens: [token({ claims: { id: undefined, ...claims } })] }), {
        ...self,
        mountedToken: mounted.claims,
      }).get('same_content');

    it('passes if the times, the key and the audiences are the same', () => assert.equal(isSame({}), true));
    it('fails if only the node has an id', () => assert.equal(isSame({ id: 'an-id' }), false));
    for (const [name, claims] of Object.entries({
      'issue time': { issuedAt: NOW - 1 },
      expiration: { expiresAt: NOW + 1 },
      key: { keyId: 'key-2' },
      audience: { audiences: ['another'] },
    }))
      it(`fails if the ${name} differs`, () => assert.equal(isSame(claims), false));
  });

  it('returns nothing if the exporter does not know its pod', () => {
    assert.equal(runSelfChecks(observation({ tokens: [own] }), undefined).size, 0);
  });
});

describe('findCanary', () => {
  const canary = token({ identity: { volume: CANARY_VOLUME, path: 'token' } });
  const { assessments } = createTakeSnapshot(policy())(
    facts({ observation: observation({ tokens: [own, canary] }) }),
    NOW,
  );

  it("returns the token in the canary volume of the exporter's pod", () => {
    assert.equal(findCanary(assessments, self)?.token, canary);
  });
  it('returns undefined for the canary of another pod', () =>
    assert.equal(findCanary(assessments, { ...self, podUid: 'b' }), undefined));
  it('returns undefined if the exporter does not know its pod', () =>
    assert.equal(findCanary(assessments, undefined), undefined));
});
