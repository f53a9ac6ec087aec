/**
 * Keeps a replica of one resource up to date: a list, then watches from its resource version on.
 *
 * A watch that breaks off resumes from the last version. A new list is needed only if that version is too old or a
 * response was malformed.
 */
import type { ClusterResource, ResourceState } from '../../core/cluster-facts.ts';
import type { Clock } from '../../util/clock.ts';
import type { Api, WatchEnd } from './api.ts';
import { displayName } from './fields.ts';
import { type ApiServerCallbacks, createHealth, STARTING } from './health.ts';
import { createReplica, type ReplicaOptions } from './replica.ts';
import type { DropReason } from './requests.ts';

export interface ReflectorOptions<T> extends Omit<ReplicaOptions<T>, 'onDropped'> {
  readonly resource: ClusterResource;
  /** Path of the list. */
  readonly path: string;
  readonly api: Api;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
}

export interface Reflector<T> {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /**
   * The objects by key; the same map until something changes. Undefined before the first list, and while the last
   * response is older than five minutes: a stale "exists" would be wrong.
   */
  readonly objects: () => ReadonlyMap<string, T> | undefined;
  /** Keys of objects that exist but could not be read; the same set until something changes. */
  readonly unreadable: () => ReadonlySet<string>;
  readonly state: () => ResourceState;
}

/** Bounds of the random watch timeout, as in client-go, so that the watches of a fleet do not end together. */
const MIN_WATCH_SECONDS = 300;
const MAX_WATCH_SECONDS = 600;
/** A watch that ends at most this long before its timeout has ended regularly. */
const EARLY_END_MS = 5_000;
/** A watch that lived this long resets the back-off. */
const STABLE_WATCH_MS = 60_000;
/** Maximum delay before a watch that ended regularly is renewed. */
const MAX_RENEWAL_DELAY_MS = 1_000;
/** Maximum age of the last response before the objects are stale. */
const MAX_STALENESS_MS = 300_000;

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

/** After a malformed response the resource version cannot be trusted. */
function isMalformed(state: ResourceState): boolean {
  return !state.isUp && (state.failure === 'bad_answer' || state.failure === 'too_large');
}

function createFreshness(clock: Clock) {
  let refreshedMs = Number.NEGATIVE_INFINITY;
  const isStale = (): boolean => clock.monotonicMs() - refreshedMs > MAX_STALENESS_MS;
  /** Returns whether the objects were stale until now, which makes them news even if they are unchanged. */
  const refresh = (): boolean => {
    const wasStale = isStale();
    refreshedMs = clock.monotonicMs();
    return wasStale;
  };
  return { isStale, refresh };
}

function reportDropped({ resource, callbacks }: Pick<ReflectorOptions<never>, 'resource' | 'callbacks'>) {
  return (reason: DropReason, item: unknown): void =>
    callbacks.onDropped(resource, reason, displayName(item));
}

export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const { resource, path, api, clock, random, callbacks } = options;
  const replica = createReplica({ ...options, onDropped: reportDropped(options) });
  const health = createHealth({ resource, initially: STARTING, random, callbacks });
  const freshness = createFreshness(clock);

  const recordResponse = (hasChanged: boolean): void => {
    const isNews = freshness.refresh() || hasChanged;
    health.recordSuccess();
    if (isNews) callbacks.onChange();
  };

  /** `list` and `watch` return how long to wait before the next request, in milliseconds. */
  const list = async (signal: AbortSignal): Promise<number> => {
    const listing = replica.startList();
    const request = { resource, path: withQuery(path, { resourceVersion: '0' }), signal };
    const frame = await api.list(request, listing.add);
    if (!frame.ok) return health.recordFailure(frame.error);
    recordResponse(listing.finish(frame.value));
    return 0;
  };

  const onEvent = (event: unknown): WatchEnd | undefined => {
    const outcome = replica.applyEvent(event);
    if (outcome === 'gone') return outcome;
    if (outcome !== 'dropped') recordResponse(outcome === 'changed');
    return undefined;
  };

  const watch = async (version: string, signal: AbortSignal): Promise<number> => {
    const timeoutMs = randomWatchMs(random);
    const startedMs = clock.monotonicMs();
    const request = { resource, path: watchPath(path, timeoutMs, version), signal };
    const end = await api.watch(request, { onOpen: () => recordResponse(false), onEvent });
    const livedMs = clock.monotonicMs() - startedMs;
    if (livedMs >= STABLE_WATCH_MS) health.backOff.reset();
    if (!end.ok) return health.recordFailure(end.error);
    if (end.value === 'gone') replica.forgetVersion();
    const isRegular = end.value === 'ended' && livedMs >= timeoutMs - EARLY_END_MS;
    return isRegular ? random() * MAX_RENEWAL_DELAY_MS : health.backOff.nextMs();
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const version = replica.version();
      const request = version === undefined ? list(signal) : watch(version, signal);
      const waitMs = await request.catch(health.recordThrown);
      if (isMalformed(health.state())) replica.forgetVersion();
      await clock.sleep(waitMs, signal);
    }
  };
  const objects = () => (freshness.isStale() ? undefined : replica.objects());
  return { run, objects, unreadable: replica.unreadable, state: health.state };
}
