/**
 * A healthy hour of a busy node, in its own time: everything that happens on a good day, and nothing to report of it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { loadConfig } from '../../src/config/load.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import { createFacts, type Facts } from '../../src/facts.ts';
import { joinCluster } from '../../src/join-cluster.ts';
import { type ApiServer, createApiServer } from '../../src/simulator/api-server.ts';
import { kubeconfigFor } from '../../src/simulator/kubeconfig.ts';
import { chooseMounts } from '../../src/simulator/mounts.ts';
import type { Pod } from '../../src/simulator/objects.ts';
import { tokenVolume } from '../../src/simulator/pods.ts';
import { createWorld, type World } from '../../src/simulator/world.ts';
import type { ClusterSource } from '../../src/sources/cluster/cluster.ts';
import { createTokenFiles, type TokenFiles } from '../../src/sources/token-files.ts';
import { policy } from '../support/tokens.ts';

const START = 1_795_000_000;
const HOUR = 3_600;
const STEP = 15;
const PODS = 250;
const USER = 'test';

describe('a healthy hour of 250 pods', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-hour-'));
  const rootDir = join(folder, 'kubelet');
  const stop = new AbortController();
  const nothing = (): void => undefined;
  let now = START;
  let count = 0;
  let world: World;
  let api: ApiServer;
  let files: TokenFiles;
  let cluster: ClusterSource;
  let running: Promise<void>;
  let facts: Facts;

  /** One more pod, some seconds into its life; every fourth with a short-lived token. */
  const runPod = (age = 0): Pod => {
    const short = tokenVolume('vault-token', {
      path: 'vault-token',
      audience: 'vault',
      expirationSeconds: 600,
    });
    const volumes = count % 4 === 0 ? [short] : [];
    const pod = world.run({ name: `pod-${count}`, serviceAccount: `account-${count % 40}`, volumes }, age);
    world.keepFresh(pod, age);
    count += 1;
    return pod;
  };

  /** What is to happen, by the second it happens at. */
  const plan = new Map<number, () => void | Promise<void>>();

  const planDrain = (at: number, pods: readonly Pod[]): void => {
    plan.set(at, () => {
      for (const { metadata } of pods) world.kubelet.terminate(metadata.uid);
    });
    plan.set(at + 2 * STEP, () => {
      for (const { metadata } of pods) {
        world.forget(metadata.uid);
        world.kubelet.remove(metadata.uid);
        runPod();
      }
    });
  };

  const planJob = (at: number, pod: Pod): void => {
    plan.set(at, () => {
      world.forget(pod.metadata.uid);
      world.kubelet.complete(pod.metadata.uid);
    });
  };

  /** Waits until the agent knows what the API server knows: its own time goes by a thousand times faster. */
  const catchUp = async (): Promise<void> => {
    const known = world.cluster.list('pods') as unknown as readonly Pod[];
    const isCurrent = (): boolean => {
      const { pods, accounts, authority } = cluster.facts();
      return (
        pods?.size === known.length &&
        known.every(({ metadata, status }) => pods.get(metadata.uid)?.phase === status?.phase) &&
        accounts?.size === world.cluster.list('serviceaccounts').length &&
        authority !== undefined
      );
    };
    while (!isCurrent()) await setImmediate();
  };

  const stepTo = async (time: number): Promise<Snapshot> => {
    now = time;
    await plan.get(time - START)?.();
    world.tick();
    await files.scan();
    await catchUp();
    facts.gather();
    return facts.snapshot();
  };

  before(async () => {
    const kubeconfig = join(folder, 'kubeconfig');
    world = createWorld({ rootDir, mounts: chooseMounts(folder), now: () => now });
    api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
    writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
    const loaded = loadConfig([`--kubelet.root-dir=${rootDir}`, `--cluster.kubeconfig=${kubeconfig}`], {});
    assert.ok(loaded.ok);
    const { config } = loaded.commandLine;
    const joined = await joinCluster({
      config,
      environment: {},
      node: 'node-1',
      userAgent: 'test',
      clock: {
        now: () => now,
        monotonicMs: () => performance.now(),
        // A watch that was cut is taken up again after a while of the agent's time, not of the test's.
        sleep: (ms, signal) => delay(Math.min(ms, 50), undefined, { signal }).catch(nothing),
      },
      random: Math.random,
      listener: { onChange: nothing, onFailure: nothing, onError: (error) => assert.fail(String(error)) },
      onRequest: nothing,
      questionsPerMinute: 10,
    });
    assert.ok(joined.ok && joined.cluster);
    cluster = joined.cluster;
    running = cluster.run(stop.signal);
    files = createTokenFiles({
      rootDir,
      isWatching: false,
      now: () => now,
      onNudge: nothing,
      onRotation: nothing,
      onReadFailure: nothing,
      onWatchFailure: nothing,
    });
    const takeSnapshot = createTakeSnapshot(policy());
    facts = createFacts({ config, files, cluster, takeSnapshot, now: () => now, isLasting: true });
  });
  after(async () => {
    stop.abort();
    await running;
    await api.close();
    files.close();
    world.kubelet.close();
    rmSync(folder, { recursive: true });
  });

  it('has nothing to report at any time', async () => {
    const pods = Array.from({ length: PODS }, (_, index) => runPod((index * 7) % 540));
    planDrain(900, pods.slice(0, 20));
    planDrain(2_700, pods.slice(20, 40));
    for (let job = 0; job < 10; job += 1) planJob(300 * (job + 1), pods[100 + job] as Pod);
    // A kubelet that restarts asks for every token anew.
    plan.set(600 + STEP, () => world.kubelet.stop());
    plan.set(600 + 2 * STEP, () => world.kubelet.start());
    // One of several API servers restarts: whoever watches it is cut off.
    plan.set(1_800 + STEP, async () => {
      await api.chaos.down();
      await api.chaos.up();
    });
    let rotated = 0;
    for (let time = START; time <= START + HOUR; time += STEP) {
      const { problems, causes, findings, observation, assessments } = await stepTo(time);
      const found = [...problems].filter(([, number]) => number > 0);
      assert.deepEqual(found, [], `after ${time - START} s`);
      assert.deepEqual(findings, []);
      assert.deepEqual(observation.unreadable, []);
      assert.deepEqual(
        [...causes.values()].filter((cause) => cause !== 'pod_terminating'),
        [],
      );
      rotated += assessments.filter(({ token }) => (token.claims.issuedAt ?? 0) > time - STEP).length;
    }
    assert.ok(rotated > PODS, 'tokens were replaced');
    assert.ok(cluster.facts().signatures.size > PODS, 'signatures were verified');
  }).timeout(120_000);
});
