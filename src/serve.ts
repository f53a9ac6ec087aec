/**
 * `serve`: wires the source, the loop, the counters and the server, and takes them down in order.
 *
 * Knows how the parts fit, nothing of what they do.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Config } from './config/options.ts';
import { NOTHING_OBSERVED, type Observation, READ_FAILURES } from './core/observation.ts';
import type { TakeSnapshot } from './core/snapshot.ts';
import { createListFamilies } from './exposition/families.ts';
import { createScrape } from './exposition/scrape.ts';
import { type BuildInfo, createSelfMetrics } from './exposition/self-metrics.ts';
import { createServer } from './exposition/server.ts';
import { errorFields, type Log } from './log.ts';
import { type Clock, createReconciler } from './reconcile.ts';
import { createTokenFiles } from './sources/token-files.ts';
import { rotationLag } from './sources/volume-state.ts';
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
}

/** How long scrapes under way may take to finish once the process is asked to end. */
const DRAIN_MS = 700;

/** Serves until the signal aborts. Rejects where the address cannot be listened on. */
export async function serve({
  config,
  node,
  build,
  takeSnapshot,
  clock,
  log,
  signal,
}: ServeOptions): Promise<void> {
  const metrics = createSelfMetrics({
    node,
    build,
    readFailures: READ_FAILURES,
    watchFailures: WATCH_FAILURES,
  });
  const onError = (error: unknown) => log.error('unexpected failure', errorFields(error));
  let observation: Observation = NOTHING_OBSERVED;
  let isReady = false;
  const source = createTokenFiles({
    rootDir: config.rootDir,
    isWatching: config.isWatching,
    now: clock.now,
    onNudge: () => reconciler.nudge(),
    onRotation: (rotation) => {
      metrics.rotated(rotationLag(rotation));
      const { namespace, pod, volume, path } = rotation.after.identity;
      log.debug('token rotated', { namespace, pod, volume, path });
    },
    onReadFailure: metrics.readFailed,
    onWatchFailure: (reason) => {
      metrics.watchFailed(reason);
      log.debug('watch failed', { reason });
    },
  });
  const onPass = () => {
    observation = source.observe();
    if (!isReady)
      log.info('first pass ended', {
        tokens: observation.tokens.length,
        unreadable: observation.unreadable.length,
      });
    isReady = true;
  };
  const reconciler = createReconciler({
    source,
    clock,
    intervalMs: config.scanInterval * 1_000,
    onPass,
    onError,
  });
  const scrape = createScrape({
    takeSnapshot: () => takeSnapshot(observation, clock.now()),
    listFamilies: createListFamilies({
      node,
      perToken: config.perToken,
      isRelativeShown: config.isRelativeShown,
    }),
    selfFamilies: metrics.families,
  });
  const { telemetryPath, maxRequests, listenAddress } = config;
  const server = createServer({
    telemetryPath,
    maxRequests,
    node,
    version: build.version,
    scrape,
    isReady: () => isReady,
    onError,
  });
  server.listen(listenAddress.port, listenAddress.host);
  await once(server, 'listening');
  log.info('listening', { address: listenAddress.host ?? '', port: (server.address() as AddressInfo).port });
  await reconciler.run(signal);
  source.close();
  server.close();
  server.closeIdleConnections();
  const drained = new AbortController();
  server.once('close', () => drained.abort());
  await clock.sleep(DRAIN_MS, drained.signal);
  server.closeAllConnections();
  log.info('ended');
}
