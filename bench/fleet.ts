/**
 * Load on the API server from 5,000 exporters over six hours, with a restart of the API server after three.
 *
 * The reflectors and the polling of signing keys are real; time and the API server are simulated. All nodes are healthy,
 * so there are no lookups for single tokens or pods. After the restart the API server accepts a watch from an old version
 * and ends it with an ERROR event 410, as a real one does.
 */
import { generateKeyPairSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Api, WatchEnd, Watcher } from '../src/sources/api-server/client/api.ts';
import type { ApiRequest } from '../src/sources/api-server/client/connection.ts';
import { type ApiResult, failed } from '../src/sources/api-server/client/failures.ts';
import type { RequestedResource } from '../src/sources/api-server/client/requests.ts';
import type { ApiServerCallbacks } from '../src/sources/api-server/health.ts';
import { createSigningKeys } from '../src/sources/api-server/keys/jwks.ts';
import { createReflector } from '../src/sources/api-server/reflector.ts';
import { trimAccount, trimPod } from '../src/sources/api-server/resources.ts';
import { ACCOUNTS_RECONNECT, PODS_RECONNECT } from '../src/sources/api-server/watch-recovery.ts';
import type { Clock } from '../src/util/clock.ts';
import { ok } from '../src/util/result.ts';
import { report } from './report.ts';

const NODES = 5_000;
const SECONDS = 21_600;
/** The first hour is not counted, because all exporters start at the same time. */
const WARM_UP_SECONDS = 3_600;
const RESTART = { downSecond: 10_800, upSecond: 10_830 };
/** Resolution of the simulated time. */
const TICK_MS = 100;
const LATENCY_MS = 100;

export interface FleetClock extends Clock {
  /** Sleeps without a signal: thousands of sleepers on one signal take quadratic time. */
  readonly wait: (ms: number) => Promise<void>;
  /** Runs everything that is due until that second. */
  readonly runTo: (second: number) => Promise<void>;
}

/** Wakes sleepers tick by tick. */
export function createFleetClock(): FleetClock {
  const due = new Map<number, (() => void)[]>();
  let tick = 0;
  const callAfter = (ms: number, wake: () => void): void => {
    const at = tick + Math.max(1, Math.ceil(ms / TICK_MS));
    const sleepers = due.get(at);
    if (sleepers === undefined) due.set(at, [wake]);
    else sleepers.push(wake);
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => callAfter(ms, resolve));
  const sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => {
      signal.removeEventListener('abort', wake);
      resolve();
    };
    signal.addEventListener('abort', wake);
    callAfter(ms, wake);
    return promise;
  };
  const runTo = async (second: number): Promise<void> => {
    while (tick * TICK_MS < second * 1_000) {
      tick += 1;
      const sleepers = due.get(tick);
      if (sleepers === undefined) continue;
      due.delete(tick);
      for (const wake of sleepers) wake();
      await setImmediate();
    }
  };
  const monotonicMs = (): number => tick * TICK_MS;
  return { now: () => monotonicMs() / 1_000, monotonicMs, sleep, wait, runTo };
}

/** What a list returns: a node of 30 pods in a cluster of 5,000 service accounts. */
const LISTS = {
  pods: { kind: 'Pod', objects: 30, bytesPerObject: 8_000 },
  serviceaccounts: { kind: 'ServiceAccount', objects: 5_000, bytesPerObject: 600 },
} as const;
/** About once a minute, as the API server. The first one is enough to confirm a watch. */
const BOOKMARK_MS = 60_000;

/** Counts by second. */
interface Counts {
  /** Requests that the API server answers. */
  readonly answered: Float64Array;
  /** Requests while it is away. */
  readonly refused: Float64Array;
  readonly bytes: Float64Array;
  readonly objects: Float64Array;
}

interface FleetServer extends Api {
  readonly counts: Counts;
  readonly shutDown: () => void;
  /** Resource versions from before the restart are no longer valid. */
  readonly comeUp: () => void;
}

