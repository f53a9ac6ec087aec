/**
 * orphaned: the API server does not know the pod of a folder.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { findMissing, withoutOrphans } from '../../../src/core/missing-tokens.ts';
import type { Unreadable } from '../../../src/core/observation.ts';
import { podFacts } from '../../support/cluster.ts';
import { legacyToken, observation, POD_UID } from '../../support/tokens.ts';
import { testCases } from './cases.ts';

const HOUR = 3_600;
const absent = { pods: new Map() };

describe('orphaned, for a token', () => {
  testCases('orphaned', [
    { it: 'passes a token of a pod that the API server knows', status: 'pass' },
    {
      it: 'passes a fresh token of a pod that the API server does not know yet, or no longer',
      cluster: absent,
      status: 'pass',
      failures: [],
    },
    {
      it: 'fails an overdue token of a pod that the API server does not know, as the only check',
      after: HOUR - 60,
      cluster: absent,
      status: 'fail',
      detail: 'written 59m0s ago; the API server does not know the pod',
      failures: ['orphaned'],
    },
    {
      it: 'fails an expired token of a pod that the API server does not know, as the only check',
      after: 2 * HOUR,
      cluster: absent,
      status: 'fail',
      failures: ['orphaned'],
    },
    {
      it: 'passes a token without data on the pods',
      after: 2 * HOUR,
      cluster: { pods: undefined },
      status: 'pass',
    },
    {
      it: 'fails an old legacy token of a pod that the API server does not know',
      token: legacyToken(),
      after: HOUR + 1,
      cluster: absent,
      status: 'fail',
      failures: ['orphaned'],
    },
    {
      it: 'passes a legacy token that was written an hour ago',
      token: legacyToken(),
      after: HOUR,
      cluster: absent,
      status: 'pass',
    },
  ]);
});

describe('orphaned, for a folder', () => {
  const empty: Unreadable = {
    podUid: 'gone',
    volume: 'kube-api-access-abcde',
    path: '',
    reason: 'not_mounted',
    detail: '',
  };
  const known = { ...empty, podUid: POD_UID };
  const pods = new Map([[POD_UID, podFacts({ projections: [] })]]);
  const seen = observation({ tokens: [], unreadable: [empty, empty, known] });

  it('is found once for each volume of a pod that the API server does not know', () => {
    const found = findMissing(seen, { ...NO_CLUSTER, pods });
    assert.deepEqual(
      found.map(({ check, identity, detail }) => [check.reason, identity.podUid, identity.volume, detail]),
      [
        [
          'orphaned',
          'gone',
          'kube-api-access-abcde',
          'the API server does not know the pod; the volume is empty',
        ],
      ],
    );
  });

  it('is not found if the pods are not known', () => {
    assert.deepEqual(findMissing(seen, NO_CLUSTER), []);
    assert.equal(withoutOrphans(seen, NO_CLUSTER), seen);
  });

  it('is not found for the folder of all pods', () => {
    const all = observation({ tokens: [], unreadable: [{ ...empty, podUid: '', volume: '' }] });
    assert.deepEqual(findMissing(all, { ...NO_CLUSTER, pods }), []);
  });

  it('is no unreadable object in addition', () => {
    assert.deepEqual(withoutOrphans(seen, { ...NO_CLUSTER, pods }).unreadable, [known]);
  });

  it('is not found for a file of such a pod that cannot be read', () => {
    const denied = observation({ tokens: [], unreadable: [{ ...empty, reason: 'permission_denied' }] });
    assert.deepEqual(findMissing(denied, { ...NO_CLUSTER, pods }), []);
    assert.equal(withoutOrphans(denied, { ...NO_CLUSTER, pods }), denied);
  });

  it('is confirmed by the UID, which is quoted in commands', () => {
    const [found] = findMissing(
      observation({ tokens: [], unreadable: [{ ...empty, podUid: "a'; rm -rf /" }] }),
      { ...NO_CLUSTER, pods },
    );
    const [step = ''] = found?.check.fixMissing(found.identity) ?? [];
    assert.match(step, /-e 'a'\\''; rm -rf \/'/);
  });
});
