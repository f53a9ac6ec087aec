/**
 * `serve`: wires the sources, the loop, the counters and the server, and takes them down in order.
 *
 * Knows how the parts fit, nothing of what they do.
 */
import { once } from 'node:events';
import type { Config } from '../config/options.ts';
import { problemsOf, type Read } from '../config/yaml-file.ts';
import type { TakeSnapshot } from '../core/snapshot.ts';
import { type BuildInfo, createExporterMetrics, type ExporterMetrics } from '../metrics/exporter-metrics.ts';
import { EXPORTER, type Part } from '../metrics/exporter-rows.ts';
import { createListFamilies } from '../metrics/families.ts';
import { createScrape } from '../metrics/scrape.ts';
import { createTokenFiles, type TokenFiles } from '../sources/files/token-files.ts';
import { type Rotation, rotationLag } from '../sources/files/volume.ts';
import type { Clock } from '../util/clock.ts';
import { errorFields, type Log } from '../util/log.ts';
import type { Guard } from '../web/auth/guard.ts';
import { openSettings } from '../web/config/reloader.ts';
import { createWeb, type WebOptions } from '../web/web.ts';
import { type ClusterWiring, type Joined, joinCluster } from './connect-api-server.ts';
import { createReconciler, type Reconciler } from './reconciler.ts';
import { createFacts, type Facts } from './state.ts';

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

/** A fleet asks at once when something is wrong with all of it. */
const QUESTIONS_PER_MINUTE = 10;

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

function createFiles({ config, clock, log, metrics }: Shared, onNudge: () => void): TokenFiles {
  const onRotation = (rotation: Rotation): void => {
    const lag = rotationLag(rotation);
    metrics.inc(EXPORTER.rotations);
    if (lag !== undefined) metrics.observe(EXPORTER.rotationLag, lag);
    const { namespace, pod, volume, path } = rotation.after.identity;
    log.debug('token rotated', { namespace, pod, volume, path });
  };
  return createTokenFiles({
    rootDir: config.rootDir,
    isWatching: config.isWatching,
    now: clock.now,
    onNudge,
    onRotation,
    onReadFailure: (reason) => metrics.inc(EXPORTER.readErrors, { reason }),
    onWatchFailure: (reason) => {
      metrics.inc(EXPORTER.watchErrors, { reason });
      log.debug('watch failed', { reason });
    },
  });
}

function userAgentOf({ version }: BuildInfo): string {
  return `sa-token-exporter/${version}`;
}

function countRequests({ metrics }: Shared): ClusterWiring['onRequest'] {
  return (resource, code) => metrics.inc(EXPORTER.apiRequests, { resource, code: String(code) });
}

/** The source of what the API server knows, wired to the counters and the log. */
function join(shared: Shared, onChange: () => void): Promise<Joined> {
  const { log, build, onError } = shared;
  return joinCluster({
    ...shared,
    userAgent: userAgentOf(build),
    onRequest: countRequests(shared),
    questionsPerMinute: QUESTIONS_PER_MINUTE,
    listener: {
      onChange,
      onFailure: (resource, reason) => log.warn('API server does not answer', { resource, reason }),
      onError: onError('cluster'),
    },
  });
}

/** The guard that asks the API server who asks; undefined where none is wanted. */
async function createAccessGuard(
  shared: Shared,
): Promise<Read<{ readonly guard: Guard; readonly close: () => void } | undefined>> {
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
  if (!joined.ok) return { ok: false, problems: [`--web.kubernetes-auth: ${joined.problem}`] };
  const { review, close } = joined.reviewer;
  const { monotonicMs } = clock;
  const guard = createKubernetesAuth({ review, monotonicMs, onError: onError('request') });
  return { ok: true, value: { guard, close } };
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

/** What the server answers from. */
function createAnswers(shared: Shared, facts: Facts, isReady: () => boolean): WebOptions['answers'] {
  const { config, node, build, clock, metrics, onError } = shared;
  const { perToken, isRelativeShown, telemetryPath, maxRequests, runbooks, isPageOff } = config;
  const scrape = createScrape({
    takeSnapshot: facts.snapshot,
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
    takeSnapshot: facts.snapshot,
    isPageShown: !isPageOff,
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
  let isReady = false;
  const nudge = (): void => loop.nudge();
  const files = createFiles(shared, nudge);
  const joined = await join(shared, nudge);
  const access = await createAccessGuard(shared);
  const settings = await openSettings({
    ...shared,
    onRead: (isTaken) => {
      metrics.set(EXPORTER.webConfigReloadSuccessful, Number(isTaken));
      if (isTaken) metrics.set(EXPORTER.webConfigReloadTime, clock.now());
    },
    onError: onError('web_config'),
  });
  const unjoined = joined.ok || config.clusterMode !== 'on' ? [] : [joined.problem];
  if (unjoined.length > 0 || !access.ok || !settings.ok)
    return [...unjoined, ...problemsOf(access), ...problemsOf(settings)];
  if (!joined.ok) log.warn('API server is not asked', { problem: joined.problem });
  const cluster = joined.ok ? joined.cluster : undefined;
  const facts = createFacts({ ...shared, files, cluster, now: clock.now, isLasting: true });
  const loop = createLoop(shared, facts, files, () => {
    isReady = true;
  });
  const web = await createWeb({
    ...shared,
    settings: settings.value,
    answers: createAnswers(shared, facts, () => isReady),
    kubernetesAuth: access.value?.guard,
    onRejection: (status) => metrics.inc(EXPORTER.webRejections, { code: `${status}` }),
    onError: onError('request'),
  });
  if (!signal.aborted) await web.listen();
  const running = [loop.run(signal), web.run(signal), cluster?.run(signal)];
  if (!signal.aborted) await once(signal, 'abort');
  await Promise.all([...running, web.drain()]);
  access.value?.close();
  files.close();
  log.info('ended');
  return [];
}
