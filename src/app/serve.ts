/**
 * Wires the sources, the state, the metrics and the web server, and shuts them down in order.
 */
import { once } from 'node:events';
import type { Config } from '../config/options.ts';
import { type Problems, problemsOf } from '../config/yaml-file.ts';
import type { SourceFacts } from '../core/facts.ts';
import { type BuildInfo, createExporterMetrics, type ExporterMetrics } from '../metrics/exporter-metrics.ts';
import { EXPORTER, type Part } from '../metrics/exporter-rows.ts';
import { createListFamilies } from '../metrics/families.ts';
import { createScrape } from '../metrics/scrape.ts';
import { type Rotation, rotationLag } from '../sources/files/volume.ts';
import type { Clock } from '../util/clock.ts';
import { errorFields, type Log } from '../util/log.ts';
import { err, ok, type Result } from '../util/result.ts';
import type { Guard } from '../web/auth/guard.ts';
import { openWebConfig } from '../web/config/reloader.ts';
import { createWeb, type Web, type WebOptions } from '../web/web.ts';
import { createApiServerLog } from './api-server-log.ts';
import { createPodsDirectoryLog } from './pods-directory-log.ts';
import {
  type CreatedSources,
  createSources,
  listSources,
  type Sources,
  type SourcesOptions,
  userAgentOf,
} from './sources.ts';
import { createState, type State } from './state.ts';
import { loadTakeSnapshot } from './take-snapshot.ts';
import { createWrongNodeLog } from './wrong-node-log.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  readonly mayStartPrograms?: boolean;
  /** The file of the thread that watches reads. */
  readonly readsWorker: string;
  readonly build: BuildInfo;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Aborts when the process is to end. */
  readonly signal: AbortSignal;
  /** Called with the address once the server listens. */
  readonly onListening?: NonNullable<WebOptions['onListening']>;
}

/** All nodes of a fleet send requests at the same time if something is wrong with all of them. */
const REQUESTS_PER_MINUTE = 10;

/** What several parts need. */
interface Shared extends ServeOptions {
  readonly metrics: ExporterMetrics;
  /** A part threw: a bug, and no reason to stop. */
  readonly onError: (part: Part) => (error: unknown) => void;
}

function createShared(options: ServeOptions): Shared {
  const { node, build, log } = options;
  const onError: Shared['onError'] = (part) => (error) => {
    metrics.inc(EXPORTER.exporterErrors, { part });
    log.error('unexpected failure', { part, ...errorFields(error) });
  };
  const metrics = createExporterMetrics({ node, build, onError: onError('self_metrics') });
  return { ...options, metrics, onError };
}

function countRequests({ metrics }: Shared): SourcesOptions['onRequest'] {
  return (resource, code) => metrics.inc(EXPORTER.apiRequests, { resource, code: String(code) });
}

/** The sources, wired to the exporter's metrics and the log. */
async function connectSources(
  shared: Shared,
  onChange: (facts: keyof SourceFacts) => void,
): Promise<CreatedSources> {
  const { config, log, metrics, build } = shared;
  const onRotation = (rotation: Rotation): void => {
    const lag = rotationLag(rotation);
    metrics.inc(EXPORTER.rotations);
    if (lag !== undefined) metrics.observe(EXPORTER.rotationLag, lag);
    const { namespace, pod, volume, path } = rotation.after.identity;
    log.debug('token rotated', { namespace, pod, volume, path });
  };
  return createSources({
    ...shared,
    reads: config.areReadsWatched ? (await import('./watch-reads.ts')).watchReads(shared) : undefined,
    userAgent: userAgentOf(build),
    isWatching: config.isWatching,
    requestsPerMinute: REQUESTS_PER_MINUTE,
    onChange,
    onRotation,
    onReadFailure: (reason) => metrics.inc(EXPORTER.readErrors, { reason }),
    onWatchFailure: (reason) => {
      metrics.inc(EXPORTER.watchErrors, { reason });
      log.debug('watch failed', { reason });
    },
    onRequest: countRequests(shared),
    api: createApiServerLog(shared),
  });
}

/** Authentication by bearer tokens; undefined unless it is enabled. */
async function createAccessGuard(
  shared: Shared,
): Promise<Result<{ readonly guard: Guard; readonly close: () => void } | undefined, Problems>> {
  const { config, log, clock, build, onError } = shared;
  if (!config.isKubernetesAuth) return ok(undefined);
  const [{ connectAccessReviewer }, { createKubernetesAuth }] = await Promise.all([
    import('./access-review-client.ts'),
    import('../web/auth/kubernetes-auth.ts'),
  ]);
  const reviewer = await connectAccessReviewer({
    ...shared,
    userAgent: userAgentOf(build),
    onRequest: countRequests(shared),
    onFailure: (resource, reason) => log.warn('access review failed', { resource, reason }),
  });
  if (!reviewer.ok) return err([`--web.kubernetes-auth: ${reviewer.error}`]);
  const { review, close } = reviewer.value;
  const { monotonicMs } = clock;
  const attributes = { verb: 'get', path: config.telemetryPath };
  const guard = createKubernetesAuth({ attributes, review, monotonicMs, onError: onError('request') });
  return ok({ guard, close });
}

