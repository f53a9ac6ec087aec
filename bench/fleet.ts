/**
 * Load on the API server from 5,000 exporters over a day, with a restart of the API server at noon.
 *
 * The reflectors and the polling of signing keys are real; time and the API server are simulated. All nodes are healthy,
 * so there are no lookups for single tokens or pods.
 */
import { generateKeyPairSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Api, WatchEnd } from '../src/sources/api-server/api.ts';
import { type ApiResult, failed } from '../src/sources/api-server/failures.ts';
import type { ApiServerCallbacks } from '../src/sources/api-server/health.ts';
import { createSigningKeys } from '../src/sources/api-server/jwks.ts';
import { createReflector } from '../src/sources/api-server/reflector.ts';
import { trimAccount, trimPod } from '../src/sources/api-server/resources.ts';
import type { Clock } from '../src/util/clock.ts';
import { report } from './report.ts';

const NODES = 5_000;
const DAY_SECONDS = 86_400;
/** The first hour is not counted, because all exporters start at the same time. */
const WARM_UP_SECONDS = 3_600;
const RESTART = { downSecond: 43_200, upSecond: 43_230 };
/** Resolution of the simulated time. */
const TICK_MS = 100;
const LATENCY_MS = 100;

interface FleetClock extends Clock {
  /** Runs everything that is due until that second. */
  readonly runTo: (second: number) => Promise<void>;
}

/** Wakes sleepers tick by tick. */
function createFleetClock(): FleetClock {
  const due = new Map<number, (() => void)[]>();
  let tick = 0;
  const sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const at = tick + Math.max(1, Math.ceil(ms / TICK_MS));
    const sleepers = due.get(at);
    if (sleepers === undefined) due.set(at, [resolve]);
    else sleepers.push(resolve);
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
  return { now: () => monotonicMs() / 1_000, monotonicMs, sleep, runTo };
}

interface FleetServer extends Api {
  /** Number of requests by second. */
  readonly requests: Uint32Array;
  readonly shutDown: () => void;
  /** Resource versions from before the restart are no longer valid. */
  readonly comeUp: () => void;
}

const NEVER = new AbortController().signal;

function createKeySet() {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    issuer: 'https://kubernetes.default.svc',
    keys: [{ kid: 'a', ...publicKey.export({ format: 'jwk' }) }],
  };
}

function createFleetServer(clock: Clock): FleetServer {
  const requests = new Uint32Array(DAY_SECONDS + 1);
  const published = createKeySet();
  const openWatches = new Set<(end: ApiResult<WatchEnd>) => void>();
  let isUp = true;
  let generation = 0;

  /** Counts a request, also while the server is down. Returns false while it is down. */
  const receive = async (): Promise<boolean> => {
    requests[Math.floor(clock.now())] = (requests[Math.floor(clock.now())] ?? 0) + 1;
    await clock.sleep(LATENCY_MS, NEVER);
    return isUp;
  };
  const frame = (kind: string) => ({ kind, metadata: { resourceVersion: String(generation) }, items: [] });

  const watch: Api['watch'] = async ({ path }, { onOpen }) => {
    if (!(await receive())) return failed('unreachable');
    const query = new URLSearchParams(path.slice(path.indexOf('?')));
    if (query.get('resourceVersion') !== String(generation)) return { ok: true, value: 'gone' };
    onOpen();
    const { promise, resolve } = Promise.withResolvers<ApiResult<WatchEnd>>();
    openWatches.add(resolve);
    const timeout = clock.sleep(Number(query.get('timeoutSeconds')) * 1_000, NEVER);
    void timeout.then(() => resolve({ ok: true, value: 'ended' }));
    const end = await promise;
    openWatches.delete(resolve);
    return end;
  };
  return {
    requests,
    request: async () => ((await receive()) ? { ok: true, value: published } : failed('unreachable')),
    list: async ({ resource }) =>
      (await receive())
        ? { ok: true, value: frame(resource === 'pods' ? 'PodList' : 'ServiceAccountList') }
        : failed('unreachable'),
    watch,
    shutDown: () => {
      isUp = false;
      generation += 1;
      for (const close of openWatches) close(failed('unreachable'));
    },
    comeUp: () => {
      isUp = true;
    },
  };
}

const nothing = (): void => undefined;
const callbacks: ApiServerCallbacks = {
  onChange: nothing,
  onFailure: nothing,
  onRecovery: nothing,
  onDropped: nothing,
  onError: nothing,
};

/** Starts the continuous requests of one exporter. */
function startExporter(api: Api, clock: Clock, signal: AbortSignal): void {
  const tools = { api, clock, random: Math.random, callbacks };
  const pods = createReflector({
    ...tools,
    resource: 'pods',
    path: '/api/v1/pods',
    kind: 'Pod',
    maxObjects: 1,
    trim: trimPod,
  });
  const accounts = createReflector({
    ...tools,
    resource: 'serviceaccounts',
    path: '/api/v1/serviceaccounts',
    kind: 'ServiceAccount',
    maxObjects: 1,
    trim: trimAccount,
  });
  const keys = createSigningKeys({ ...tools, exporterToken: () => undefined, onKeysChange: nothing });
  for (const part of [pods, accounts, keys]) void part.run(signal);
}

export interface FleetLoad {
  readonly meanPerSecond: number;
  /** The maximum after the first hour. */
  readonly peakPerSecond: number;
}

export async function runFleet(nodes: number): Promise<FleetLoad> {
  const clock = createFleetClock();
  const server = createFleetServer(clock);
  const stop = new AbortController();
  for (let node = 0; node < nodes; node += 1) startExporter(server, clock, stop.signal);
  await clock.runTo(RESTART.downSecond);
  server.shutDown();
  await clock.runTo(RESTART.upSecond);
  server.comeUp();
  await clock.runTo(DAY_SECONDS);
  stop.abort();
  const steady = server.requests.slice(WARM_UP_SECONDS, DAY_SECONDS);
  const sum = steady.reduce((total, count) => total + count, 0);
  return {
    meanPerSecond: sum / steady.length,
    peakPerSecond: steady.reduce((most, count) => Math.max(most, count), 0),
  };
}

export async function benchFleet(): Promise<boolean> {
  const { meanPerSecond, peakPerSecond } = await runFleet(NODES);
  return [
    report({
      what: 'requests per second from 5,000 nodes, mean over a day',
      value: meanPerSecond,
      atMost: 100,
      unit: '',
    }),
    report({
      what: 'peak after a restart of the API server, relative to the mean',
      value: peakPerSecond / meanPerSecond,
      atMost: 10,
      unit: 'x',
    }),
  ].every(Boolean);
}
