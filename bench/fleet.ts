/**
 * What a fleet asks of its API server: 5,000 agents through a day, and a restart of the API server at noon.
 *
 * The agents are real, as far as they decide when to ask; time and the API server are simulated. Nothing is in trouble
 * on any node, so that what is asked is what is always asked.
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
/** How long the first minutes, in which all agents begin at once, are left out of what is steady. */
const WARM_UP_SECONDS = 3_600;
const RESTART = { downSecond: 43_200, upSecond: 43_230 };
/** How finely time is cut: what falls due within it happens together. */
const TICK_MS = 100;
const LATENCY_MS = 100;

interface FleetClock extends Clock {
  /** Lets time go by to that second; what is due happens. */
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
  /** Requests, by the second. */
  readonly requests: Uint32Array;
  readonly shutDown: () => void;
  /** After a restart no version from before is known. */
  readonly comeUp: () => void;
}

const NEVER = new AbortController().signal;

function publish() {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    issuer: 'https://kubernetes.default.svc',
    keys: [{ kid: 'a', ...publicKey.export({ format: 'jwk' }) }],
  };
}

function createFleetServer(clock: Clock): FleetServer {
  const requests = new Uint32Array(DAY_SECONDS + 1);
  const published = publish();
  const open = new Set<(answer: ApiResult<WatchEnd>) => void>();
  let isUp = true;
  let generation = 0;

  /** Counts a request that finds nobody, too. */
  const arrive = async (): Promise<boolean> => {
    requests[Math.floor(clock.now())] = (requests[Math.floor(clock.now())] ?? 0) + 1;
    await clock.sleep(LATENCY_MS, NEVER);
    return isUp;
  };
  const frame = (kind: string) => ({ kind, metadata: { resourceVersion: String(generation) }, items: [] });

  const watch: Api['watch'] = async ({ path }, { onOpen }) => {
    if (!(await arrive())) return failed('unreachable');
    const query = new URLSearchParams(path.slice(path.indexOf('?')));
    if (query.get('resourceVersion') !== String(generation)) return { ok: true, value: 'gone' };
    onOpen();
    const { promise, resolve } = Promise.withResolvers<ApiResult<WatchEnd>>();
    open.add(resolve);
    const inTime = clock.sleep(Number(query.get('timeoutSeconds')) * 1_000, NEVER);
    void inTime.then(() => resolve({ ok: true, value: 'ended' }));
    const answer = await promise;
    open.delete(resolve);
    return answer;
  };
  return {
    requests,
    request: async () => ((await arrive()) ? { ok: true, value: published } : failed('unreachable')),
    list: async ({ resource }) =>
      (await arrive())
        ? { ok: true, value: frame(resource === 'pods' ? 'PodList' : 'ServiceAccountList') }
        : failed('unreachable'),
    watch,
    shutDown: () => {
      isUp = false;
      generation += 1;
      for (const cut of open) cut(failed('unreachable'));
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

/** Everything that an agent asks all the time. */
function startAgent(api: Api, clock: Clock, signal: AbortSignal): void {
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
  /** In the second of the day that had most, the first hour left out. */
  readonly peakPerSecond: number;
}

export async function runFleet(nodes: number): Promise<FleetLoad> {
  const clock = createFleetClock();
  const server = createFleetServer(clock);
  const stop = new AbortController();
  for (let node = 0; node < nodes; node += 1) startAgent(server, clock, stop.signal);
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
      what: 'requests a second of 5,000 nodes, over a day',
      value: meanPerSecond,
      atMost: 100,
      unit: '',
    }),
    report({
      what: 'the second with most, after a restart of the API server, against that',
      value: peakPerSecond / meanPerSecond,
      atMost: 10,
      unit: 'x',
    }),
  ].every(Boolean);
}
