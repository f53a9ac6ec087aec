/**
 * Keeps a replica of one resource up to date: a list, then watches from its resource version on.
 *
 * The replica is up to date after a list, or after the first event of a watch. A watch that is merely accepted proves
 * nothing: after its restart an API server accepts one from an old version and ends it two milliseconds later.
 */
import type { ClusterResource, ResourceState } from '../../core/cluster-facts.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import type { Clock } from '../../util/clock.ts';
import type { Api, WatchEnd, Watcher } from './client/api.ts';
import type { DropReason } from './client/requests.ts';
import { displayName } from './fields.ts';
import { type ApiServerCallbacks, createCurrency, createHealth, STARTING } from './health.ts';
import { createReplica, type ReplicaOptions } from './replica.ts';
import { createRecovery, type Parts, type RecoveryOptions } from './watch-recovery.ts';

export interface ReflectorOptions<T> extends Omit<ReplicaOptions<T>, 'onDropped'>, RecoveryOptions {
  readonly resource: ClusterResource;
  /** Path of the list. */
  readonly path: string;
  readonly api: Api;
  readonly clock: Clock;
  readonly callbacks: ApiServerCallbacks;
}

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

/** Returns a function that reports a dropped object by its name. */
export function reportDropped({
  resource,
  callbacks,
}: Pick<ReflectorOptions<never>, 'resource' | 'callbacks'>) {
  return (reason: DropReason, item: unknown): void =>
    callbacks.onDropped(resource, reason, displayName(item));
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