function createKeySet() {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    issuer: 'https://kubernetes.default.svc',
    keys: [{ kid: 'a', ...publicKey.export({ format: 'jwk' }) }],
  };
}

function createCounts() {
  const zeros = (): Float64Array => new Float64Array(SECONDS + 1);
  const counts: Counts = { answered: zeros(), refused: zeros(), bytes: zeros(), objects: zeros() };
  const add = (kind: keyof Counts, second: number, count: number): void => {
    counts[kind][second] = (counts[kind][second] ?? 0) + count;
  };
  return { counts, add };
}

/** Sends the events of one watch until it times out or `end` is called. */
function startWatch(clock: FleetClock, { path }: ApiRequest, watcher: Watcher, kind: string) {
  const query = new URLSearchParams(path.slice(path.indexOf('?')));
  const { promise, resolve } = Promise.withResolvers<ApiResult<WatchEnd>>();
  let isOpen = true;
  const end = (result: ApiResult<WatchEnd>): void => {
    isOpen = false;
    resolve(result);
  };
  const bookmark = (): void => {
    const metadata = { resourceVersion: query.get('resourceVersion') };
    if (isOpen) watcher.onEvent({ type: 'BOOKMARK', object: { kind, metadata } });
  };
  void clock.wait(BOOKMARK_MS).then(bookmark);
  const timeout = clock.wait(Number(query.get('timeoutSeconds')) * 1_000);
  void timeout.then(() => end({ ok: true, value: 'ended' }));
  return { promise, end, version: query.get('resourceVersion') };
}

function createFleetServer(clock: FleetClock): FleetServer {
  const { counts, add } = createCounts();
  const published = createKeySet();
  const openWatches = new Set<(end: ApiResult<WatchEnd>) => void>();
  let isUp = true;
  let generation = 0;

  /** Returns false while the server is away. */
  const receive = async (): Promise<boolean> => {
    add(isUp ? 'answered' : 'refused', Math.floor(clock.now()), 1);
    await clock.wait(LATENCY_MS);
    return isUp;
  };

  const list: Api['list'] = async ({ resource }) => {
    if (!(await receive())) return failed('unreachable');
    const { kind, objects, bytesPerObject } = LISTS[resource as keyof typeof LISTS];
    add('objects', Math.floor(clock.now()), objects);
    add('bytes', Math.floor(clock.now()), objects * bytesPerObject);
    return ok({ kind: `${kind}List`, metadata: { resourceVersion: String(generation) }, items: [] });
  };

  const watch: Api['watch'] = async (request, watcher) => {
    if (!(await receive())) return failed('unreachable');
    const { kind } = LISTS[request.resource as keyof typeof LISTS];
    const { promise, end, version } = startWatch(clock, request, watcher, kind);
    watcher.onOpen();
    if (version !== String(generation)) end(ok('gone'));
    openWatches.add(end);
    const result = await promise;
    openWatches.delete(end);
    return result;
  };
  return {
    counts,
    request: async () => ((await receive()) ? ok(published) : failed('unreachable')),
    exists: async () => ((await receive()) ? ok(true) : failed('unreachable')),
    list,
    watch,
    shutDown: () => {
      isUp = false;
      generation += 1;
      for (const end of openWatches) end(failed('unreachable'));
    },
    comeUp: () => {
      isUp = true;
    },
  };
}

const nothing = (): void => undefined;
/** Starts the continuous requests of one exporter. */
function startExporter(
  api: Api,
  clock: Clock,
  onRecovery: ApiServerCallbacks['onRecovery'],
  signal: AbortSignal,
): void {
  const callbacks: ApiServerCallbacks = {
    onChange: nothing,
    onFailure: nothing,
    onRecovery,
    onDropped: nothing,
    onError: nothing,
  };
  const tools = { api, clock, random: Math.random, callbacks };
  const watching = { ...tools, onLost: () => keys.suspect() };
  const pods = createReflector({
    ...watching,
    resource: 'pods',
    path: '/api/v1/pods',
    reconnect: PODS_RECONNECT,
    kind: 'Pod',
    maxObjects: 1,
    trim: trimPod,
  });
  const accounts = createReflector({
    ...watching,
    resource: 'serviceaccounts',
    path: '/api/v1/serviceaccounts',
    reconnect: ACCOUNTS_RECONNECT,
    kind: 'ServiceAccount',
    maxObjects: 1,
    trim: trimAccount,
  });
  const keys = createSigningKeys({ ...tools, exporterToken: () => undefined, onKeysChange: nothing });
  for (const part of [pods, accounts, keys]) void part.run(signal);
}

