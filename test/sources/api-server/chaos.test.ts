/**
 * An API server that is killed, frozen, restarted and made to lie a hundred times, by chance.
 *
 * Whatever happened, once it is well again the facts are right, and nothing is left over.
 */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, it } from 'mocha';
import type { ClusterFacts } from '../../../src/core/cluster-facts.ts';
import { type Joined, joinCluster } from './joined.ts';

const ROUNDS = 100;
/** As long as a fault lasts at most: more than the agent waits for an answer, in its time. */
const FAULT_MS = 100;
const MEBIBYTE = 1024 * 1024;

type Deed = (one: Joined) => void | Promise<void>;

async function last(): Promise<void> {
  await delay(Math.random() * FAULT_MS);
}

function faulty(fault: Parameters<Joined['server']['chaos']['inject']>[0]): Deed {
  return async ({ server }) => {
    const heal = server.chaos.inject(fault);
    await last();
    heal();
  };
}

const DEEDS: Readonly<Record<string, Deed>> = {
  restart: async ({ server }) => {
    await server.chaos.down();
    await last();
    await server.chaos.up();
  },
  freeze: faulty({ kind: 'freeze' }),
  silence: faulty({ kind: 'silent' }),
  reset: faulty({ kind: 'reset' }),
  half: faulty({ kind: 'half' }),
  strangers: faulty({ kind: 'wrong_kind' }),
  unauthorized: faulty({ kind: 'status', code: 401 }),
  throttled: faulty({ kind: 'status', code: 429 }),
  broken: faulty({ kind: 'status', code: 500 }),
  drop: ({ server }) => server.chaos.dropWatches(),
  end: ({ server }) => server.chaos.endWatches(),
  expire: ({ server }) => server.chaos.expireWatches(),
};

/** Something changes in the cluster, too. */
function change({ addPod, cluster }: Joined, round: number): void {
  const [name, gone] = [`pod-${round}`, `pod-${round - 5}`];
  addPod({ name, serviceAccount: name });
  cluster.deletePod('default', gone);
  cluster.deleteServiceAccount('default', gone);
}

function pick<T>(all: readonly T[]): T {
  const one = all[Math.floor(Math.random() * all.length)];
  return one ?? assert.fail('nothing to pick from');
}

/** Whether all that is known is so, and current. */
function isRight({ cluster }: Joined, { pods, accounts, authority, resources }: ClusterFacts): boolean {
  const uids = new Set(cluster.list('pods').map(({ metadata }) => metadata.uid));
  const keys = cluster.list('serviceaccounts').map(({ metadata: { namespace, name, uid } }) => {
    return accounts?.get(`${namespace}/${name}`)?.uid === uid;
  });
  const isSame = pods?.size === uids.size && accounts?.size === keys.length;
  const areUp = resources.values().every(({ isUp }) => isUp);
  return (
    isSame &&
    areUp &&
    authority !== undefined &&
    keys.every(Boolean) &&
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
  return process.getActiveResourcesInfo().filter((one) => one.startsWith('TCPSocket')).length;
}

describe('an API server that is killed, frozen and restarted a hundred times', () => {
  it('leaves right facts, no sockets and no memory taken', async () => {
    const one = await joinCluster({ speed: 1_000 });
    const done: string[] = [];
    const wreak = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const deed = pick(Object.keys(DEEDS));
        done.push(deed);
        change(one, done.length);
        await DEEDS[deed]?.(one);
      }
      await one.until((facts) => isRight(one, facts));
    };
    try {
      await wreak(ROUNDS / 2);
      const before = heapUsed();
      await wreak(ROUNDS / 2);
      assert.ok(
        heapUsed() - before < 2 * MEBIBYTE,
        `${heapUsed() - before} bytes more, after ${done.join()}`,
      );
      // Two watches, seen from both of their ends, and perhaps a question that is being asked.
      assert.ok(sockets() <= 6, `${sockets()} sockets, after ${done.join()}`);
      assert.deepEqual(one.errors, []);
      assert.ok(one.failures.length > 0);
    } finally {
      await one.close();
    }
  });
});
