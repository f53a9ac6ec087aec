/**
 * Missing tokens, how long they have been missing, and pods that have no token by design.
 *
 * The checks that find them have their own tests in checks/.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClusterFacts, NO_CLUSTER, type PodFacts } from '../../src/core/cluster-facts.ts';
import {
  filterPersistent,
  findMissing,
  noTokenReason,
  tokenlessPods,
  trackMissing,
  withMisplaced,
} from '../../src/core/missing-tokens.ts';
import { NOTHING_OBSERVED } from '../../src/core/observation.ts';
import { podFacts, projection } from '../support/cluster.ts';
import { legacyToken, NOW, observation, POD_UID } from '../support/tokens.ts';

function only(pod: PodFacts): ClusterFacts {
  return { ...NO_CLUSTER, pods: new Map([[pod.uid, pod]]) };
}

/** The pod of the default token, without any file. */
const missingTokens = findMissing(
  observation({ scannedAt: NOW, tokens: [] }),
  only(podFacts({ startedAt: NOW - 120 })),
);

describe('findMissing', () => {
  it('returns a path of a volume with several missing Secrets once', () => {
    const secret = {
      volume: 'tokens',
      secretName: 'one-token-abcde',
      isOptional: false,
      isAtTokenPath: false,
      isMounted: true,
    };
    const secrets = [secret, { ...secret, secretName: 'two-token-abcde' }];
    const pod = podFacts({ phase: 'Pending', startedAt: NOW - 300, projections: [], secrets });
    const found = findMissing(observation({ scannedAt: NOW, tokens: [] }), only(pod));
    assert.deepEqual(
      found.map(({ check, identity }) => [check.reason, identity.volume, identity.path]),
      [['legacy_secret_missing', 'tokens', 'token']],
    );
  });

  it('returns at most 64 missing tokens of a pod', () => {
    const projections = Array.from({ length: 65 }, (_, index) => projection({ path: `token-${index}` }));
    const pod = podFacts({ startedAt: NOW - 120, projections });
    assert.equal(findMissing(observation({ scannedAt: NOW, tokens: [] }), only(pod)).length, 64);
  });

  it('returns a missing token', () => assert.equal(missingTokens.length, 1));

  for (const { it: title, volume, missing } of [
    { it: 'returns a missing token of a pod that has reached a limit', volume: '', missing: 1 },
    {
      it: 'returns no token of a volume in which a limit left out what the spec names',
      volume: podFacts().projections[0]?.volume ?? '',
      missing: 0,
    },
  ]) {
    it(title, () => {
      const limit = { podUid: POD_UID, volume, path: '', reason: 'limit', detail: '' } as const;
      const pod = podFacts({ startedAt: NOW - 120 });
      const found = findMissing(observation({ scannedAt: NOW, tokens: [], unreadable: [limit] }), only(pod));
      assert.equal(found.length, missing);
    });
  }

  it('returns nothing if the pods are not known', () => {
    assert.deepEqual(findMissing(observation({ scannedAt: NOW }), NO_CLUSTER), []);
  });
});

describe('withMisplaced', () => {
  const pod = podFacts({ startedAt: NOW - 300 });
  const { volume = '', path = '' } = pod.projections[0] ?? {};
  const other = { podUid: pod.uid, volume, path, reason: 'not_a_jwt', detail: 'not a token' } as const;
  const certificate = { ...other, path: 'ca.crt' };
  const found = observation({ tokens: [], others: [other, certificate] });

  it('counts a file that holds no token as unreadable, not as missing, where a spec requests a token', () => {
    const misplaced = withMisplaced(found, only(pod));
    assert.deepEqual(misplaced.unreadable, [other]);
    assert.deepEqual(findMissing(misplaced, only(pod)), []);
  });

  const unknown = [
    { it: 'no spec is known', cluster: NO_CLUSTER, others: [other] },
    { it: 'the pod has ended', cluster: only({ ...pod, phase: 'Succeeded' }), others: [other] },
    { it: 'it is in another volume', cluster: only(pod), others: [{ ...other, volume: 'data' }] },
    { it: 'it is at another path', cluster: only(pod), others: [certificate] },
    { it: 'it is in another pod', cluster: only(pod), others: [{ ...other, podUid: 'other' }] },
  ] as const;
  for (const { it: title, cluster, others } of unknown) {
    it(`leaves a file alone if ${title}`, () => {
      assert.deepEqual(withMisplaced(observation({ others }), cluster).unreadable, []);
    });
  }
});