/** Refreshes the state after each change; it is ready once the first scan has ended. */
function createRefresh(shared: Shared, state: () => State) {
  const { log, onError } = shared;
  const logPodsDirectory = createPodsDirectoryLog(log);
  const logWrongNode = createWrongNodeLog(log);
  let isReady = false;
  let isScanned = false;
  const refresh = (facts: keyof SourceFacts): void => {
    try {
      const snapshot = state().refresh();
      logPodsDirectory(snapshot);
      logWrongNode(snapshot);
      isReady ||= facts === 'observation';
      const { tokens, unreadable, scannedAt } = snapshot.observation;
      if (isScanned || scannedAt === undefined) return;
      isScanned = true;
      log.info('initial scan complete', { tokens: tokens.length, unreadable: unreadable.length });
    } catch (error) {
      onError('pass')(error);
    }
  };
  return { refresh, isReady: () => isReady };
}

/** What the routes of the server need. */
function createRouteOptions(
  shared: Shared,
  { snapshot }: State,
  isReady: () => boolean,
): WebOptions['routes'] {
  const { config, node, build, clock, metrics, onError } = shared;
  const { perToken, isRelativeShown, telemetryPath, maxRequests, runbooks, isPageEnabled, allowedHosts } =
    config;
  const scrape = createScrape({
    takeSnapshot: snapshot,
    listFamilies: createListFamilies({ node, perToken, isRelativeShown }),
    exporterFamilies: metrics.families,
  });
  return {
    telemetryPath,
    maxRequests,
    allowedHosts,
    node,
    version: build.version,
    runbooks,
    scrape,
    takeSnapshot: snapshot,
    isPageEnabled,
    isReady,
    onError: onError('request'),
    sleep: clock.sleep,
    monotonicMs: clock.monotonicMs,
    now: clock.now,
    onSlowClient: () => metrics.inc(EXPORTER.slowClients),
  };
}

function openConfiguredWeb(shared: Shared) {
  const { metrics, clock, onError } = shared;
  return openWebConfig({
    ...shared,
    onLoad: (isSuccessful) => {
      metrics.set(EXPORTER.webConfigReloadSuccessful, Number(isSuccessful));
      if (isSuccessful) metrics.set(EXPORTER.webConfigReloadTime, clock.now());
    },
    onError: onError('web_config'),
  });
}

/** Listens, then runs everything until the signal aborts. Returns why it cannot listen. */
async function run({ signal, log }: Shared, sources: Sources, web: Web): Promise<readonly string[]> {
  const listening = signal.aborted ? undefined : await web.listen();
  if (listening?.ok === false) return [`fatal: ${listening.error}`];
  const running = [...listSources(sources), web].map((part) => part.run(signal));
  if (!signal.aborted) await once(signal, 'abort');
  await Promise.all([...running, web.close()]);
  log.info('stopped');
  return [];
}

/**
 * Serves until the signal aborts.
 *
 * Returns every problem of the configuration, or why it cannot listen. A problem with the API server counts only if the
 * API server must be used; otherwise it is logged.
 */
export async function serve(options: ServeOptions): Promise<readonly string[]> {
  const { config, clock, log } = options;
  using closing = new DisposableStack();
  const shared = createShared(options);
  const { metrics, onError } = shared;
  const { refresh, isReady } = createRefresh(shared, () => state);
  const { sources, problems } = await connectSources(shared, refresh);
  for (const source of listSources(sources)) closing.defer(source.close);
  const access = await createAccessGuard(shared);
  if (access.ok && access.value !== undefined) closing.defer(access.value.close);
  const webConfig = await openConfiguredWeb(shared);
  const takeSnapshot = await loadTakeSnapshot(config);
  const required = config.clusterMode === 'on' ? problems : [];
  if (required.length > 0 || !takeSnapshot.ok || !access.ok || !webConfig.ok)
    return [...required, ...[takeSnapshot, access, webConfig].flatMap(problemsOf)];
  for (const problem of problems) log.warn('API server not used', { problem });
  const state = createState({
    sources,
    takeSnapshot: takeSnapshot.value,
    now: clock.now,
    isContinuous: true,
  });
  const web = await createWeb({
    ...shared,
    webConfig: webConfig.value,
    routes: createRouteOptions(shared, state, isReady),
    kubernetesAuth: access.value?.guard,
    onRejection: (status) => metrics.inc(EXPORTER.webRejections, { code: `${status}` }),
    onError: onError('request'),
  });
  return await run(shared, sources, web);
}
