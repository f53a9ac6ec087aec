/**
 * Keeps a replica of one resource as the API server has it: a list, then a watch from there on, for ever.
 *
 * Nothing ends it but its signal. A watch that breaks off is taken up again from the same version; a new list is asked
 * for only where that version is too old or an answer was wrong. Knows nothing of what the objects are.
 */
import type { ClusterResource, ResourceState } from '../../core/cluster-facts.ts';
import type { Clock } from '../../util/clock.ts';
import type { Api, WatchEnd } from './api.ts';
import { createHealth, type Listener, STARTING } from './health.ts';
import { createReplica, type ReplicaOptions } from './replica.ts';

export interface ReflectorOptions<T> extends ReplicaOptions<T> {
  readonly resource: ClusterResource;
  /** Of the list. */
  readonly path: string;
  readonly api: Api;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly listener: Listener;
}

export interface Reflector<T> {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /**
   * The objects by key, the same map while nothing is different. Undefined before the first list, and once nothing
   * was heard for too long: an old yes is not a yes.
   */
  readonly known: () => ReadonlyMap<string, T> | undefined;
  readonly state: () => ResourceState;
}

/** How long a watch is asked for: at random, so that those of a fleet do not end together. */
const LEAST_SECONDS = 300;
const MOST_SECONDS = 600;
/** One that ends so long before its time was cut. */
const EARLY_MS = 5_000;
/** One that was cut after this long had been a good one. */
const STEADY_MS = 60_000;
/** A watch that ended in time goes on within this, any other after a while. */
const RENEWAL_MS = 1_000;
const FORGOTTEN_MS = 300_000;

function watchMs(random: () => number): number {
  return Math.round(LEAST_SECONDS + random() * (MOST_SECONDS - LEAST_SECONDS)) * 1_000;
}

function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(query).toString()}`;
}

function watchPath(path: string, watchedMs: number, resourceVersion: string): string {
  const timeoutSeconds = String(watchedMs / 1_000);
  return withQuery(path, { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds, resourceVersion });
}

/** What came of an answer that was wrong is not to be built on. */
function isWrong(state: ResourceState): boolean {
  return !state.isUp && (state.failure === 'bad_answer' || state.failure === 'too_large');
}

/** When something was last heard. */
function createMemory(clock: Clock) {
  let heardMs = Number.NEGATIVE_INFINITY;
  const isLost = (): boolean => clock.monotonicMs() - heardMs > FORGOTTEN_MS;
  /** Answers whether what is known had been forgotten: the same as before, it is news. */
  const refresh = (): boolean => {
    const wasLost = isLost();
    heardMs = clock.monotonicMs();
    return wasLost;
  };
  return { isLost, refresh };
}

export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const { resource, path, api, clock, random, listener } = options;
  const replica = createReplica(options);
  const health = createHealth({ resource, initially: STARTING, random, listener });
  const memory = createMemory(clock);

  const hear = (isDifferent: boolean): void => {
    const isNews = memory.refresh() || isDifferent;
    health.succeed();
    if (isNews) listener.onChange();
  };

  const list = async (signal: AbortSignal): Promise<number> => {
    const listing = replica.startList();
    const question = { resource, path: withQuery(path, { resourceVersion: '0' }), signal };
    const answer = await api.list(question, listing.take);
    if (!answer.ok) return health.fail(answer);
    hear(listing.finish(answer.value));
    return 0;
  };

  const onEvent = (event: unknown): WatchEnd | undefined => {
    const change = replica.takeEvent(event);
    if (change === 'gone') return 'gone';
    hear(change === 'different');
    return undefined;
  };

  const watch = async (version: string, signal: AbortSignal): Promise<number> => {
    const askedMs = watchMs(random);
    const startedMs = clock.monotonicMs();
    const question = { resource, path: watchPath(path, askedMs, version), signal };
    const answer = await api.watch(question, { onOpen: () => hear(false), onEvent });
    const livedMs = clock.monotonicMs() - startedMs;
    if (livedMs >= STEADY_MS) health.backOff.reset();
    if (!answer.ok) return health.fail(answer);
    if (answer.value === 'gone') replica.forgetVersion();
    const isDue = answer.value === 'ended' && livedMs >= askedMs - EARLY_MS;
    return isDue ? random() * RENEWAL_MS : health.backOff.nextMs();
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const version = replica.version();
      const asking = version === undefined ? list(signal) : watch(version, signal);
      const waitMs = await asking.catch(health.failBy);
      if (isWrong(health.state())) replica.forgetVersion();
      await clock.sleep(waitMs, signal);
    }
  };
  const known = () => (memory.isLost() ? undefined : replica.objects());
  return { run, known, state: health.state };
}
