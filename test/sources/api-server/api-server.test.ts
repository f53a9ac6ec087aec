/**
 * The whole source against a simulated API server: what it knows, and what it makes of an API server that fails.
 */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import type { Fault } from '../../../simulator/api/faults.ts';
import type { RequestedResource } from '../../../simulator/api/request.ts';
import {
  CLUSTER_RESOURCES,
  type ClusterFacts,
  type ClusterFailure,
  type ClusterResource,
} from '../../../src/core/cluster-facts.ts';
import { SUCCESS } from '../../../src/sources/api-server/requests.ts';
import { type Joined, type JoinedOptions, joinCluster } from './joined.ts';

const joined = new Set<Joined>();

async function join(options: JoinedOptions = {}): Promise<Joined> {
  const made = await joinCluster(options);
  joined.add(made);
  return made;
}

/** All that is asked for at once is known. */
function isKnown({ pods, accounts, authority }: ClusterFacts): boolean {
  return pods !== undefined && accounts !== undefined && authority !== undefined;
}

/** Active timers and sockets of this process. */
function held(): number {
  return process.getActiveResourcesInfo().filter((one) => /Timeout|TCPSocket|TLS/.test(one)).length;
}

describe('the cluster source', () => {
  afterEach(async () => {
    for (const one of joined) {
      await one.close();
      assert.deepEqual(one.errors, []);
    }
    joined.clear();
  });

  it('is starting at first, and then knows pods, accounts and keys', async () => {
    const { addPod, cluster, source, until } = await join();
    assert.equal(source.facts().pods, undefined);
    assert.deepEqual(source.facts().resources.get('pods'), { isUp: false, failure: 'starting' });
    const pod = addPod({ name: 'api-0', namespace: 'payments', serviceAccount: 'api' });
    cluster.setPod({
      ...pod,
      metadata: { ...pod.metadata, name: 'elsewhere', uid: 'x' },
      spec: { ...pod.spec, nodeName: 'node-2' },
    });
    const { pods, accounts, authority, resources } = await until(
      (facts) => isKnown(facts) && facts.pods?.size === 1,
    );
    assert.deepEqual([...(pods?.keys() ?? [])], [pod.metadata.uid]);
    assert.deepEqual(
      accounts?.get('payments/api')?.uid,
      cluster.serviceAccount('payments', 'api')?.metadata.uid,
    );
    assert.deepEqual(authority?.keyIds, new Set(cluster.keys().map(({ keyId }) => keyId)));
    assert.deepEqual(
      [...resources].map(([resource, state]) => `${resource} ${state.isUp}`),
      ['pods true', 'serviceaccounts true', 'keys true', 'events true', 'tokenreviews true'],
    );
  });

  it('is the same object while nothing is different', async () => {
    const { source, until, addPod } = await join();
    await until(isKnown);
    const before = source.facts();
    assert.equal(source.facts(), before);
    addPod({ name: 'api-0' });
    const after = await until(({ pods }) => pods?.size === 1);
    assert.notEqual(after, before);
    assert.equal(before.pods?.size, 0);
    assert.equal(after.authority, before.authority);
  });

  it('follows pods and accounts as they come, change and go', async () => {
    const { until, addPod, cluster } = await join();
    await until(isKnown);
    const { metadata, ...rest } = addPod({ name: 'api-0', serviceAccount: 'api' });
    await until(
      ({ pods, accounts }) =>
        pods?.get(metadata.uid)?.isTerminating === false && accounts?.has('default/api') === true,
    );
    cluster.setPod({
      ...rest,
      metadata: { ...metadata, deletionTimestamp: new Date().toISOString().replace(/\.\d+/, '') },
    });
    await until(({ pods }) => pods?.get(metadata.uid)?.isTerminating === true);
    cluster.deletePod('default', 'api-0');
    cluster.deleteServiceAccount('default', 'api');
    const { pods, accounts } = await until(
      (facts) => facts.pods?.size === 0 && facts.accounts?.has('default/api') === false,
    );
    assert.deepEqual([pods?.size, accounts?.has('default/api')], [0, false]);
  });

  it('verifies the signatures of tokens, and anew when the keys change', async () => {
    const { until, addPod, addToken, source, cluster } = await join();
    await until(isKnown);
    const one = addToken(addPod({ name: 'api-0' }));
    const inspected = { tokens: [one], suspects: [], suspectPods: [] };
    source.inspect(inspected);
    await until(({ signatures }) => signatures.get(one) === true);
    cluster.changeKey(false);
    const newer = addToken(addPod({ name: 'api-1' }));
    source.inspect({ ...inspected, tokens: [one, newer] });
    await until(({ authority }) => authority?.keyIds.has(newer.claims.keyId ?? '') === true);
    source.inspect({ ...inspected, tokens: [one, newer] });
    const { signatures } = await until((facts) => facts.signatures.has(newer));
    assert.deepEqual([...signatures], [[newer, true]]);
  });

  it('asks about tokens in trouble, and about no others', async () => {
    const { until, addPod, addToken, source, cluster, codes } = await join();
    await until(isKnown);
    const [sound, doomed] = ['a', 'b'].map((name) => addToken(addPod({ name, serviceAccount: name })));
    assert.ok(sound !== undefined && doomed !== undefined);
    source.inspect({ tokens: [sound, doomed], suspects: [], suspectPods: [] });
    await until(({ signatures }) => signatures.size === 2);
    assert.equal(codes.has('tokenreviews'), false);
    cluster.deleteServiceAccount('default', 'b');
    source.inspect({ tokens: [sound, doomed], suspects: [sound, doomed], suspectPods: [] });
    const { reviews } = await until((facts) => facts.reviews.size === 2);
    assert.deepEqual(reviews.get(sound), { isAccepted: true });
    assert.deepEqual(reviews.get(doomed), { isAccepted: false, reason: 'account_deleted' });
  });

  it('asks about all tokens where it is told to, and about none where it is told not to', async () => {
    for (const tokenReview of ['all', 'off'] as const) {
      const { until, addPod, addToken, source, codes } = await join({ tokenReview });
      await until(isKnown);
      const one = addToken(addPod({ name: 'a' }));
      source.inspect({ tokens: [one], suspects: [one], suspectPods: [] });
      const isAll = tokenReview === 'all';
      const { resources } = await until(
        ({ signatures, reviews }) => signatures.size === 1 && reviews.size === (isAll ? 1 : 0),
      );
      assert.deepEqual([resources.has('tokenreviews'), codes.has('tokenreviews')], [isAll, isAll]);
    }
  });

  it('asks for the events of pods in trouble', async () => {
    const { until, addPod, source, cluster } = await join();
    const [failing, sound] = [addPod({ name: 'a' }), addPod({ name: 'b' })];
    const message =
      'MountVolume.SetUp failed for volume "vault" : failed to fetch token: serviceaccounts "default" not found';
    cluster.recordFailure({ pod: failing, message }, 'node-1');
    const suspectPods = [failing, sound].map(({ metadata: { uid, namespace } }) => ({ uid, namespace }));
    source.inspect({ tokens: [], suspects: [], suspectPods });
    const { mountFailures } = await until((facts) => facts.mountFailures.size === 2);
    assert.deepEqual(
      mountFailures.get(failing.metadata.uid)?.map(({ kind, volume }) => ({ kind, volume })),
      [{ kind: 'account_missing', volume: 'vault' }],
    );
    assert.deepEqual(mountFailures.get(sound.metadata.uid), []);
  });

  const permissions: readonly (readonly [ClusterResource, readonly RequestedResource[]])[] = [
    ['pods', ['pods']],
    ['serviceaccounts', ['serviceaccounts']],
    ['keys', ['openid-configuration']],
    ['keys', ['jwks']],
    ['events', ['events']],
    ['tokenreviews', ['tokenreviews']],
  ];
  for (const [resource, denied] of permissions)
    it(`goes on without the permission for ${denied.join()}: ${resource} is down, all else is known`, async () => {
      const { server, until, untilState, addPod, addToken, source } = await join({ speed: 1_000 });
      for (const one of denied) server.permissions.deny(one);
      const pod = addPod({ name: 'a' });
      const one = addToken(pod);
      const { uid, namespace } = pod.metadata;
      source.inspect({ tokens: [one], suspects: [one], suspectPods: [{ uid, namespace }] });
      await untilState(resource, 'forbidden');
      const { resources } = await until((facts) => {
        const known = [
          facts.pods,
          facts.accounts,
          facts.authority,
          facts.reviews.get(one),
          facts.mountFailures.get(uid),
        ];
        return known.filter((fact) => fact === undefined).length === 1;
      });
      const down = [...resources].filter(([, state]) => !state.isUp).map(([name]) => name);
      assert.deepEqual(down, [resource]);
      for (const again of denied) server.permissions.allow(again);
      await untilState(resource);
    });

  const faults: readonly (readonly [Fault, ClusterFailure])[] = [
    [{ kind: 'freeze' }, 'timeout'],
    [{ kind: 'slow' }, 'timeout'],
    [{ kind: 'reset' }, 'unreachable'],
    [{ kind: 'status', code: 401 }, 'unauthorized'],
    [{ kind: 'status', code: 403 }, 'forbidden'],
    [{ kind: 'status', code: 429 }, 'throttled'],
    [{ kind: 'status', code: 500 }, 'server_error'],
    [{ kind: 'half' }, 'bad_answer'],
    [{ kind: 'wrong_kind' }, 'bad_answer'],
  ];
  for (const [fault, failure] of faults) {
    const title = Object.values(fault).join(' ');
    it(`is down by ${failure} at a start with ${title}, and up once that is healed`, async () => {
      const { server, until, untilState, addPod } = await join();
      server.chaos.inject(fault);
      addPod({ name: 'a' });
      for (const resource of ['pods', 'serviceaccounts', 'keys'] as const)
        await untilState(resource, failure);
      server.chaos.heal();
      const { pods } = await until((facts) => isKnown(facts) && facts.pods?.size === 1);
      assert.equal(pods?.size, 1);
    });
  }

  it('is down by too_large where there are more pods than can be, or more than can be read', async () => {
    const { server, untilState, until } = await join();
    server.chaos.inject({ kind: 'huge', objects: 5_001 }, { resource: 'pods', verb: 'list' });
    await untilState('pods', 'too_large');
    server.chaos.heal();
    await until(isKnown);
  });

  it('takes an answer without an end for one that is too large', async () => {
    const { server, untilState, until } = await join({ speed: 20 });
    server.chaos.inject({ kind: 'endless' }, { resource: 'pods', verb: 'list' });
    await untilState('pods', 'too_large');
    server.chaos.inject({ kind: 'endless' }, { resource: 'jwks' });
    server.chaos.heal();
    await until(isKnown);
  });

  const cuts: readonly (readonly [string, (one: Joined) => void | Promise<void>])[] = [
    ['cut', ({ server }) => server.chaos.dropWatches()],
    ['ended early', ({ server }) => server.chaos.endWatches()],
    ['told that it is too old', ({ server }) => server.chaos.expireWatches()],
    [
      'cut by a restart of the API server',
      async ({ server }) => {
        await server.chaos.down();
        await server.chaos.up();
      },
    ],
    ['frozen', ({ server }) => void server.chaos.inject({ kind: 'silent' })],
  ];
  for (const [title, cut] of cuts)
    it(`catches up after its watches were ${title}`, async () => {
      const one = await join();
      await one.until(isKnown);
      await cut(one);
      one.addPod({ name: 'meanwhile', serviceAccount: 'meanwhile' });
      if (title === 'frozen') await one.untilState('pods', 'timeout');
      one.server.chaos.heal();
      await one.until(
        ({ pods, accounts }) => pods?.size === 1 && accounts?.has('default/meanwhile') === true,
      );
    });

  it('forgets what it knows while the API server is away, and knows it again', async () => {
    const { server, until, addPod } = await join();
    addPod({ name: 'a' });
    await until(({ pods, accounts }) => pods?.size === 1 && accounts !== undefined);
    await server.chaos.down();
    await until(({ pods, accounts }) => pods === undefined && accounts === undefined);
    await server.chaos.up();
    await until(({ pods, accounts }) => pods?.size === 1 && accounts !== undefined);
  });

  it('counts every request by what it asks for and what came of it', async () => {
    const { server, until, codes } = await join();
    await until(isKnown);
    await server.chaos.down();
    await until(() => codes.get('pods')?.has('unreachable') === true);
    assert.deepEqual(codes.get('pods'), new Set([200, 'unreachable']));
    assert.deepEqual(codes.get('keys'), new Set([200]));
  });

  it('gets the answers that a success is known by', async () => {
    const { until, addPod, addToken, source, codes } = await join({ tokenReview: 'all' });
    await until(isKnown);
    const pod = addPod({ name: 'a' });
    const { uid, namespace } = pod.metadata;
    source.inspect({ tokens: [addToken(pod)], suspects: [], suspectPods: [{ uid, namespace }] });
    await until(({ reviews, mountFailures }) => reviews.size === 1 && mountFailures.has(uid));
    const answered = CLUSTER_RESOURCES.map((resource) => [resource, [...(codes.get(resource) ?? [])]]);
    assert.deepEqual(
      answered,
      CLUSTER_RESOURCES.map((resource) => [resource, [Number(SUCCESS[resource])]]),
    );
  });

  it('holds no timer and no socket once it is stopped, whatever it was doing, and says nothing of it', async () => {
    // By then the runner has set its own timer.
    await setImmediate();
    const before = held();
    const one = await joinCluster();
    await one.until(isKnown);
    one.server.chaos.inject({ kind: 'freeze' });
    const suspect = one.addToken(one.addPod({ name: 'a' }));
    one.source.inspect({
      tokens: [suspect],
      suspects: [suspect],
      suspectPods: [{ uid: 'x', namespace: 'y' }],
    });
    await one.until(({ signatures }) => signatures.size === 1);
    await one.stop();
    assert.deepEqual([one.failures, one.errors], [[], []]);
    await one.close();
    // What is closed is gone some turns of the event loop later.
    for (let turn = 0; turn < 100 && held() > before; turn += 1) await setImmediate();
    assert.equal(held(), before);
  });

  it('shows no token to anybody', async () => {
    const { server, until, addPod, addToken, source, failures, untilState } = await join();
    const one = addToken(addPod({ name: 'a' }));
    source.inspect({ tokens: [one], suspects: [one], suspectPods: [] });
    await until(({ reviews }) => reviews.size === 1);
    server.chaos.inject({ kind: 'half' });
    server.chaos.dropWatches();
    await untilState('pods', 'bad_answer');
    const shown = JSON.stringify([failures, [...source.facts().reviews], [...source.facts().resources]]);
    assert.doesNotMatch(shown, /eyJ|the-token-of-the-agent/);
  });
});
