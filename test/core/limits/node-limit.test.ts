/**
 * The limit of a node: a namespace loses its own tokens, never those of another one, and first those that no spec names.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClusterFacts, NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { createNodeLimit, type Limited, MAX_TOKENS } from '../../../src/core/limits/node-limit.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { createTakeSnapshot } from '../../../src/core/snapshot.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { podFacts, projection } from '../../support/cluster.ts';
import { facts, NOW, observation, policy, token } from '../../support/tokens.ts';

function tokensOf(
  podUid: string,
  count: number,
  volumeKind: Token['volumeKind'] = 'secret',
): readonly Token[] {
  const { identity, ...rest } = token();
  return Array.from({ length: count }, (_, index) => ({
    ...rest,
    volumeKind,
    identity: { ...identity, podUid, volume: 'v', path: `key-${index}` },
  }));
}

function clusterOf(...pods: readonly ReturnType<typeof podFacts>[]): ClusterFacts {
  return { ...NO_CLUSTER, pods: new Map(pods.map((pod) => [pod.uid, pod])) };
}

const pod = (uid: string, namespace: string) => podFacts({ uid, namespace, projections: [] });

function observed(...tokens: readonly Token[]): Observation {
  return observation({ scannedAt: NOW, tokens });
}

function shownOf({ observation: { tokens }, shown }: Limited, podUid: string): number {
  return tokens.slice(0, shown).filter(({ identity }) => identity.podUid === podUid).length;
}

function limitedPods({ observation: { unreadable } }: Limited): readonly string[] {
  return unreadable.filter(({ reason }) => reason === 'limit').map(({ podUid }) => podUid);
}

describe('the limit of a node', () => {
  it('returns the observation itself while it is not reached', () => {
    const found = observed(...tokensOf('a', MAX_TOKENS));
    assert.equal(createNodeLimit()(found, NO_CLUSTER).observation, found);
  });

  it('leaves a small namespace all of its tokens, and reports each pod that lost some', () => {
    const cluster = clusterOf(pod('evil-1', 'evil'), pod('evil-2', 'evil'), pod('good', 'payments'));
    const limited = createNodeLimit()(
      observed(...tokensOf('evil-1', MAX_TOKENS), ...tokensOf('evil-2', MAX_TOKENS), ...tokensOf('good', 50)),
      cluster,
    );
    assert.equal(shownOf(limited, 'good'), 50);
    assert.equal(limited.shown, MAX_TOKENS);
    assert.equal(limited.withoutSeries, MAX_TOKENS + 50);
    assert.deepEqual(limitedPods(limited), ['evil-1', 'evil-2']);
  });

  it('does not believe the namespace in a token: without the API server each pod is a group', () => {
    const limited = createNodeLimit()(
      observed(...tokensOf('evil', 2 * MAX_TOKENS), ...tokensOf('good', 50)),
      NO_CLUSTER,
    );
    assert.equal(shownOf(limited, 'good'), 50);
  });

  it('gives pods that the API server does not name one share, and those with too large specs that of theirs', () => {
    const good = pod('good', 'payments');
    const uids = Array.from({ length: 100 }, (_, index) => `evil-${index}`);
    const evil = uids.flatMap((uid) => tokensOf(uid, 64));
    const found = observed(...evil, ...tokensOf('good', 1_000));
    const oversized = uids.map((uid) => [uid, pod(uid, 'evil')] as const);
    for (const oversizedPods of [new Map(), new Map(oversized)]) {
      const limited = createNodeLimit()(found, { ...clusterOf(good), oversizedPods });
      assert.equal(shownOf(limited, 'good'), 1_000);
      assert.equal(limited.shown, MAX_TOKENS);
    }
  });

  it('leaves a namespace first the tokens that a spec names, and counts the others that it names', () => {
    const named = tokensOf('a', MAX_TOKENS + 10, 'projected');
    const projections = named.map(({ identity: { volume, path } }) => projection({ volume, path }));
    const cluster = clusterOf(podFacts({ uid: 'a', namespace: 'a', projections }), pod('b', 'a'));
    const limited = createNodeLimit()(observed(...tokensOf('b', 10), ...named), cluster);
    assert.equal(shownOf(limited, 'a'), MAX_TOKENS);
    assert.equal(limited.observation.tokens.length, MAX_TOKENS + 10);
    assert.equal(limited.withoutSeries, 20);
    assert.deepEqual(limitedPods(limited), ['b', 'a']);
  });

  it('prefers projected volumes to Secrets, and tokens that had series to new ones', () => {
    const limit = createNodeLimit();
    const old = tokensOf('old', MAX_TOKENS);
    limit(observed(...old, ...tokensOf('extra', 1)), clusterOf(pod('old', 'a'), pod('extra', 'a')));
    const cluster = clusterOf(pod('old', 'a'), pod('extra', 'a'), pod('projected', 'a'));
    const limited = limit(
      observed(...tokensOf('extra', 1), ...old, ...tokensOf('projected', 10, 'projected')),
      cluster,
    );
    assert.equal(shownOf(limited, 'projected'), 10);
    assert.equal(shownOf(limited, 'old'), MAX_TOKENS - 10);
    assert.equal(shownOf(limited, 'extra'), 0);
  });

  it('leaves those their series that had them before the limit was first reached', () => {
    const limit = createNodeLimit();
    const old = tokensOf('old', MAX_TOKENS);
    const cluster = clusterOf(pod('old', 'a'), pod('new', 'a'));
    limit(observed(...old), cluster);
    const limited = limit(observed(...tokensOf('new', 50), ...old), cluster);
    assert.deepEqual([shownOf(limited, 'old'), shownOf(limited, 'new')], [MAX_TOKENS, 0]);
  });

  it('counts the length of labels: 16 MiB of text in a scrape', () => {
    const long = tokensOf('a', MAX_TOKENS).map((one) => ({
      ...one,
      identity: { ...one.identity, path: `${one.identity.path}${'x'.repeat(4_000)}` },
    }));
    const { shown } = createNodeLimit()(observed(...long), NO_CLUSTER);
    assert.ok(shown > 300 && shown < 400, `${shown} tokens`);
  });

  it('counts unreadable objects, and keeps the entries of other pods', () => {
    const broken = Array.from({ length: 20 * MAX_TOKENS }, (_, index) => ({
      podUid: 'evil',
      volume: 'v',
      path: `key-${index}`,
      reason: 'not_a_jwt' as const,
      detail: '',
    }));
    const other = { podUid: 'good', volume: 'v', path: '', reason: 'not_mounted' as const, detail: '' };
    const limited = createNodeLimit()(
      observation({ scannedAt: NOW, tokens: [], unreadable: [...broken, other] }),
      NO_CLUSTER,
    );
    assert.ok(limited.observation.unreadable.includes(other));
    assert.ok(limited.observation.unreadable.length <= 10 * MAX_TOKENS + 2);
    assert.deepEqual(limitedPods(limited), ['evil']);
  });

  it('makes the same choice for an observation that has not changed', () => {
    const limit = createNodeLimit();
    const found = observed(...tokensOf('a', 2 * MAX_TOKENS));
    assert.equal(limit(found, NO_CLUSTER), limit(found, NO_CLUSTER));
  });
});

describe('a snapshot of a node beyond its limit', () => {
  const named = tokensOf('busy', MAX_TOKENS + 10, 'projected');
  const projections = named.map(({ identity: { volume, path } }) => projection({ volume, path }));
  const busy = podFacts({ uid: 'busy', namespace: 'ci', projections });

  it('misses no token that is on the node: neither one that cannot be read, nor one of a Secret', () => {
    const reader = podFacts({ uid: 'reader', namespace: 'ci', projections: [projection()] });
    const { volume = '', path = '' } = reader.projections[0] ?? {};
    const secret = { volume: 'v', secretName: 'api-token-abcde', isMounted: true, isOptional: false };
    const waiting = podFacts({
      uid: 'waiting',
      namespace: 'ci',
      phase: 'Pending',
      projections: [],
      secrets: [{ ...secret, isAtTokenPath: true }],
    });
    const [first] = tokensOf('waiting', 1);
    assert.ok(first !== undefined);
    const held = { ...first, identity: { ...first.identity, path: 'token' } };
    const denied = { podUid: 'reader', volume, path, reason: 'permission_denied', detail: '' } as const;
    const found = observation({ scannedAt: NOW, tokens: [...named, held], unreadable: [denied] });
    const snapshot = createTakeSnapshot(policy())(
      facts({ observation: found, cluster: clusterOf(busy, reader, waiting) }),
      NOW,
    );
    assert.deepEqual(
      snapshot.observation.unreadable.map(({ podUid, reason }) => [podUid, reason]),
      [
        ['busy', 'limit'],
        ['waiting', 'limit'],
        ['reader', 'limit'],
      ],
    );
    assert.deepEqual(snapshot.missingNow, []);
  });

  it('still misses a token that is not on the node', () => {
    const lacking = podFacts({ uid: 'lacking', namespace: 'ci', projections: [projection()] });
    const snapshot = createTakeSnapshot(policy())(
      facts({ observation: observed(...named), cluster: clusterOf(busy, lacking) }),
      NOW,
    );
    assert.deepEqual(
      snapshot.missingNow.map(({ check, identity }) => [check.reason, identity.podUid]),
      [['token_missing', 'lacking']],
    );
  });
});

describe('pods with specs beyond the bounds', () => {
  const large = podFacts({
    uid: 'large',
    namespace: 'ci',
    name: 'large',
    projections: [],
    isOversized: true,
  });
  const cluster = {
    ...NO_CLUSTER,
    oversizedPods: new Map([['large', large]]),
    unreadable: new Set(['large']),
  };
  const limitsOf = (one: Partial<Observation>, known: ClusterFacts = cluster) => {
    const snapshot = createTakeSnapshot(policy())(
      facts({ observation: observation({ scannedAt: NOW, tokens: [], ...one }), cluster: known }),
      NOW,
    );
    return snapshot.observation.unreadable.map(({ podUid, reason }) => [
      snapshot.podNames.get(podUid),
      reason,
    ]);
  };
  const expected = [[{ namespace: 'ci', pod: 'large' }, 'limit']];

  it('have an entry, which names the pod: none of their tokens can be found missing', () => {
    assert.deepEqual(limitsOf({}), expected);
  });

  it('have no second one if they have reached another limit', () => {
    const unreadable = [{ podUid: 'large', volume: '', path: '', reason: 'limit', detail: '' } as const];
    assert.deepEqual(limitsOf({ unreadable }), expected);
  });

  it('have none once they have ended', () => {
    const ended = new Map([['large', { ...large, phase: 'Succeeded' }]]);
    assert.deepEqual(limitsOf({}, { ...cluster, oversizedPods: ended }), []);
  });
});
