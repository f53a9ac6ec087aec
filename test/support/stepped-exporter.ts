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
import { tokenVolume } from '../../simulator/pods.ts';
import { createWorld, type World, type WorldOptions } from '../../simulator/world.ts';
import { connectApiServer } from '../../src/app/connect-api-server.ts';
import { createState } from '../../src/app/state.ts';
import type { Config } from '../../src/config/options.ts';
import type { ClusterFacts } from '../../src/core/cluster-facts.ts';
import { type LookupTargets, lookupTargetsOf } from '../../src/core/lookup-targets.ts';
import { NOTHING_OBSERVED, type Observation } from '../../src/core/observation.ts';
import { areReviewed } from '../../src/core/reviews/review-targets.ts';
import { CANARY_VOLUME } from '../../src/core/self-check.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import type { Token } from '../../src/core/token/token.ts';
import type { ApiServerSource } from '../../src/sources/api-server/api-server.ts';
import { createTokenFiles } from '../../src/sources/files/token-files.ts';
import { createSelfSource } from '../../src/sources/self/self.ts';
import type { Source } from '../../src/sources/source.ts';
import type { Clock } from '../../src/util/clock.ts';
import { createChangeSignal } from './change-signal.ts';
import { configOf } from './config.ts';
import { createDatedMounts, type DatedMounts } from './dated-mounts.ts';
import { scheduleBy } from './fake-clock.ts';
import { createFastClock } from './fast-clock.ts';
import { assertNoForeignReviews } from './foreign-reviews.ts';
import { policy } from './tokens.ts';

