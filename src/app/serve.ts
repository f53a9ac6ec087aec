/**
 * `serve`: wires the sources, the loop, the counters and the server, and takes them down in order.
 *
 * Knows how the parts fit, nothing of what they do.
 */
import { once } from 'node:events';
import type { Config } from '../config/options.ts';
import { type Problems, problemsOf } from '../config/yaml-file.ts';
import type { SourceFacts } from '../core/facts.ts';
import type { TakeSnapshot } from '../core/snapshot.ts';
import { type BuildInfo, createExporterMetrics, type ExporterMetrics } from '../metrics/exporter-metrics.ts';
import { EXPORTER, type Part } from '../metrics/exporter-rows.ts';
import { createListFamilies } from '../metrics/families.ts';
import { createScrape } from '../metrics/scrape.ts';
import { type Rotation, rotationLag } from '../sources/files/volume.ts';
import type { Clock } from '../util/clock.ts';
import { errorFields, type Log } from '../util/log.ts';
import type { Result } from '../util/result.ts';
import type { Guard } from '../web/auth/guard.ts';
import { openWebConfig } from '../web/config/reloader.ts';
import { createWeb, type WebOptions } from '../web/web.ts';
import { type CreatedSources, createSources, listSources, type SourcesOptions } from './sources.ts';
import { createState, type State } from './state.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  readonly mayStartPrograms?: boolean;
  readonly build: BuildInfo;
  readonly takeSnapshot: TakeSnapshot;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Called with the address once it is listened on. */
  readonly onListening?: NonNullable<WebOptions['onListening']>;
}

/** All nodes of a fleet send requests at the same time if something is wrong with all of them. */
const REQUESTS_PER_MINUTE = 10;

/** What the parts have in common. */
interface Shared extends ServeOptions {
  readonly metrics: ExporterMetrics;
  /** Something threw in a part: a bug. */
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

function userAgentOf({ version }: BuildInfo): string {
  return `sa-token-exporter/${version}`;
}

function countRequests({ metrics }: Shared): SourcesOptions['onRequest'] {
  return (resource, code) => metrics.inc(EXPORTER.apiRequests, { resource, code: String(code) });
}

/** The sources, wired to the exporter's metrics and the log. */
function connectSources(
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
    onApiFailure: (resource, reason) => log.warn('API server does not answer', { resource, reason }),
  });
}

/** The guard that asks the API server who asks; undefined where none is wanted. */
async function createAccessGuard(
  shared: Shared,
): Promise<Result<{ readonly guard: Guard; readonly close: () => void } | undefined, Problems>> {
  const { config, log, clock, build, onError } = shared;
  if (!config.isKubernetesAuth) return { ok: true, value: undefined };
  const [{ joinAccess }, { createKubernetesAuth }] = await Promise.all([
    import('./access-review-client.ts'),
    import('../web/auth/kubernetes-auth.ts'),
  ]);
  const joined = await joinAccess({
    ...shared,
    userAgent: userAgentOf(build),
    onRequest: countRequests(shared),
    onFailure: (resource, reason) => log.warn('API server does not tell who asks', { resource, reason }),
  });
  if (!joined.ok) return { ok: false, error: [`--web.kubernetes-auth: ${joined.problem}`] };
  const { review, close } = joined.reviewer;
  const { monotonicMs } = clock;
  const guard = createKubernetesAuth({ review, monotonicMs, onError: onError('request') });
  return { ok: true, value: { guard, close } };
}

/** Merges the facts after each change. They are complete enough to serve once the first scan has ended. */
function createRefresh({ log, onError }: Shared, state: () => State) {
  let isReady = false;
  const refresh = (facts: keyof SourceFacts): void => {
    try {
      state().refresh();
    } catch (error) {
      onError('pass')(error);
      return;
    }
    if (isReady || facts !== 'observation') return;
    isReady = true;
    const { tokens, unreadable } = state().snapshot().observation;
    log.info('first pass ended', { tokens: tokens.length, unreadable: unreadable.length });
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
  const { perToken, isRelativeShown, telemetryPath, maxRequests, runbooks, isPageOff } = config;
  const scrape = createScrape({
    takeSnapshot: snapshot,
    listFamilies: createListFamilies({ node, perToken, isRelativeShown }),
    exporterFamilies: metrics.families,
  });
  return {
    telemetryPath,
    maxRequests,
    node,
    version: build.version,
    runbooks,
    scrape,
    takeSnapshot: snapshot,
    isPageEnabled: !isPageOff,
    isReady,
    onError: onError('request'),
    sleep: clock.sleep,
  };
}

/**
 * Serves until the signal aborts. Rejects where an address cannot be listened on.
 *
 * Answers every problem, at once, where the web configuration is wrong, and where the API server must be asked and cannot
 * be configured; where it may be asked, that is said and no reason to stop.
 */
export async function serve(options: ServeOptions): Promise<readonly string[]> {
  const { config, clock, log, signal } = options;
  const shared = createShared(options);
  const { metrics, onError } = shared;
  const { refresh, isReady } = createRefresh(shared, () => state);
  const { sources, problems } = await connectSources(shared, refresh);
  const access = await createAccessGuard(shared);
  const webConfig = await openWebConfig({
    ...shared,
    onLoad: (isSuccessful) => {
      metrics.set(EXPORTER.webConfigReloadSuccessful, Number(isSuccessful));
      if (isSuccessful) metrics.set(EXPORTER.webConfigReloadTime, clock.now());
    },
    onError: onError('web_config'),
  });
  const required = config.clusterMode === 'on' ? problems : [];
  if (required.length > 0 || !access.ok || !webConfig.ok)
    return [...required, ...problemsOf(access), ...problemsOf(webConfig)];
  for (const problem of problems) log.warn('API server is not asked', { problem });
  const state = createState({ ...shared, sources, now: clock.now, isContinuous: true });
  const web = await createWeb({
    ...shared,
    webConfig: webConfig.value,
    routes: createRouteOptions(shared, state, isReady),
    kubernetesAuth: access.value?.guard,
    onRejection: (status) => metrics.inc(EXPORTER.webRejections, { code: `${status}` }),
    onError: onError('request'),
  });
  const listening = signal.aborted ? undefined : await web.listen();
  if (listening?.ok === false) return [listening.error];
  const all = listSources(sources);
  const running = [...all, web].map(({ run }) => run(signal));
  if (!signal.aborted) await once(signal, 'abort');
  await Promise.all([...running, web.close()]);
  access.value?.close();
  for (const source of all) source.close();
  log.info('ended');
  return [];
}