export interface FleetLoad {
  readonly meanPerSecond: number;
  /** Maxima of one second after the first hour. */
  readonly peakPerSecond: number;
  readonly peakRefusedPerSecond: number;
  readonly peakMegabytesPerSecond: number;
  readonly peakObjectsPerSecond: number;
  /** Seconds after the restart until the last node is up to date. */
  readonly recoverySeconds: ReadonlyMap<RequestedResource, number>;
}

function peakOf(counts: Float64Array): number {
  return counts.slice(WARM_UP_SECONDS, SECONDS).reduce((most, count) => Math.max(most, count), 0);
}

export async function runFleet(nodes: number): Promise<FleetLoad> {
  const clock = createFleetClock();
  const { counts, shutDown, comeUp, ...api } = createFleetServer(clock);
  const recoverySeconds = new Map<RequestedResource, number>();
  const onRecovery = (resource: RequestedResource): void =>
    void recoverySeconds.set(resource, clock.now() - RESTART.upSecond);
  const stops = Array.from({ length: nodes }, () => new AbortController());
  for (const { signal } of stops) startExporter(api, clock, onRecovery, signal);
  await clock.runTo(RESTART.downSecond);
  shutDown();
  await clock.runTo(RESTART.upSecond);
  comeUp();
  await clock.runTo(SECONDS);
  for (const stop of stops) stop.abort();
  const steady = counts.answered.slice(WARM_UP_SECONDS, SECONDS);
  return {
    meanPerSecond: steady.reduce((total, count) => total + count, 0) / steady.length,
    peakPerSecond: peakOf(counts.answered),
    peakRefusedPerSecond: peakOf(counts.refused),
    peakMegabytesPerSecond: peakOf(counts.bytes) / 1_000_000,
    peakObjectsPerSecond: peakOf(counts.objects),
    recoverySeconds,
  };
}

export async function benchFleet(): Promise<boolean> {
  const load = await runFleet(NODES);
  const recovered = (resource: RequestedResource): number => load.recoverySeconds.get(resource) ?? 0;
  return [
    report({
      what: 'requests per second from 5,000 nodes, mean over five hours',
      value: load.meanPerSecond,
      atMost: 100,
      unit: '',
    }),
    report({
      what: 'requests per second, peak after a restart of the API server',
      value: load.peakPerSecond,
      atMost: 1_000,
      unit: '',
    }),
    report({
      what: 'refused connections per second, peak while the API server is away',
      value: load.peakRefusedPerSecond,
      atMost: 800,
      unit: '',
    }),
    report({
      what: 'MB per second, peak after the restart (30 pods a node, 5,000 service accounts)',
      value: load.peakMegabytesPerSecond,
      atMost: 350,
      unit: 'MB',
    }),
    report({
      what: 'objects per second, peak after the restart',
      value: load.peakObjectsPerSecond,
      atMost: 500_000,
      unit: '',
    }),
    report({
      what: 'seconds from the restart until all nodes know their pods',
      value: recovered('pods'),
      atMost: 30,
      unit: '',
    }),
    report({
      what: 'seconds from the restart until all nodes know all service accounts',
      value: recovered('serviceaccounts'),
      atMost: 130,
      unit: '',
    }),
    report({
      what: 'seconds from the restart until all nodes know the keys',
      value: recovered('keys'),
      atMost: 130,
      unit: '',
    }),
  ].every(Boolean);
}