export interface SteppedExporter {
  readonly world: World;
  readonly api: ApiServer;
  readonly cluster: ApiServerSource;
  readonly now: () => number;
  /** Sets the clock, syncs pods that are due, scans, and waits until all data from the API server is current. */
  readonly stepTo: (time: number) => Promise<Snapshot>;
  /** Sets the clock, syncs pods that are due, and scans, but does not wait for data from the API server. */
  readonly advanceTo: (time: number) => Promise<Snapshot>;
  /** Waits for a snapshot that satisfies the condition, which is evaluated at every change. */
  readonly settle: (isSettled: (snapshot: Snapshot) => boolean) => Promise<Snapshot>;
  /** Lets the exporter's timers run for this time; the clock of the world stands still. */
  readonly sleep: (seconds: number) => Promise<void>;
  /** Waits for facts of the API server. */
  readonly until: (isSo: (facts: ClusterFacts) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface SteppedOptions extends Pick<WorldOptions, 'version' | 'extendedSeconds'> {
  /** Additional options of the exporter. */
  readonly args?: readonly string[];
  /** Runs the exporter's pod. The exporter runs its self-checks, and authenticates with its canary. */
  readonly hasOwnPod?: boolean;
  /** Whether the kernel keeps the birth times of file systems; by default it does. */
  readonly hasBirthTimes?: boolean;
  /** How many milliseconds of its timers pass in one of real time; by default 20. */
  readonly speed?: number;
}

const USER = 'test';
/** Waits are shorter by this factor. */
const SPEED = 20;
const nothing = (): void => undefined;

async function joinSimulated(config: Config, clock: Clock, onChange: () => void) {
  const connected = await connectApiServer({
    config,
    environment: {},
    node: 'node-1',
    userAgent: 'test',
    clock,
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
function createSteppedFiles(rootDir: string, now: () => number, statRoot: DatedMounts['statRoot']) {
  const files = createTokenFiles({
    rootDir,
    statRoot,
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

/** Whether a container was last started at this time. */
function hasStarted(status: Pod['status'], name: string, startedAt: number | undefined): boolean {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const state = statuses.find((one) => one.name === name)?.state;
  const started = (state?.running ?? state?.terminated)?.startedAt;
  return started === undefined || Date.parse(started) === (startedAt ?? 0) * 1_000;
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
        pod?.phase === status?.phase &&
        pod?.isTerminating === (metadata.deletionTimestamp !== undefined) &&
        pod.containers.every(({ name, startedAt }) => hasStarted(status, name, startedAt))
      );
    }) &&
    accounts?.size === uids.size &&
    [...accounts.values()].every(({ uid }) => uids.has(uid)) &&
    (authority?.issuer === issuer() || !issuer().startsWith('https:')) &&
    keys().every(({ keyId }) => authority?.keyIds.has(keyId) !== false || !used.has(keyId)) &&
    // Those of copies in containers are not verified.
    tokens.every(
      (token) =>
        token.copy !== undefined ||
        signatures.has(token) ||
        authority?.keyIds.has(token.claims.keyId ?? '') !== true,
    )
  );
}

function areLookupsDone(cluster: ApiServerSource, { reviews, pods }: LookupTargets): boolean {
  const facts = cluster.facts();
  return areReviewed(reviews, facts) && pods.every(({ uid }) => facts.mountFailures.has(uid));
}

/** Starts the pod of the exporter. Returns its UID and the token files in its mounts. */
export function runOwnPod({ run, kubelet, startSyncing }: World) {
  const volumes = [tokenVolume(CANARY_VOLUME, { path: 'token', expirationSeconds: 600 })];
  const pod = run({ name: 'exporter', namespace: 'monitoring', serviceAccount: 'exporter', volumes });
  startSyncing(pod);
  const volume = pod.spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
  const podUid = pod.metadata.uid;
  const fileIn = (name: string): string => join(kubelet.volumeFolder(podUid, name), 'token');
  return { podUid, tokenFile: fileIn(volume), canaryFile: fileIn(CANARY_VOLUME) };
}

export async function startSteppedExporter(
  start: number,
  { args = [], hasOwnPod = false, hasBirthTimes = true, speed = SPEED, ...worldOptions }: SteppedOptions = {},
): Promise<SteppedExporter> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-stepped-'));
  const rootDir = join(folder, 'kubelet');
  const kubeconfig = join(folder, 'kubeconfig');
  let time = start;
  const now = (): number => time;
  const { mounts, statRoot } = createDatedMounts(chooseMounts(folder), now, hasBirthTimes);
  const world = createWorld({ rootDir, mounts, now, ...worldOptions });
  const clock = createFastClock(speed, now);
  const users = new Map([[USER, USER]]);
  const api = createApiServer({ cluster: world.cluster, users, schedule: scheduleBy(clock) });
  const own = hasOwnPod ? runOwnPod(world) : undefined;
  const credentials = own === undefined ? { token: USER } : { tokenFile: own.canaryFile };
  writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), ...credentials }));
  const change = createChangeSignal();
  const ownArgs =
    own === undefined ? [] : [`--self.token-file=${own.tokenFile}`, `--self.pod-uid=${own.podUid}`];
  const config = configOf([
    `--kubelet.root-dir=${rootDir}`,
    `--cluster.kubeconfig=${kubeconfig}`,
    ...ownArgs,
    ...args,
  ]);
  const cluster = await joinSimulated(config, clock, change.notify);
  const stop = new AbortController();
  const running = cluster.run(stop.signal);
  const files = createSteppedFiles(rootDir, now, statRoot);
  const state = createState({
    sources: { observation: files.source, cluster, self: own && createSelfSource({ ...own, clock }) },
    takeSnapshot: createTakeSnapshot(policy()),
    now,
    isContinuous: true,
  });

  const isUpToDate = (): boolean => {
    const snapshot = state.snapshot();
    const { tokens } = snapshot.observation;
    return isCurrent(world, cluster, tokens) && areLookupsDone(cluster, lookupTargetsOf(snapshot, config));
  };

  const advanceTo = async (to: number): Promise<Snapshot> => {
    time = to;
    world.tick();
    await files.scan();
    state.refresh();
    return state.snapshot();
  };
  const settle = async (isSettled: (snapshot: Snapshot) => boolean): Promise<Snapshot> => {
    for (state.refresh(); !isSettled(state.snapshot()); state.refresh()) await change.changed();
    return state.snapshot();
  };
  const sleep = (seconds: number): Promise<void> => clock.sleep(seconds * 1_000, stop.signal);
  const stepTo = async (to: number): Promise<Snapshot> => {
    await advanceTo(to);
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
    assertNoForeignReviews(api);
    files.source.close();
    world.kubelet.close();
    rmSync(folder, { recursive: true });
  };
  return { world, api, cluster, now, stepTo, advanceTo, settle, sleep, until, close };
}
