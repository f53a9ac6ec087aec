/**
 * Keeps a replica of one resource up to date: a list, then watches from its resource version on.
 *
 * The replica is up to date after a list, or after the first event of a watch. A watch that is merely accepted proves
 * nothing: after its restart an API server accepts one from an old version and ends it two milliseconds later.
 */
import type { ClusterFailure, ClusterResource, ResourceState } from '../../core/cluster-facts.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import type { Clock } from '../../util/clock.ts';
import type { Api, WatchEnd, Watcher } from './client/api.ts';
import type { ApiError, ApiResult } from './client/failures.ts';
import type { DropReason } from './client/requests.ts';
import { displayName } from './fields.ts';
import {
  type ApiServerCallbacks,
  type Currency,
  createBackOff,
  createCurrency,
  createHealth,
  type Health,
  STARTING,
  spread,
} from './health.ts';
import { createReplica, type Replica, type ReplicaOptions } from './replica.ts';

export interface ReflectorOptions<T> extends Omit<ReplicaOptions<T>, 'onDropped'> {
  readonly resource: ClusterResource;
  /** Path of the list. */
  readonly path: string;
  readonly reconnect: Reconnect;
  readonly api: Api;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
  /** A request failed, or the watch ended early: the API server may have been replaced. */
  readonly onLost?: () => void;
}

/** How to recover after the watch is lost. All nodes of a fleet may lose theirs at the same moment. */
export interface Reconnect {
  /**
   * Whether to resume the watch from its last version, which costs the API server little but takes until the next event
   * or bookmark, about a minute. Otherwise a list follows.
   */
  readonly resumes: boolean;
  /** Maximum random delay before the watch is resumed, and between requests while the API server is away. */
  readonly spreadMs: number;
  /** Maximum random delay before a new list. */
  readonly listSpreadMs: number;
  /**
   * How long the objects count after the watch was lost. Covers the reconnection to an API server that is not away: a
   * proxy that cuts idle connections must not interrupt verdicts every minute.
   */
  readonly holdMs: number;
}

/**
 * The pods of one node are few, and most checks need them: 30 s after the API server is reachable they are up to date,
 * including a request in flight.
 */
export const PODS_RECONNECT: Reconnect = {
  resumes: false,
  spreadMs: 18_000,
  listSpreadMs: 18_000,
  holdMs: 20_000,
};
/** A list of all service accounts of a large cluster has megabytes: those of a fleet are spread over two minutes. */
export const ACCOUNTS_RECONNECT: Reconnect = {
  resumes: true,
  spreadMs: 40_000,
  listSpreadMs: 80_000,
  holdMs: 0,
};

export interface Reflector<T> {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /**
   * The objects by key; the same map until something changes. Undefined unless they are up to date, or the watch was lost
   * just now: a stale "exists" would be wrong.
   */
  readonly objects: () => ReadonlyMap<string, T> | undefined;
  /** Keys of objects that exist but could not be read; the same set until something changes. */
  readonly unreadable: () => ReadonlySet<string>;
  /** When the watch was lost; undefined while the objects are up to date. */
  readonly lostAt: () => EpochSeconds | undefined;
  readonly state: () => ResourceState;
}

/** Bounds of the random watch timeout, as in client-go, so that the watches of a fleet do not end together. */
const MIN_WATCH_SECONDS = 300;
const MAX_WATCH_SECONDS = 600;
/** A watch that ends at most this long before its timeout has ended regularly. */
const EARLY_END_MS = 5_000;
/** A watch that lived this long resets the back-off. */
const STABLE_WATCH_MS = 60_000;
/** A watch that ends sooner and without an event was useless. */
const USELESS_WATCH_MS = 5_000;
/** Maximum delay before a watch that ended regularly is renewed. */
const MAX_RENEWAL_DELAY_MS = 1_000;

function randomWatchMs(random: () => number): number {
  return Math.round(MIN_WATCH_SECONDS + random() * (MAX_WATCH_SECONDS - MIN_WATCH_SECONDS)) * 1_000;
}

