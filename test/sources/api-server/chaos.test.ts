/**
 * A hundred random faults of the API server. Once it is healthy again the facts are right and no resources are leaked.
 */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, it } from 'mocha';
import type { ClusterFacts } from '../../../src/core/cluster-facts.ts';
import { type Harness, startHarness } from './harness.ts';

const ROUNDS = 100;
/** Maximum duration of a fault. Longer than the exporter waits for a response. */
const FAULT_SECONDS = 100;
const MEBIBYTE = 1024 * 1024;

type Fault = (harness: Harness) => void | Promise<void>;

function randomDuration({ sleep }: Harness): Promise<void> {
  return sleep(Math.random() * FAULT_SECONDS);
}

function inject(fault: Parameters<Harness['server']['chaos']['inject']>[0]): Fault {
  return async (harness) => {
    const heal = harness.server.chaos.inject(fault);
    await randomDuration(harness);
    heal();
  };
}

const FAULTS: Readonly<Record<string, Fault>> = {
  restart: async (harness) => {
    await harness.server.chaos.down();
    await randomDuration(harness);
    await harness.server.chaos.up();
  },
  freeze: inject({ kind: 'freeze' }),
  silence: inject({ kind: 'silent' }),
  reset: inject({ kind: 'reset' }),
  half: inject({ kind: 'half' }),
  wrongKind: inject({ kind: 'wrong_kind' }),
  unauthorized: inject({ kind: 'status', code: 401 }),
  throttled: inject({ kind: 'status', code: 429 }),
  broken: inject({ kind: 'status', code: 500 }),
  drop: ({ server }) => server.chaos.dropWatches(),
  end: ({ server }) => server.chaos.endWatches(),
  expire: ({ server }) => server.chaos.expireWatches(),
};

/** Adds a pod and a service account, and removes older ones. */
function changeCluster({ addPod, cluster }: Harness, round: number): void {
  const [name, old] = [`pod-${round}`, `pod-${round - 5}`];
  addPod({ name, serviceAccount: name });
  cluster.deletePod('default', old);
  cluster.deleteServiceAccount('default', old);
}

function pick<T>(all: readonly T[]): T {
  const picked = all[Math.floor(Math.random() * all.length)];
  return picked ?? assert.fail('nothing to pick from');
}

/** Whether the facts are those of the cluster, and all resources are up. */
function isRight({ cluster }: Harness, { pods, accounts, authority, resources }: ClusterFacts): boolean {
  const uids = new Set(cluster.list('pods').map(({ metadata }) => metadata.uid));
  const accountsMatch = cluster.list('serviceaccounts').map(({ metadata: { namespace, name, uid } }) => {
    return accounts?.get(`${namespace}/${name}`)?.uid === uid;
  });
  const sizesMatch = pods?.size === uids.size && accounts?.size === accountsMatch.length;
  const areUp = resources.values().every(({ isUp }) => isUp);
  return (
    sizesMatch &&
    areUp &&
    authority !== undefined &&
    accountsMatch.every(Boolean) &&
    pods.keys().every((uid) => uids.has(uid))
  );
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCPSocket')).length;
}

describe('the API server source', () => {
  it('recovers all facts and leaks no sockets or memory through a hundred random faults', async () => {
    const harness = await startHarness({ speed: 1_000 });
    const injected: string[] = [];
    const injectFaults = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const fault = pick(Object.keys(FAULTS));
        injected.push(fault);
        changeCluster(harness, injected.length);
        await FAULTS[fault]?.(harness);
      }
      await harness.until((facts) => isRight(harness, facts));
    };
    try {
      await injectFaults(ROUNDS / 2);
      const before = heapUsed();
      await injectFaults(ROUNDS / 2);
      assert.ok(
        heapUsed() - before < 2 * MEBIBYTE,
        `${heapUsed() - before} bytes more, after ${injected.join()}`,
      );
      // Both ends of two watches, and of a request that may be in flight.
      assert.ok(sockets() <= 6, `${sockets()} sockets, after ${injected.join()}`);
      assert.deepEqual(harness.errors, []);
      assert.ok(harness.failures.length > 0);
    } finally {
      await harness.close();
    }
  });
});
