/**
 * The exporter with all its sources on a simulated node and API server, in simulated time.
 *
 * Files and HTTP requests are real. The clock advances in steps; after each step the exporter has processed everything.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, createApiServer } from '../../simulator/api-server.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { chooseMounts } from '../../simulator/kubelet/mounts.ts';
import type { Pod } from '../../simulator/objects.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { connectApiServer } from '../../src/app/connect-api-server.ts';
import { createState } from '../../src/app/state.ts';
import type { ClusterFacts } from '../../src/core/cluster-facts.ts';
import { NOTHING_OBSERVED, type Observation } from '../../src/core/observation.ts';
import { areReviewed } from '../../src/core/review-targets.ts';
import {
  createTakeSnapshot,
  type LookupTargets,
  lookupTargetsOf,
  type Snapshot,
} from '../../src/core/snapshot.ts';
import type { Token } from '../../src/core/token.ts';
import type { ApiServerSource } from '../../src/sources/api-server/api-server.ts';
import { createTokenFiles } from '../../src/sources/files/token-files.ts';
import type { Source } from '../../src/sources/source.ts';
import { createChangeSignal } from './change-signal.ts';
import { configOf } from './config.ts';
import { createFastClock } from './fast-clock.ts';
import { policy } from './tokens.ts';

export interface SteppedExporter {
  readonly world: World;
  readonly api: ApiServer;
  readonly cluster: ApiServerSource;
  readonly now: () => number;
  /** Sets the clock, syncs pods that are due, scans, and waits until all data from the API server is current. */
  readonly stepTo: (time: number) => Promise<Snapshot>;
  /** Waits for facts of the API server. */
  readonly until: (isSo: (facts: ClusterFacts) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

const USER = 'test';
/** Waits are shorter by this factor. */
const SPEED = 20;
const nothing = (): void => undefined;

async function joinSimulated(rootDir: string, kubeconfig: string, now: () => number, onChange: () => void) {
  const config = configOf([`--kubelet.root-dir=${rootDir}`, `--cluster.kubeconfig=${kubeconfig}`]);
  const connected = await connectApiServer({
    config,
    environment: {},
    node: 'node-1',
    userAgent: 'test',
    clock: createFastClock(SPEED, now),
    random: Math.random,
    callbacks: {
      onChange,
      onFailure: onChange,
      onRecovery: nothing,
      onDropped: (...dropped) => assert.fail(dropped.join(' ')),
      onError: (error) => assert.fail(String(error)),
    },
    onRequest: nothing,
    requestsPerMinute: 10_000,
  });
  assert.ok(connected.ok && connected.value);
  return connected.value;
}

/** A source of files that scans only when the test calls `scan`. */
function createSteppedFiles(rootDir: string, now: () => number) {
  const files = createTokenFiles({
    rootDir,
    isWatching: false,
    now,
    onNudge: nothing,
    onRotation: nothing,
    onReadFailure: nothing,
    onWatchFailure: nothing,
  });
  let observation = NOTHING_OBSERVED;
  const source: Source<Observation> = {
    name: 'files',
    run: async () => undefined,
    facts: () => observation,
    lastRun: () => undefined,
    close: files.close,
  };
  const scan = async (): Promise<void> => {
    await files.scan();
    observation = files.observe();
  };
  return { source, scan };
}

/** Whether the facts about pods, service accounts and used keys equal the state of the API server. */
function isCurrent(
  { cluster: { list, keys, issuer } }: World,
  cluster: ApiServerSource,
  tokens: readonly Token[],
): boolean {
  const { pods, accounts, authority, signatures } = cluster.facts();
  const expected = list('pods') as unknown as readonly Pod[];
  const uids = new Set(list('serviceaccounts').map(({ metadata }) => metadata.uid));
  const used = new Set(tokens.map(({ claims }) => claims.keyId));
  return (
    pods?.size === expected.length &&
    expected.every(({ metadata, status }) => {
      const pod = pods.get(metadata.uid);
      return (
        pod?.phase === status?.phase && pod?.isTerminating === (metadata.deletionTimestamp !== undefined)
      );
    }) &&
    accounts?.size === uids.size &&
    [...accounts.values()].every(({ uid }) => uids.has(uid)) &&
    authority?.issuer === issuer() &&
    keys().every(({ keyId }) => authority.keyIds.has(keyId) || !used.has(keyId)) &&
    tokens.every((token) => signatures.has(token) || !authority.keyIds.has(token.claims.keyId ?? ''))
  );
}

function areLookupsDone(cluster: ApiServerSource, { reviews, pods }: LookupTargets): boolean {
  const facts = cluster.facts();
  return areReviewed(reviews, facts) && pods.every(({ uid }) => facts.mountFailures.has(uid));
}

export async function startSteppedExporter(start: number): Promise<SteppedExporter> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-stepped-'));
  const rootDir = join(folder, 'kubelet');
  const kubeconfig = join(folder, 'kubeconfig');
  let time = start;
  const now = (): number => time;
  const world = createWorld({ rootDir, mounts: chooseMounts(folder), now });
  const api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
  writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
  const change = createChangeSignal();
  const cluster = await joinSimulated(rootDir, kubeconfig, now, change.notify);
  const stop = new AbortController();
  const running = cluster.run(stop.signal);
  const files = createSteppedFiles(rootDir, now);
  const state = createState({
    sources: { observation: files.source, cluster },
    takeSnapshot: createTakeSnapshot(policy()),
    now,
    isContinuous: true,
  });

  const isUpToDate = (): boolean =>
    isCurrent(world, cluster, files.source.facts().tokens) &&
    areLookupsDone(cluster, lookupTargetsOf(state.snapshot()));

  const stepTo = async (to: number): Promise<Snapshot> => {
    time = to;
    world.tick();
    await files.scan();
    for (state.refresh(); !isUpToDate(); state.refresh()) await change.changed();
    return state.snapshot();
  };
  const until = async (isSo: (facts: ClusterFacts) => boolean): Promise<void> => {
    while (!isSo(cluster.facts())) await change.changed();
  };
  const close = async (): Promise<void> => {
    stop.abort();
    await running;
    await api.close();
    files.source.close();
    world.kubelet.close();
    rmSync(folder, { recursive: true });
  };
  return { world, api, cluster, now, stepTo, until, close };
}
