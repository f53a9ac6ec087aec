/**
 * The whole source against a simulated API server, healthy and faulty.
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
import { createTakeSnapshot } from '../../../src/core/snapshot.ts';
import { SUCCESS } from '../../../src/sources/api-server/client/requests.ts';
import { facts as factsWith, NOW, observation, policy } from '../../support/tokens.ts';
import { type Harness, type HarnessOptions, lookups, startHarness } from './harness.ts';

const running = new Set<Harness>();

async function start(options: HarnessOptions = {}): Promise<Harness> {
  const harness = await startHarness(options);
  running.add(harness);
  return harness;
}

/** Whether everything is known that is requested at the start. */
function isKnown({ pods, accounts, authority }: ClusterFacts): boolean {
  return pods !== undefined && accounts !== undefined && authority !== undefined;
}

/** Active timers and sockets of this process. */
function activeResources(): number {
  return process.getActiveResourcesInfo().filter((resource) => /Timeout|TCPSocket|TLS/.test(resource)).length;
}

describe('the API server source', () => {
  afterEach(async () => {
    for (const harness of running) {
      await harness.close();
      assert.deepEqual(harness.errors, []);
    }
    running.clear();
  });

  it('is starting at first, then has the pods of the node, all service accounts and the keys', async () => {
    const { addPod, cluster, source, until } = await start();
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

  it('sends no token to a server that nothing identifies, and reads everything else', async () => {
    const { source, addPod, addToken, until, codes, failures } = await start({ isRemote: true });
    assert.deepEqual(source.facts().resources.get('tokenreviews'), {
      isUp: false,
      failure: 'unverified_server',
    });
    const pod = addPod({ name: 'api-0' });
    source.setTargets([], lookups([addToken(pod)]));
    await until(({ pods }) => pods?.size === 1);
    while (failures.length < 2) await setImmediate();
    assert.deepEqual(new Set(failures), new Set(['tokenreviews unverified_server']));
    assert.equal(codes.has('tokenreviews'), false);
  });

  it('returns the same facts while nothing changes', async () => {
    const { source, until, addPod } = await start();
    await until(isKnown);
    const before = source.facts();
    assert.equal(source.facts(), before);
    addPod({ name: 'api-0' });
    const after = await until(({ pods }) => pods?.size === 1);
    assert.notEqual(after, before);
    assert.equal(before.pods?.size, 0);
    assert.equal(after.authority, before.authority);
  });

  it('follows pods and service accounts that are added, changed and deleted', async () => {
    const { until, addPod, cluster } = await start();
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

  it('verifies signatures, and verifies them again after the keys have changed', async () => {
    const { until, addPod, addToken, source, cluster } = await start();
    await until(isKnown);
    const older = addToken(addPod({ name: 'api-0' }));
    const noLookups = lookups([]);
    source.setTargets([older], noLookups);
    await until(({ signatures }) => signatures.get(older) === true);
    cluster.changeKey(false);
    const newer = addToken(addPod({ name: 'api-1' }));
    source.setTargets([older, newer], noLookups);
    await until(({ authority }) => authority?.keyIds.has(newer.claims.keyId ?? '') === true);
    source.setTargets([older, newer], noLookups);
    const { signatures } = await until((facts) => facts.signatures.has(newer));
    assert.deepEqual([...signatures], [[newer, true]]);
  });

  it('reviews only failing tokens by default', async () => {
    const { until, addPod, addToken, source, cluster, codes } = await start();
    await until(isKnown);
    const [valid, doomed] = ['a', 'b'].map((name) => addToken(addPod({ name, serviceAccount: name })));
    assert.ok(valid !== undefined && doomed !== undefined);
    source.setTargets([valid, doomed], lookups([]));
    await until(({ signatures }) => signatures.size === 2);
    assert.equal(codes.has('tokenreviews'), false);
    cluster.deleteServiceAccount('default', 'b');
    source.setTargets([valid, doomed], lookups([valid, doomed]));
    const { reviews } = await until((facts) => facts.reviews.size === 2);
    assert.deepEqual(reviews.get(valid), { isAccepted: true, isForApiServer: false });
    assert.deepEqual(reviews.get(doomed), { isAccepted: false, reason: 'account_deleted' });
  });

  it('reads the keys again after a request was rejected', async () => {
    const { server, until, addPod, addToken, source } = await start();
    await until(isKnown);
    const added = addToken(addPod({ name: 'a' }));
    const reads = () => server.requests().filter(({ resource }) => resource === 'jwks').length;
    const before = reads();
    server.chaos.inject({ kind: 'status', code: 401 }, { resource: 'tokenreviews' });
    source.setTargets([added], lookups([added]));
    await until(() => reads() > before);
    assert.equal(reads(), before + 1);
  });

  it('drops reviews when the keys change, and reviews the tokens again', async () => {
    const { cluster, server, until, addPod, addToken, source } = await start();
    await until(isKnown);
    const older = addToken(addPod({ name: 'a' }));
    source.setTargets([older], lookups([older]));
    await until(({ reviews }) => reviews.get(older)?.isAccepted === true);
    cluster.changeKey(false);
    const newer = addToken(addPod({ name: 'b' }));
    source.setTargets([older, newer], lookups([older]));
    const { authority } = await until(({ reviews }) => !reviews.has(older));
    assert.ok(authority?.keyIds.has(newer.claims.keyId ?? ''));
    await until(({ reviews }) => reviews.has(older));
    assert.equal(server.reviews().length, 2);
  });

  it('reviews all tokens or none if the token review mode says so', async () => {
    for (const tokenReview of ['all', 'off'] as const) {
      const { until, addPod, addToken, source, codes } = await start({ tokenReview });
      await until(isKnown);
      const added = addToken(addPod({ name: 'a' }));
      source.setTargets([added], lookups([added]));
      const isAll = tokenReview === 'all';
      const { resources } = await until(
        ({ signatures, reviews }) => signatures.size === 1 && reviews.size === (isAll ? 1 : 0),
      );
      assert.deepEqual([resources.has('tokenreviews'), codes.has('tokenreviews')], [isAll, isAll]);
    }
  });

  it('fetches the events of the pods whose tokens are late or missing', async () => {
    const { until, addPod, source, cluster } = await start();
    const [failing, healthy] = [addPod({ name: 'a' }), addPod({ name: 'b' })];
    const message =
      'MountVolume.SetUp failed for volume "vault" : failed to fetch token: serviceaccounts "default" not found';
    cluster.recordFailure({ pod: failing, message }, 'node-1');
    const pods = [failing, healthy].map(({ metadata: { uid, namespace } }) => ({ uid, namespace }));
    source.setTargets([], lookups([], pods));
    const { mountFailures } = await until((facts) => facts.mountFailures.size === 2);
    assert.deepEqual(
      mountFailures.get(failing.metadata.uid)?.map(({ kind, volume }) => ({ kind, volume })),
      [{ kind: 'account_missing', volume: 'vault' }],
    );
    assert.deepEqual(mountFailures.get(healthy.metadata.uid), []);
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
    it(`has all facts but ${resource} without the permission for ${denied.join()}`, async () => {
      const { server, until, untilState, addPod, addToken, source } = await start({ speed: 1_000 });
      for (const permission of denied) server.permissions.deny(permission);
      const pod = addPod({ name: 'a' });
      const failing = addToken(pod);
      const { uid, namespace } = pod.metadata;
      source.setTargets([failing], lookups([failing], [{ uid, namespace }]));
      await untilState(resource, 'forbidden');
      const { resources } = await until((facts) => {
        const known = [
          facts.pods,
          facts.accounts,
          facts.authority,
          facts.reviews.get(failing),
          facts.mountFailures.get(uid),
        ];
        return known.filter((fact) => fact === undefined).length === 1;
      });
      const down = [...resources].filter(([, state]) => !state.isUp).map(([name]) => name);
      assert.deepEqual(down, [resource]);
      for (const permission of denied) server.permissions.allow(permission);
      await untilState(resource);
    });

  it('reads only the service accounts of the node for a single scan', async () => {
    const { source, addPod, addToken, until, server, cluster } = await start({ isOnce: true });
    for (const name of ['here', 'gone', 'elsewhere']) cluster.createServiceAccount('default', name);
    const tokens = ['here', 'gone'].map((name) => addToken(addPod({ name, serviceAccount: name })));
    cluster.deleteServiceAccount('default', 'gone');
    const takeSnapshot = createTakeSnapshot(policy());
    source.onSnapshot?.(takeSnapshot(factsWith({ observation: observation({ tokens }) }), NOW));
    const { accounts, unreadable } = await until(
      ({ resources }) => resources.get('serviceaccounts')?.isUp === true,
    );
    assert.deepEqual(
      [accounts?.has('default/here'), accounts?.has('default/gone'), unreadable.size],
      [true, false, 0],
    );
    const paths = server
      .requests()
      .filter(({ resource }) => resource === 'serviceaccounts')
      .map(({ path }) => path);
    assert.deepEqual(paths, ['/api/v1/namespaces/default/serviceaccounts?resourceVersion=0']);
  });

  const switches = [
    ['pods', ({ pods }: ClusterFacts) => pods],
    ['serviceaccounts', ({ accounts }: ClusterFacts) => accounts],
    ['keys', ({ authority }: ClusterFacts) => authority],
    ['events', ({ mountFailures }: ClusterFacts) => mountFailures.values().next().value],
  ] as const;
  for (const [resource, factsOf] of switches)
    it(`does not request ${resource} if they are not to be read, and has all other facts`, async () => {
      const { until, addPod, addToken, source, codes, sleep } = await start({ without: [resource] });
      const pod = addPod({ name: 'a' });
      const { uid, namespace } = pod.metadata;
      const failing = addToken(pod);
      source.setTargets([failing], lookups([failing], [{ uid, namespace }]));
      const others = switches.filter(([name]) => name !== resource);
      const facts = await until(
        (current) => current.reviews.size === 1 && others.every(([, read]) => read(current) !== undefined),
      );
      await sleep(300);
      assert.deepEqual([factsOf(facts), facts.resources.has(resource)], [undefined, false]);
      assert.equal(codes.has(resource), false);
      assert.ok([...facts.resources.values()].every(({ isUp }) => isUp));
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
    it(`is down with ${failure} if it starts during the fault "${title}", and up after it`, async () => {
      const { server, until, untilState, addPod } = await start();
      server.chaos.inject(fault);
      addPod({ name: 'a' });
      for (const resource of ['pods', 'serviceaccounts', 'keys'] as const)
        await untilState(resource, failure);
      server.chaos.heal();
      const { pods } = await until((facts) => isKnown(facts) && facts.pods?.size === 1);
      assert.equal(pods?.size, 1);
    });
  }

  it('knows 5,000 pods of a node that has more, and that the others exist', async () => {
    const { server, until, dropped } = await start();
    server.chaos.inject({ kind: 'huge', objects: 5_001 }, { resource: 'pods', verb: 'list' });
    const { pods, unreadable } = await until((facts) => isKnown(facts) && facts.pods?.size === 5_000);
    assert.deepEqual([pods?.size, unreadable.size], [5_000, 1]);
    assert.ok(dropped.every((one) => one === 'pods limit') && dropped.length > 0);
  });

  it('knows the name of a pod whose volumes are beyond the bounds, and that its spec is not known', async () => {
    const { addPod, cluster, until, dropped } = await start();
    const usual = addPod({ name: 'usual' });
    const pod = addPod({ name: 'large', namespace: 'payments' });
    const sources = Array.from({ length: 257 }, (_, index) => ({
      serviceAccountToken: { path: `${index}`, expirationSeconds: 3_600 },
    }));
    cluster.setPod({ ...pod, spec: { ...pod.spec, volumes: [{ name: 'v', projected: { sources } }] } });
    const { pods, oversizedPods, unreadable } = await until(
      (facts) => isKnown(facts) && facts.oversizedPods.size === 1,
    );
    const { namespace, name } = oversizedPods.get(pod.metadata.uid) ?? {};
    assert.deepEqual([namespace, name], ['payments', 'large']);
    assert.deepEqual([...(pods?.keys() ?? [])], [usual.metadata.uid]);
    assert.deepEqual([[...unreadable], dropped], [[pod.metadata.uid], []]);
  });

  it('is down with too_large if a list never ends', async () => {
    const { server, untilState, until } = await start({ speed: 1 });
    server.chaos.inject({ kind: 'endless' }, { resource: 'pods', verb: 'list' });
    await untilState('pods', 'too_large');
    server.chaos.inject({ kind: 'endless' }, { resource: 'jwks' });
    server.chaos.heal();
    await until(isKnown);
  });

  const cuts: readonly (readonly [string, (harness: Harness) => void | Promise<void>])[] = [
    ['were cut', ({ server }) => server.chaos.dropWatches()],
    ['ended early', ({ server }) => server.chaos.endWatches()],
    ['became too old', ({ server }) => server.chaos.expireWatches()],
    [
      'were cut by a restart of the API server',
      async ({ server }) => {
        await server.chaos.down();
        await server.chaos.up();
      },
    ],
    ['froze', ({ server }) => void server.chaos.inject({ kind: 'silent' })],
  ];
  for (const [title, cut] of cuts)
    it(`catches up after its watches ${title}`, async () => {
      const harness = await start();
      await harness.until(isKnown);
      await cut(harness);
      harness.addPod({ name: 'meanwhile', serviceAccount: 'meanwhile' });
      if (title === 'froze') await harness.untilState('pods', 'timeout');
      harness.server.chaos.heal();
      await harness.until(
        ({ pods, accounts }) => pods?.size === 1 && accounts?.has('default/meanwhile') === true,
      );
    });

  for (const awaySeconds of [1, 30, 180, 300])
    it(`is up to date in time after the API server was away for ${awaySeconds} s, and says so`, async () => {
      const { server, until, addPod, cluster, sleep, now, recoveries } = await start({ speed: 50 });
      await until(isKnown);
      await server.chaos.down();
      await sleep(awaySeconds);
      addPod({ name: 'a', serviceAccount: 'a' });
      await server.chaos.up();
      const upAt = now();
      const { podsLostAt } = await until(({ pods }) => pods?.size === 1);
      assert.ok(now() - upAt <= 30, `pods after ${now() - upAt} s`);
      assert.equal(podsLostAt, undefined);
      const { resources } = await until(
        ({ accounts, authority }) => accounts?.has('default/a') === true && authority !== undefined,
      );
      assert.ok(now() - upAt <= 130, `service accounts and keys after ${now() - upAt} s`);
      assert.ok([...resources.values()].every(({ isUp }) => isUp));
      assert.ok(recoveries.includes('pods'));
      assert.equal(cluster.list('pods').length, 1);
    });

  it('does not believe a watch that is accepted and ends with 410', async () => {
    const { server, until, source, addPod } = await start({ speed: 50 });
    addPod({ name: 'a', serviceAccount: 'a' });
    await until((facts) => isKnown(facts) && facts.pods?.size === 1);
    const wrong: string[] = [];
    server.chaos.inject({ kind: 'freeze' }, { verb: 'list' });
    server.compact();
    server.chaos.expireWatches();
    const { resources } = await until(({ pods, accounts }) => pods === undefined && accounts === undefined);
    for (const name of ['pods', 'serviceaccounts'] as const)
      if (resources.get(name)?.isUp === true) wrong.push(name);
    assert.deepEqual(wrong, []);
    server.chaos.heal();
    await until(({ pods }) => pods?.size === 1);
    assert.equal(source.facts().podsLostAt, undefined);
  });

  it('drops pods and service accounts while the API server is down for long, and lists them again', async () => {
    const { server, until, addPod } = await start();
    addPod({ name: 'a' });
    await until(({ pods, accounts }) => pods?.size === 1 && accounts !== undefined);
    await server.chaos.down();
    await until(({ pods, accounts }) => pods === undefined && accounts === undefined);
    await server.chaos.up();
    await until(({ pods, accounts }) => pods?.size === 1 && accounts !== undefined);
  });

  it('reports each request with its resource and its status or failure', async () => {
    const { server, until, codes } = await start();
    await until(isKnown);
    await server.chaos.down();
    // A watch that was cut is a sign that the keys may have changed.
    await until(() => ['pods', 'keys'].every((one) => codes.get(one as ClusterResource)?.has('unreachable')));
    assert.deepEqual(codes.get('pods'), new Set([200, 'unreachable']));
    assert.deepEqual(codes.get('keys'), new Set([200, 'unreachable']));
  });

  it('gets the status that counts as a success for each resource', async () => {
    const { until, addPod, addToken, source, codes } = await start({ tokenReview: 'all' });
    await until(isKnown);
    const pod = addPod({ name: 'a' });
    const { uid, namespace } = pod.metadata;
    const added = addToken(pod);
    source.setTargets([added], lookups([added], [{ uid, namespace }]));
    await until(({ reviews, mountFailures }) => reviews.size === 1 && mountFailures.has(uid));
    const received = CLUSTER_RESOURCES.map((resource) => [resource, [...(codes.get(resource) ?? [])]]);
    assert.deepEqual(
      received,
      CLUSTER_RESOURCES.map((resource) => [resource, [Number(SUCCESS[resource])]]),
    );
  });

  it('holds no timer or socket after it has stopped during requests, and reports no failure for them', async () => {
    // Until the test runner has set its own timer.
    await setImmediate();
    const before = activeResources();
    const harness = await startHarness();
    await harness.until(isKnown);
    harness.server.chaos.inject({ kind: 'freeze' });
    const failing = harness.addToken(harness.addPod({ name: 'a' }));
    harness.source.setTargets([failing], lookups([failing], [{ uid: 'x', namespace: 'y' }]));
    await harness.until(({ signatures }) => signatures.size === 1);
    await harness.stop();
    assert.deepEqual([harness.failures, harness.errors], [[], []]);
    await harness.close();
    // Sockets are closed some turns of the event loop later.
    for (let turn = 0; turn < 100 && activeResources() > before; turn += 1) await setImmediate();
    assert.equal(activeResources(), before);
  });

  it('exposes no token in failures or facts', async () => {
    const { server, until, addPod, addToken, source, failures, untilState } = await start();
    const failing = addToken(addPod({ name: 'a' }));
    source.setTargets([failing], lookups([failing]));
    await until(({ reviews }) => reviews.size === 1);
    server.chaos.inject({ kind: 'half' });
    server.chaos.dropWatches();
    await untilState('pods', 'bad_answer');
    const exposed = JSON.stringify([failures, [...source.facts().reviews], [...source.facts().resources]]);
    assert.doesNotMatch(exposed, /eyJ|the-token-of-the-exporter/);
  });
});