function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(query).toString()}`;
}

function watchPath(path: string, timeoutMs: number, resourceVersion: string): string {
  const timeoutSeconds = String(timeoutMs / 1_000);
  return withQuery(path, { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds, resourceVersion });
}

/** What happened during one watch. */
interface WatchRun {
  readonly end: ApiResult<WatchEnd>;
  readonly isOpened: boolean;
  readonly hasEvents: boolean;
  readonly livedMs: number;
  readonly timeoutMs: number;
}

function isRegularEnd({ end, livedMs, timeoutMs }: WatchRun): boolean {
  return end.ok && end.value === 'ended' && livedMs >= timeoutMs - EARLY_END_MS;
}

function isGone({ end }: WatchRun): boolean {
  return end.ok && end.value === 'gone';
}

/** Whether the watch was cut, and not silent for too long: until then the objects were up to date. */
function isCut({ end, isOpened }: WatchRun): boolean {
  return end.ok || (isOpened && end.error.failure !== 'timeout');
}

/** After a malformed response the resource version cannot be trusted. */
const MALFORMED: readonly ClusterFailure[] = ['bad_answer', 'too_large'];

/** Whether the next watch can start from the last version. */
function keepsVersion(run: WatchRun): boolean {
  if (isGone(run) || (!run.end.ok && MALFORMED.includes(run.end.error.failure))) return false;
  // The API server accepts a watch from a version that it no longer knows.
  return !run.isOpened || run.hasEvents;
}

/** Whether watches end at once, again and again. */
function createUselessWatches() {
  let count = 0;
  const record = (run: WatchRun): void => {
    if (run.hasEvents || run.livedMs >= STABLE_WATCH_MS) count = 0;
    else if ((run.isOpened || isGone(run)) && run.livedMs < USELESS_WATCH_MS) count += 1;
  };
  return { record, isRepeated: () => count > 1 };
}

/** Returns a function that reports a dropped object by its name. */
export function reportDropped({
  resource,
  callbacks,
}: Pick<ReflectorOptions<never>, 'resource' | 'callbacks'>) {
  return (reason: DropReason, item: unknown): void =>
    callbacks.onDropped(resource, reason, displayName(item));
}

interface Parts<T> {
  readonly replica: Replica<T>;
  readonly health: Health;
  readonly currency: Currency;
}

/** Applies the events of one watch. */
function createWatcher<T>({ replica, health, currency }: Parts<T>, confirm: (hasChanged: boolean) => void) {
  let isOpened = false;
  let hasEvents = false;
  const onOpen = (): void => {
    isOpened = true;
    // The API server is back, but it has yet to prove that it knows the version.
    if (currency.lostAt() !== undefined) health.recordReconnect();
  };
  const onEvent = (event: unknown): WatchEnd | undefined => {
    const outcome = replica.applyEvent(event);
    if (outcome === 'gone') return outcome;
    if (outcome === 'dropped') return undefined;
    hasEvents = true;
    confirm(outcome === 'changed');
    return undefined;
  };
  const watcher: Watcher = { onOpen, onEvent };
  return { watcher, seen: () => ({ isOpened, hasEvents }) };
}

/** What to do after a request has failed or a watch has ended. Each function returns the delay before the next request. */
function createRecovery<T>(options: Parts<T> & Pick<ReflectorOptions<T>, 'reconnect' | 'random' | 'onLost'>) {
  const { replica, health, currency, reconnect, random, onLost } = options;
  const useless = createUselessWatches();
  const growth = createBackOff(random, reconnect.listSpreadMs);

  const afterFailure = (error: ApiError): number => {
    onLost?.();
    currency.drop();
    return health.recordFailure(error);
  };
  const afterThrown = (thrown: unknown): number => {
    currency.drop();
    replica.forgetVersion();
    return health.recordThrown(thrown);
  };
  const reconnectMs = ({ end }: WatchRun): number => {
    if (!end.ok) return health.recordFailure(end.error);
    health.recordReconnect();
    return spread(random, replica.version() === undefined ? reconnect.listSpreadMs : reconnect.spreadMs);
  };
  const afterLoss = (run: WatchRun): number => {
    onLost?.();
    if (isCut(run)) currency.lose();
    else currency.drop();
    if (!reconnect.resumes || !keepsVersion(run)) replica.forgetVersion();
    const delayMs = reconnectMs(run);
    if (useless.isRepeated()) return Math.max(delayMs, growth.nextMs(true));
    growth.reset();
    return delayMs;
  };
  const afterWatch = (run: WatchRun): number => {
    useless.record(run);
    if (run.hasEvents || run.livedMs >= STABLE_WATCH_MS) health.backOff.reset();
    return isRegularEnd(run) ? random() * MAX_RENEWAL_DELAY_MS : afterLoss(run);
  };
  return { afterFailure, afterThrown, afterWatch };
}

export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const { resource, path, reconnect, api, clock, random, callbacks } = options;
  const replica = createReplica({ ...options, onDropped: reportDropped(options) });
  const { spreadMs } = reconnect;
  const health = createHealth({ resource, initially: STARTING, random, callbacks, spreadMs });
  const currency = createCurrency(clock, reconnect.holdMs);
  const parts = { replica, health, currency };
  const recovery = createRecovery({ ...options, ...parts });

  const confirm = (hasChanged: boolean): void => {
    const isNews = currency.confirm() || hasChanged;
    health.recordSuccess();
    if (isNews) callbacks.onChange();
  };

  /** `list` and `watch` return how long to wait before the next request, in milliseconds. */
  const list = async (signal: AbortSignal): Promise<number> => {
    const listing = replica.startList();
    const request = { resource, path: withQuery(path, { resourceVersion: '0' }), signal };
    const frame = await api.list(request, listing.add);
    if (!frame.ok) return recovery.afterFailure(frame.error);
    confirm(listing.finish(frame.value));
    return 0;
  };

  const watch = async (version: string, signal: AbortSignal): Promise<number> => {
    const timeoutMs = randomWatchMs(random);
    const startedMs = clock.monotonicMs();
    const request = { resource, path: watchPath(path, timeoutMs, version), signal };
    const { watcher, seen } = createWatcher(parts, confirm);
    const end = await api.watch(request, watcher);
    const livedMs = clock.monotonicMs() - startedMs;
    return recovery.afterWatch({ end, livedMs, timeoutMs, ...seen() });
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const version = replica.version();
      const request = version === undefined ? list(signal) : watch(version, signal);
      const waitMs = await request.catch(recovery.afterThrown);
      await clock.sleep(waitMs, signal);
    }
  };
  const objects = () => (currency.isKnown() ? replica.objects() : undefined);
  const { unreadable } = replica;
  return { run, objects, unreadable, lostAt: currency.lostAt, state: health.state };
}
