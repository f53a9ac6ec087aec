/**
 * The API server as a source: lists and watches, published keys, signatures, token reviews and mount failures.
 *
 * Each resource fails on its own: what the API server does not return or permit is unknown, and the rest is current.
 */
import type {
  ClusterFacts,
  ClusterFailure,
  ClusterResource,
  MountFailure,
  PodRef,
  TokenReviewMode,
} from '../../core/cluster-facts.ts';
import { type LookupTargets, lookupTargetsOf } from '../../core/snapshot.ts';
import type { Token, TokenClaims } from '../../core/token.ts';
import { type Clock, createAlarm } from '../../util/clock.ts';
import { sameEntries, stable } from '../../util/stable.ts';
import type { Source } from '../source.ts';
import { createApi } from './api.ts';
import type { Connection } from './connection.ts';
import { type ApiServerCallbacks, createRunTracker } from './health.ts';
import { createSigningKeys } from './jwks.ts';
import { createMountFailureFetcher, MOUNT_FAILURES_TTL_MS } from './mount-failures.ts';
import { createPoller } from './poller.ts';
import { createReflector } from './reflector.ts';
import { ACCOUNTS_PATH, podsPath, trimAccount, trimPod } from './resources.ts';
import { createReviews } from './reviews.ts';
import { createSignatures, type ReadRaw } from './signatures.ts';
import { createTokenReviewer } from './token-review.ts';

export interface ApiServerSourceOptions {
  readonly connection: Connection;
  readonly nodeName: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly readRaw: ReadRaw;
  /** The exporter's newest token, which is meant for the API server; undefined if it has none. */
  readonly exporterToken: () => TokenClaims | undefined;
  readonly tokenReview: TokenReviewMode;
  /** Maximum number of token reviews in any minute, and of requests for the events of a pod. */
  readonly requestsPerMinute: number;
  readonly callbacks: ApiServerCallbacks;
}

export interface ApiServerSource extends Source<ClusterFacts> {
  /** Sets the tokens to verify, and what to look up. `onSnapshot` does so from a snapshot. */
  readonly setTargets: (tokens: readonly Token[], lookups: LookupTargets) => void;
}

const MAX_PODS = 5_000;
const MAX_ACCOUNTS = 100_000;
/** Service accounts of the whole cluster are watched, so changes may be frequent. */
const COALESCE_MS = 250;
/** Until a change rings the alarm. */
const IDLE_MS = 3_600_000;

/**
 * Passes on the first change at once and further ones every COALESCE_MS at most. `onUpdate` is called for every change
 * and failure.
 */
function coalesceChanges(callbacks: ApiServerCallbacks, clock: Clock, onUpdate: () => void) {
  const changed = createAlarm(clock);
  let isStopping = false;
  const coalesced: ApiServerCallbacks = {
    onChange: () => {
      onUpdate();
      changed.ring();
    },
    onFailure: (resource, failure) => {
      onUpdate();
      // A request that fails because the source stops is not a failure.
      if (!isStopping) callbacks.onFailure(resource, failure);
    },
    onRecovery: callbacks.onRecovery,
    onDropped: callbacks.onDropped,
    onError: callbacks.onError,
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    signal.addEventListener('abort', () => {
      isStopping = true;
    });
    while (!signal.aborted) {
      await changed.wait(IDLE_MS, signal);
      if (!signal.aborted) callbacks.onChange();
      await clock.sleep(COALESCE_MS, signal);
    }
  };
  return { callbacks: coalesced, run };
}

type States = ClusterFacts['resources'];

function sameFacts(a: ClusterFacts, b: ClusterFacts): boolean {
  const keys = Object.keys(a) as readonly (keyof ClusterFacts)[];
  return keys.every((key) => a[key] === b[key]);
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}