describe('trackMissing', () => {
  const since = trackMissing(missingTokens, undefined, NOW);

  it('keeps the time at which a token was first found missing', () => {
    assert.deepEqual(trackMissing(missingTokens, since, NOW + 5), since);
  });

  it('starts again if the token was there in between', () => {
    const between = trackMissing([], since, NOW + 5);
    assert.deepEqual(
      trackMissing(missingTokens, between, NOW + 7)
        ?.values()
        .next().value,
      NOW + 7,
    );
  });
});

describe('filterPersistent', () => {
  const since = trackMissing(missingTokens, undefined, NOW);

  it('keeps every missing token if none is tracked', () =>
    assert.deepEqual(filterPersistent(missingTokens, undefined, NOW), missingTokens));
  it('drops a token that has been missing for just under ten seconds', () =>
    assert.deepEqual(filterPersistent(missingTokens, since, NOW + 9.9), []));
  it('keeps a token that has been missing for ten seconds', () =>
    assert.deepEqual(filterPersistent(missingTokens, since, NOW + 10), missingTokens));
  it('drops a token that was first found missing now', () =>
    assert.deepEqual(filterPersistent(missingTokens, new Map(), NOW), []));
});

describe('noTokenReason', () => {
  const none = { projections: [] };
  const cases = [
    {
      it: 'returns undefined if the pod requests a token',
      pod: {},
      isAccountAutomounted: undefined,
      reason: undefined,
    },
    {
      it: 'returns static_pod for a static pod',
      pod: { ...none, isStatic: true },
      isAccountAutomounted: undefined,
      reason: 'static_pod',
    },
    {
      it: 'returns automount_disabled_pod if the pod turns automounting off',
      pod: { ...none, isAutomounted: false },
      isAccountAutomounted: undefined,
      reason: 'automount_disabled_pod',
    },
    {
      it: 'returns automount_disabled_serviceaccount if the service account turns automounting off',
      pod: none,
      isAccountAutomounted: false,
      reason: 'automount_disabled_serviceaccount',
    },
    {
      it: 'returns other if the pod turns on the automounting that its service account turns off',
      pod: { ...none, isAutomounted: true },
      isAccountAutomounted: false,
      reason: 'other',
    },
    {
      it: 'returns other if nothing turns automounting off',
      pod: none,
      isAccountAutomounted: undefined,
      reason: 'other',
    },
  ] as const;
  it('returns unknown if the service account is not known and the pod leaves automounting to it', () =>
    assert.equal(noTokenReason(podFacts(none), undefined), 'unknown'));
  it('returns other if the service account does not exist', () =>
    assert.equal(noTokenReason(podFacts(none), 'absent'), 'other'));
  it('returns what the pod says if the service account is not known', () => {
    const reasons = [true, false].map((isAutomounted) =>
      noTokenReason(podFacts({ ...none, isAutomounted }), undefined),
    );
    assert.deepEqual(reasons, ['other', 'automount_disabled_pod']);
  });
  for (const { it: title, pod, isAccountAutomounted, reason } of cases) {
    it(title, () => {
      const account = { uid: 'u', isAutomounted: isAccountAutomounted };
      assert.equal(noTokenReason(podFacts(pod), account), reason);
    });
  }
});

describe('tokenlessPods', () => {
  it('leaves out a pod that holds a token from a Secret, or an object that cannot be read', () => {
    const cluster = only(podFacts({ projections: [] }));
    const lost = { podUid: POD_UID, volume: 'v', path: 'token', reason: 'io_error', detail: '' } as const;
    assert.equal(tokenlessPods(cluster, observation({ tokens: [] })).length, 1);
    assert.deepEqual(tokenlessPods(cluster, observation({ tokens: [legacyToken()] })), []);
    assert.deepEqual(tokenlessPods(cluster, observation({ tokens: [], unreadable: [lost] })), []);
  });

  it('leaves out completed pods', () => {
    assert.deepEqual(
      tokenlessPods(only(podFacts({ projections: [], phase: 'Succeeded' })), NOTHING_OBSERVED),
      [],
    );
  });

  it('does not take a forgotten service account for one that turns automounting on', () => {
    const pod = podFacts({ projections: [] });
    const account = { uid: 'u', isAutomounted: false };
    const known = { ...only(pod), accounts: new Map([['payments/api', account]]) };
    const reasonsOf = (cluster: ClusterFacts) =>
      tokenlessPods(cluster, NOTHING_OBSERVED).map(({ reason }) => reason);
    assert.deepEqual(reasonsOf(known), ['automount_disabled_serviceaccount']);
    assert.deepEqual(reasonsOf({ ...known, accounts: undefined }), ['unknown']);
  });

  it('returns an active pod that requests no token, and why', () => {
    const pod = podFacts({ projections: [], isAutomounted: false });
    assert.deepEqual(tokenlessPods(only(pod), NOTHING_OBSERVED), [{ pod, reason: 'automount_disabled_pod' }]);
  });
});
