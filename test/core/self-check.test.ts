/**
 * Whether the exporter sees its own tokens as it should.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Observation, ReadFailure } from '../../src/core/observation.ts';
import { CANARY_VOLUME, findCanary, runSelfChecks, SELF_CHECKS } from '../../src/core/self-check.ts';
import { createTakeSnapshot } from '../../src/core/snapshot.ts';
import { facts, NOW, observation, POD_UID, policy, token } from '../support/tokens.ts';

const own = token();
const self = { podUid: POD_UID, mountedTokenId: own.claims.id };

function failed(reason: ReadFailure): Observation['unreadable'] {
  return [{ podUid: POD_UID, volume: 'vault-token', path: '', reason, detail: '' }];
}

describe('the self view', () => {
  const cases = [
    { it: 'sees its token', seen: { tokens: [own] }, wrong: [] },
    {
      it: 'looks into another folder',
      seen: { tokens: [token({ identity: { podUid: 'b' } })] },
      wrong: SELF_CHECKS,
    },
    {
      it: 'sees empty volumes',
      seen: { unreadable: failed('not_mounted') },
      wrong: ['propagation', 'readable', 'same_content'],
    },
    {
      it: 'may not read',
      seen: { unreadable: failed('permission_denied') },
      wrong: ['readable', 'same_content'],
    },
    {
      it: 'reads some of it',
      seen: { tokens: [own], unreadable: failed('permission_denied') },
      wrong: ['readable'],
    },
    {
      it: 'sees another token than in its mount',
      seen: { tokens: [token({ claims: { id: 'another' } })] },
      wrong: ['same_content'],
    },
  ] as const;
  for (const { it: title, seen, wrong } of cases) {
    it(`${title}: ${wrong.join(', ') || 'all is well'}`, () => {
      const view = runSelfChecks(observation({ tokens: [], ...seen }), self);
      assert.deepEqual([...view.keys()], [...SELF_CHECKS]);
      assert.deepEqual(
        [...view].filter(([, isGood]) => !isGood).map(([check]) => check),
        [...wrong],
      );
    });
  }

  it('does not take the lack of an id for sameness', () => {
    const view = runSelfChecks(observation({ tokens: [token({ claims: { id: undefined } })] }), {
      ...self,
      mountedTokenId: undefined,
    });
    assert.equal(view.get('same_content'), false);
  });

  it('says nothing where it does not know its pod', () => {
    assert.equal(runSelfChecks(observation({ tokens: [own] }), undefined).size, 0);
  });
});

describe('the canary', () => {
  const canary = token({ identity: { volume: CANARY_VOLUME, path: 'token' } });
  const { assessments } = createTakeSnapshot(policy())(
    facts({ observation: observation({ tokens: [own, canary] }) }),
    NOW,
  );

  it('is the token of its volume in the own pod', () => {
    assert.equal(findCanary(assessments, self)?.token, canary);
  });
  it('is none of another pod', () =>
    assert.equal(findCanary(assessments, { ...self, podUid: 'b' }), undefined));
  it('is none where the own pod is not known', () =>
    assert.equal(findCanary(assessments, undefined), undefined));
});