function createParts(options: ApiServerSourceOptions, callbacks: ApiServerCallbacks) {
  const { connection, nodeName, clock, random, readRaw, exporterToken, requestsPerMinute } = options;
  const api = createApi(connection, clock);
  const tools = { api, clock, random, callbacks };
  /** A rejected request or a watch that was cut is often the first sign of new keys. */
  const watching = {
    ...tools,
    callbacks: {
      ...callbacks,
      onFailure: (resource: ClusterResource, failure: ClusterFailure) => {
        keys.suspect();
        callbacks.onFailure(resource, failure);
      },
    },
  };
  const pods = createReflector({
    ...watching,
    resource: 'pods',
    kind: 'Pod',
    path: podsPath(nodeName),
    maxObjects: MAX_PODS,
    trim: trimPod,
  });
  const accounts = createReflector({
    ...watching,
    resource: 'serviceaccounts',
    kind: 'ServiceAccount',
    path: ACCOUNTS_PATH,
    maxObjects: MAX_ACCOUNTS,
    trim: trimAccount,
  });
  const keys = createSigningKeys({ ...tools, exporterToken, onKeysChange: () => reviews.clear() });
  const signatures = createSignatures({ ...tools, readRaw, publicKeys: keys.publicKeys });
  const reviews = createReviews({
    ...tools,
    review: createTokenReviewer({ api, readRaw, callbacks, podOf: (uid) => pods.objects()?.get(uid) }),
    requestsPerMinute,
    onUnknownKey: keys.suspect,
  });
  const fetchMountFailures = createMountFailureFetcher(api, callbacks);
  const events = createPoller<PodRef, string, readonly MountFailure[]>({
    ...tools,
    resource: 'events',
    keyOf: ({ uid }) => uid,
    poll: (pod, { signal }) => fetchMountFailures(pod, signal),
    ttlMs: () => MOUNT_FAILURES_TTL_MS,
    lanes: [{ has: () => true, requestsPerMinute }],
  });
  return { pods, accounts, keys, signatures, reviews, events };
}

/** Returns the facts; the same object until something changes. */
function createFacts(parts: ReturnType<typeof createParts>, states: () => States): () => ClusterFacts {
  const { pods, accounts, keys, signatures, reviews, events } = parts;
  const stableUnreadable = stable<ReadonlySet<string>>(sameSet);
  const stableFacts = stable(sameFacts);
  return () =>
    stableFacts({
      resources: states(),
      pods: pods.objects(),
      accounts: accounts.objects(),
      unreadable: stableUnreadable(pods.unreadable().union(accounts.unreadable())),
      authority: keys.authority(),
      signatures: signatures.results(),
      reviews: reviews.reviews(),
      classReviews: reviews.classReviews(),
      mountFailures: events.results(),
    });
}

export function createApiServerSource(options: ApiServerSourceOptions): ApiServerSource {
  const { connection, clock, tokenReview } = options;
  const runs = createRunTracker(clock.monotonicMs);
  const updateRuns = (): void => runs.update(states().values());
  const changes = coalesceChanges(options.callbacks, clock, updateRuns);
  const parts = createParts(options, changes.callbacks);
  const { pods, accounts, keys, signatures, reviews, events } = parts;
  const always = { pods, serviceaccounts: accounts, keys, events };
  const resources = Object.entries(tokenReview === 'off' ? always : { ...always, tokenreviews: reviews });
  const stableStates = stable<States>(sameEntries);

  const states = (): States =>
    stableStates(new Map(resources.map(([name, { state }]) => [name as ClusterResource, state()])));

  const setTargets: ApiServerSource['setTargets'] = (tokens, lookups) => {
    keys.setTokens(tokens);
    signatures.setTokens(tokens);
    events.setTargets(lookups.pods);
    if (tokenReview !== 'off') reviews.setTargets(lookups.reviews);
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    updateRuns();
    const running = [changes, signatures, ...resources.map(([, part]) => part)];
    await Promise.all(running.map((part) => part.run(signal)));
    connection.close();
  };
  return {
    name: 'api-server',
    run,
    facts: createFacts(parts, states),
    lastRun: runs.lastRun,
    onSnapshot: (snapshot) => setTargets(snapshot.observation.tokens, lookupTargetsOf(snapshot, tokenReview)),
    setTargets,
    close: connection.close,
  };
}
