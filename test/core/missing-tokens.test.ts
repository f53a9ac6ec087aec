/**
 * Tokens that should be there and are not, and pods that are meant to have none.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { POD_CHECKS } from '../../src/core/checks/index.ts';
import {
  type ClusterFacts,
  NO_CLUSTER,
  type PodFacts,
  type PodSecret,
} from '../../src/core/cluster-facts.ts';
import {
  filterPersistent,
  findMissing,
  noTokenReason,
  tokenlessPods,
  trackMissing,
} from '../../src/core/missing-tokens.ts';
import type { Observation, Unreadable } from '../../src/core/observation.ts';
import { podFacts } from '../support/cluster.ts';
import { NOW, observation, POD_UID, token } from '../support/tokens.ts';

const STARTED = NOW - 120;

function only(pod: PodFacts): ClusterFacts {
  return { ...NO_CLUSTER, pods: new Map([[pod.uid, pod]]) };
}

function found(pod: Partial<PodFacts>, seen: Partial<Observation> = {}): readonly string[] {
  const facts = only(podFacts({ startedAt: STARTED, ...pod }));
  return findMissing(observation({ scannedAt: NOW, tokens: [], ...seen }), facts).map(
    ({ check }) => check.reason,
  );
}

const unreadable = (place: Partial<Unreadable>): Partial<Observation> => ({
  unreadable: [{ podUid: '', volume: '', path: '', reason: 'permission_denied', detail: '', ...place }],
});

describe('token_missing', () => {
  const cases = [
    { it: 'fails where the spec asks and no file is there', pod: {}, seen: {}, reasons: ['token_missing'] },
    { it: 'passes where the file is there', pod: {}, seen: { tokens: [token()] }, reasons: [] },
    {
      it: 'passes a file that cannot be read',
      pod: {},
      seen: unreadable({ podUid: POD_UID, volume: 'vault-token', path: 'vault-token' }),
      reasons: [],
    },
    {
      it: 'passes a volume that cannot be read',
      pod: {},
      seen: unreadable({ podUid: POD_UID, volume: 'vault-token' }),
      reasons: [],
    },
    {
      it: 'passes a pod whose folder cannot be read',
      pod: {},
      seen: unreadable({ podUid: POD_UID }),
      reasons: [],
    },
    { it: 'passes where the node cannot be read', pod: {}, seen: unreadable({}), reasons: [] },
    {
      it: 'fails where another pod’s is all there is',
      pod: {},
      seen: { tokens: [token({ identity: { podUid: 'b' } })] },
      reasons: ['token_missing'],
    },
    { it: 'waits for two minutes', pod: { startedAt: STARTED + 1 }, seen: {}, reasons: [] },
    {
      it: 'waits for a look at the node after two minutes',
      pod: {},
      seen: { scannedAt: NOW - 1 },
      reasons: [],
    },
    { it: 'waits for the first look at the node', pod: {}, seen: { scannedAt: undefined }, reasons: [] },
    { it: 'passes a pod that has not started', pod: { startedAt: undefined }, seen: {}, reasons: [] },
    { it: 'passes a pod that is pending', pod: { phase: 'Pending' }, seen: {}, reasons: [] },
    { it: 'passes a pod that terminates', pod: { isTerminating: true }, seen: {}, reasons: [] },
    { it: 'passes a pod that ended', pod: { phase: 'Succeeded' }, seen: {}, reasons: [] },
  ] as const;
  for (const { it: title, pod, seen, reasons } of cases)
    it(title, () => assert.deepEqual(found(pod, seen), reasons));

  it('says nothing while the pods are not known', () => {
    assert.deepEqual(findMissing(observation({ scannedAt: NOW }), NO_CLUSTER), []);
  });
});

describe('legacy_secret_missing of a pod that waits', () => {
  const secret = (overrides: Partial<PodSecret> = {}): Partial<PodFacts> => ({
    phase: 'Pending',
    projections: [],
    secrets: [
      {
        volume: 'legacy',
        secretName: 'api-token-x2k4z',
        isOptional: false,
        isAtTokenPath: false,
        ...overrides,
      },
    ],
  });
  const cases = [
    {
      it: 'fails for a Secret named as token Secrets were',
      pod: secret(),
      reasons: ['legacy_secret_missing'],
    },
    {
      it: 'fails for a Secret mounted where tokens are',
      pod: secret({ secretName: 'x', isAtTokenPath: true }),
      reasons: ['legacy_secret_missing'],
    },
    { it: 'passes any other Secret', pod: secret({ secretName: 'password' }), reasons: [] },
    { it: 'passes a Secret the pod starts without', pod: secret({ isOptional: true }), reasons: [] },
    { it: 'passes a pod that runs', pod: { ...secret(), phase: 'Running' }, reasons: [] },
    { it: 'waits for two minutes', pod: { ...secret(), startedAt: STARTED + 1 }, reasons: [] },
  ] as const;
  for (const { it: title, pod, reasons } of cases) it(title, () => assert.deepEqual(found(pod), reasons));
});

describe('what is missing for a moment', () => {
  const missingTokens = findMissing(
    observation({ scannedAt: NOW, tokens: [] }),
    only(podFacts({ startedAt: STARTED })),
  );
  const since = trackMissing(missingTokens, undefined, NOW);

  it('is found', () => assert.equal(missingTokens.length, 1));
  it('is told at once where nobody looked before', () =>
    assert.deepEqual(filterPersistent(missingTokens, undefined, NOW), missingTokens));
  it('is not told before its time', () =>
    assert.deepEqual(filterPersistent(missingTokens, since, NOW + 9.9), []));
  it('is told once it lasts', () =>
    assert.deepEqual(filterPersistent(missingTokens, since, NOW + 10), missingTokens));
  it('is not told where it was found just now', () =>
    assert.deepEqual(filterPersistent(missingTokens, new Map(), NOW), []));
  it('counts from when it was first found', () => {
    assert.deepEqual(trackMissing(missingTokens, since, NOW + 5), since);
  });
  it('counts anew once it was there again', () => {
    assert.deepEqual(
      trackMissing(missingTokens, trackMissing([], since, NOW + 5), NOW + 7)
        ?.values()
        .next().value,
      NOW + 7,
    );
  });
});

describe('checks of pods', () => {
  for (const { reason, fixMissing } of POD_CHECKS) {
    it(`${reason} knows what to do`, () => {
      const steps = fixMissing(token().identity);
      assert.ok(steps.length > 1);
      for (const step of steps) assert.doesNotMatch(step, /undefined|null/);
    });
  }
});

describe('a pod without a token', () => {
  const none = { projections: [] };
  const cases = [
    { it: 'has one', pod: {}, account: undefined, reason: undefined },
    { it: 'is static', pod: { ...none, isStatic: true }, account: undefined, reason: 'static_pod' },
    {
      it: 'wants none',
      pod: { ...none, isAutomounted: false },
      account: undefined,
      reason: 'automount_disabled_pod',
    },
    {
      it: 'has an account that wants none',
      pod: none,
      account: false,
      reason: 'automount_disabled_serviceaccount',
    },
    {
      it: 'wants one against its account',
      pod: { ...none, isAutomounted: true },
      account: false,
      reason: 'other',
    },
    { it: 'has none for a reason we do not know', pod: none, account: undefined, reason: 'other' },
  ] as const;
  for (const { it: title, pod, account, reason } of cases) {
    it(`${title}: ${reason ?? 'is none'}`, () => {
      assert.equal(noTokenReason(podFacts(pod), { uid: 'u', isAutomounted: account }), reason);
    });
  }

  it('does not count once it ended', () => {
    assert.deepEqual(tokenlessPods(only(podFacts({ ...none, phase: 'Succeeded' }))), []);
  });
});
