/**
 * `serve`: wires the source, the loop, the counters and the server, and takes them down in order.
 *
 * Knows how the parts fit, nothing of what they do.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from './config/options.ts';
import { NOTHING_OBSERVED, type Observation, READ_FAILURES } from './core/observation.ts';
import type { TakeSnapshot } from './core/snapshot.ts';
import { type BuildInfo, type Counters, createCounters } from './exposition/counters.ts';
import { createListFamilies } from './exposition/families.ts';
import { createScrape } from './exposition/scrape.ts';
import type { Part } from './exposition/self-metrics.ts';
import { createServer } from './exposition/server.ts';
import { errorFields, type Log } from './log.ts';
import { type Clock, createReconciler } from './reconcile.ts';
import { createTokenFiles } from './sources/token-files.ts';
import { type Rotation, rotationLag } from './sources/volume-state.ts';
import { WATCH_FAILURES } from './sources/watch.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly node: string;
  readonly build: BuildInfo;
  readonly takeSnapshot: TakeSnapshot;
  readonly clock: Clock & { readonly now: () => number };
  readonly log: Log;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Called with the address once it is listened on. */
  readonly onListening?: (address: AddressInfo) => void;
}

/** The facts as they are now, and the loop that keeps them so. */
interface Agent {
  readonly observation: () => Observation;
  readonly isReady: () => boolean;
  /** Runs until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** How long scrapes under way may take to finish once the process is asked to end. */
const DRAIN_MS = 700;

function createSource({ config, clock, log }: ServeOptions, metrics: Counters, onNudge: () => void) {
  const onRotation = (rotation: Rotation): void => {
    metrics.rotated(rotationLag(rotation));
    const { namespace, pod, volume, path } = rotation.after.identity;
    log.debug('token rotated', { namespace, pod, volume, path });
  };
  return createTokenFiles({
    rootDir: config.rootDir,
    isWatching: config.isWatching,
    now: clock.now,
    onNudge,
    onRotation,
    onReadFailure: metrics.readFailed,
    onWatchFailure: (reason) => {
      metrics.watchFailed(reason);
      log.debug('watch failed', { reason });
    },
  });
}

function createAgent(options: ServeOptions, metrics: Counters, onError: (error: unknown) => void): Agent {
  const { config, clock, log } = options;
  let observation: Observation = NOTHING_OBSERVED;
  let isReady = false;
  const source = createSource(options, metrics, () => reconciler.nudge());
  const onPass = (): void => {
    observation = source.observe();
    if (isReady) return;
    isReady = true;
    const { tokens, unreadable } = observation;
    log.info('first pass ended', { tokens: tokens.length, unreadable: unreadable.length });
  };
  const intervalMs = config.scanInterval * 1_000;
  const reconciler = createReconciler({ source, clock, intervalMs, onPass, onError });
  const run = async (signal: AbortSignal): Promise<void> => {
    await reconciler.run(signal);
    source.close();
  };
  return { observation: () => observation, isReady: () => isReady, run };
}

function createAgentServer(
  options: ServeOptions,
  agent: Agent,
  metrics: Counters,
  onError: (error: unknown) => void,
) {
  const { config, node, build, takeSnapshot, clock } = options;
  const { perToken, isRelativeShown, telemetryPath, maxRequests } = config;
  const scrape = createScrape({
    takeSnapshot: () => takeSnapshot(agent.observation(), clock.now()),
    listFamilies: createListFamilies({ node, perToken, isRelativeShown }),
    selfFamilies: metrics.families,
  });
  const { isReady } = agent;
  const { sleep } = clock;
  const { version } = build;
  return createServer({ telemetryPath, maxRequests, node, version, scrape, isReady, onError, sleep });
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

/** Serves until the signal aborts. Rejects where the address cannot be listened on. */
export async function serve(options: ServeOptions): Promise<void> {
  const { node, build, clock, log, signal } = options;
  const onError =
    (part: Part) =>
    (error: unknown): void => {
      metrics.failed(part);
      log.error('unexpected failure', { part, ...errorFields(error) });
    };
  const metrics = createCounters({
    node,
    build,
    readFailures: READ_FAILURES,
    watchFailures: WATCH_FAILURES,
    onError: onError('self_metrics'),
  });
  const agent = createAgent(options, metrics, onError('pass'));
  const server = createAgentServer(options, agent, metrics, onError('request'));
  await listen(server, options);
  const stopped = once(signal, 'abort');
  const running = agent.run(signal);
  await stopped;
  await Promise.all([running, drain(server, clock)]);
  log.info('ended');
}
