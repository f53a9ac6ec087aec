/**
 * `serve`: wires the sources, the loop, the counters and the server, and takes them down in order.
 *
 * Knows how the parts fit, nothing of what they do.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from './config/options.ts';
import { CLUSTER_RESOURCES } from './core/cluster.ts';
import { READ_FAILURES } from './core/observation.ts';
import type { TakeSnapshot } from './core/snapshot.ts';
import { type BuildInfo, type Counters, createCounters } from './exposition/counters.ts';
import { createListFamilies } from './exposition/families.ts';
import { createScrape } from './exposition/scrape.ts';
import type { Part } from './exposition/self-metrics.ts';
import { createServer } from './exposition/server.ts';
import { createFacts, type Facts } from './facts.ts';
import { type Joined, joinCluster } from './join-cluster.ts';
import { errorFields, type Log } from './log.ts';
import { type Clock, createReconciler, type Reconciler } from './reconcile.ts';
import { createTokenFiles, type TokenFiles } from './sources/token-files.ts';
import { type Rotation, rotationLag } from './sources/volume-state.ts';
import { WATCH_FAILURES } from './sources/watch.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  readonly build: BuildInfo;
  readonly takeSnapshot: TakeSnapshot;
  readonly clock: Clock & { readonly now: () => number };
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Called with the address once it is listened on. */
  readonly onListening?: (address: AddressInfo) => void;
}

/** A fleet asks at once when something is wrong with all of it. */
const QUESTIONS_PER_MINUTE = 10;

/** What the parts have in common. */
interface Shared extends ServeOptions {
  readonly counters: Counters;
  /** Something threw in a part: a bug. */
  readonly onError: (part: Part) => (error: unknown) => void;
}

/** How long scrapes under way may take to finish once the process is asked to end. */
const DRAIN_MS = 700;

function createShared(options: ServeOptions): Shared {
  const { node, build, log } = options;
  const onError: Shared['onError'] = (part) => (error) => {
    counters.failed(part);
    log.error('unexpected failure', { part, ...errorFields(error) });
  };
  const counters = createCounters({
    node,
    build,
    readFailures: READ_FAILURES,
    watchFailures: WATCH_FAILURES,
    resources: CLUSTER_RESOURCES,
    onError: onError('self_metrics'),
  });
  return { ...options, counters, onError };
}

function createFiles({ config, clock, log, counters }: Shared, onNudge: () => void): TokenFiles {
  const onRotation = (rotation: Rotation): void => {
    counters.rotated(rotationLag(rotation));
    const { namespace, pod, volume, path } = rotation.after.identity;
    log.debug('token rotated', { namespace, pod, volume, path });
  };
  return createTokenFiles({
    rootDir: config.rootDir,
    isWatching: config.isWatching,
    now: clock.now,
    onNudge,
    onRotation,
    onReadFailure: counters.readFailed,
    onWatchFailure: (reason) => {
      counters.watchFailed(reason);
      log.debug('watch failed', { reason });
    },
  });
}

/** The source of what the API server knows, wired to the counters and the log. */
function join(shared: Shared, onChange: () => void): Promise<Joined> {
  const { log, counters, build, onError } = shared;
  return joinCluster({
    ...shared,
    userAgent: `sa-token-exporter/${build.version}`,
    onRequest: counters.asked,
    questionsPerMinute: QUESTIONS_PER_MINUTE,
    listener: {
      onChange,
      onFailure: (resource, reason) => log.warn('API server does not answer', { resource, reason }),
      onError: onError('cluster'),
    },
  });
}

function createLoop(shared: Shared, facts: Facts, files: TokenFiles, onReady: () => void): Reconciler {
  const { config, clock, log, onError } = shared;
  let isFirst = true;
  const onPass = (): void => {
    facts.gather();
    if (!isFirst) return;
    isFirst = false;
    onReady();
    const { tokens, unreadable } = facts.observation();
    log.info('first pass ended', { tokens: tokens.length, unreadable: unreadable.length });
  };
  const intervalMs = config.scanInterval * 1_000;
  return createReconciler({ source: files, clock, intervalMs, onPass, onError: onError('pass') });
}

function createWebServer(shared: Shared, facts: Facts, isReady: () => boolean): Server {
  const { config, node, build, clock, counters, onError } = shared;
  const { perToken, isRelativeShown, telemetryPath, maxRequests, runbooks, isPageOff } = config;
  const scrape = createScrape({
    takeSnapshot: facts.snapshot,
    listFamilies: createListFamilies({ node, perToken, isRelativeShown }),
    selfFamilies: counters.families,
  });
  const { sleep } = clock;
  const { version } = build;
  return createServer({
    telemetryPath,
    maxRequests,
    node,
    version,
    runbooks,
    scrape,
    takeSnapshot: facts.snapshot,
    isPageShown: !isPageOff,
    isReady,
    onError: onError('request'),
    sleep,
  });
}

async function listen(server: Server, { config, log, onListening }: ServeOptions): Promise<void> {
  const { host, port } = config.listenAddress;
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  log.info('listening', { address: address.address, port: address.port });
  onListening?.(address);
}

/** Ends without cutting off a scrape under way, unless it takes too long. */
async function drain(server: Server, clock: Clock): Promise<void> {
  const drained = new AbortController();
  server.close(() => drained.abort());
  server.closeIdleConnections();
  await clock.sleep(DRAIN_MS, drained.signal);
  server.closeAllConnections();
}

/**
 * Serves until the signal aborts. Rejects where the address cannot be listened on.
 *
 * Answers the problem, at once, where the API server must be asked and cannot be configured; where it may be asked, that
 * is said and no reason to stop.
 */
export async function serve(options: ServeOptions): Promise<string | undefined> {
  const { config, clock, log, signal } = options;
  const shared = createShared(options);
  let isReady = false;
  const nudge = (): void => loop.nudge();
  const files = createFiles(shared, nudge);
  const joined = await join(shared, nudge);
  if (!joined.ok && config.clusterMode === 'on') return joined.problem;
  if (!joined.ok) log.warn('API server is not asked', { problem: joined.problem });
  const cluster = joined.ok ? joined.cluster : undefined;
  const facts = createFacts({ ...shared, files, cluster, now: clock.now, isLasting: true });
  const loop = createLoop(shared, facts, files, () => {
    isReady = true;
  });
  const server = createWebServer(shared, facts, () => isReady);
  await listen(server, options);
  const running = [loop.run(signal), cluster?.run(signal)];
  await once(signal, 'abort');
  await Promise.all([...running, drain(server, clock)]);
  files.close();
  log.info('ended');
  return undefined;
}
