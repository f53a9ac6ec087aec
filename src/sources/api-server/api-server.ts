/**
 * The API server as a source: lists and watches, published keys, signatures, token reviews and mount failures.
 *
 * Each resource fails on its own: what the API server does not return or permit is unknown, and the rest is current.
 */
import {
  CLUSTER_RESOURCES,
  type ClaimRef,
  type ClusterFacts,
  type ClusterResource,
  type MountFailure,
  type PodRef,
} from '../../core/cluster-facts.ts';
import { type LookupScope, type LookupTargets, lookupTargetsOf } from '../../core/lookup-targets.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { Token, TokenClaims } from '../../core/token/token.ts';
import type { Clock } from '../../util/clock.ts';
import { sameEntries, sameSet, stable } from '../../util/stable.ts';
import type { Source } from '../source.ts';
import { createAccountLookup } from './account-lookup.ts';
import { CLAIM_TTL_MS, claimKey, createClaimFetcher } from './claims.ts';
import { type Api, createApi } from './client/api.ts';
import type { Connection } from './client/connection.ts';
import { coalesceChanges } from './coalesce-changes.ts';
import { type ApiServerCallbacks, createRunTracker, down, UP } from './health.ts';
import { createSigningKeys } from './keys/jwks.ts';
import { createSignatures, type ReadRaw } from './keys/signatures.ts';
import { createMountFailureFetcher, MOUNT_FAILURES_TTL_MS } from './mount-failures.ts';
import { watchOutages } from './outage.ts';
import { createSplitOversized } from './oversized-pods.ts';
import { createPoller } from './poller.ts';
import { createReflector } from './reflector.ts';
import { ACCOUNTS_PATH, MAX_ACCOUNTS, podsPath, trimAccount, trimPod } from './resources.ts';
import { createReviews } from './reviews.ts';
import { createTokenReviewer } from './token-review.ts';
import { ACCOUNTS_RECONNECT, PODS_RECONNECT } from './watch-recovery.ts';

export interface ApiServerSourceOptions {
  readonly connection: Connection;
  readonly nodeName: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly readRaw: ReadRaw;
  /** The exporter's newest token, which is meant for the API server; undefined if it has none. */
  readonly exporterToken: () => TokenClaims | undefined;
  readonly lookupScope: LookupScope;
  /** Whether for a single scan: then only the service accounts of this node's pods and tokens are read. */
  readonly isOnce: boolean;
  /** What to read. Checks that need another resource have no verdict. */
  readonly resources: ReadonlySet<ClusterResource>;
  /** Maximum number of token reviews in any minute, and of requests for the events of a pod. */
  readonly requestsPerMinute: number;
  readonly callbacks: ApiServerCallbacks;
}

export interface ApiServerSource extends Source<ClusterFacts> {
  /** Sets the tokens to verify, and what to look up. `onSnapshot` does so from a snapshot. */
  readonly setTargets: (tokens: readonly Token[], lookups: LookupTargets) => void;
}

const PODS = {
  resource: 'pods',
  kind: 'Pod',
  reconnect: PODS_RECONNECT,
  maxObjects: 5_000,
  trim: trimPod,
} as const;
const ACCOUNTS = {
  resource: 'serviceaccounts',
  kind: 'ServiceAccount',
  path: ACCOUNTS_PATH,
  reconnect: ACCOUNTS_RECONNECT,
  maxObjects: MAX_ACCOUNTS,
  trim: trimAccount,
} as const;

type States = ClusterFacts['resources'];

function sameFacts(a: ClusterFacts, b: ClusterFacts): boolean {
  const keys = Object.keys(a) as readonly (keyof ClusterFacts)[];
  return keys.every((key) => a[key] === b[key]);
}

interface Tools extends Pick<ApiServerSourceOptions, 'clock' | 'random' | 'callbacks'> {
  readonly api: Api;
}

/** Looks up why the kubelet does not rotate tokens: events of their pods, and the claims that these mount. */
function createLookups(tools: Tools, requestsPerMinute: number) {
  const fetchMountFailures = createMountFailureFetcher(tools.api, tools.callbacks);
  const fetchClaim = createClaimFetcher(tools.api);
  const lanes = [{ has: () => true, requestsPerMinute }];
  const events = createPoller<PodRef, string, readonly MountFailure[]>({
    ...tools,
    resource: 'events',
    keyOf: ({ uid }) => uid,
    poll: (pod, { signal }) => fetchMountFailures(pod, signal),
    ttlMs: () => MOUNT_FAILURES_TTL_MS,
    lanes,
  });
  const claims = createPoller<ClaimRef, string, boolean>({
    ...tools,
    resource: 'persistentvolumeclaims',
    keyOf: claimKey,
    poll: (claim, { signal }) => fetchClaim(claim, signal),
    ttlMs: () => CLAIM_TTL_MS,
    lanes,
  });
  return { events, claims };
}

function createParts(options: ApiServerSourceOptions, callbacks: ApiServerCallbacks) {
  const { connection, nodeName, clock, random, readRaw, exporterToken, requestsPerMinute } = options;
  const { api, outage } = watchOutages(createApi(connection, clock), clock, callbacks.onChange);
  const tools = { api, clock, random, callbacks };
  /** A rejected request or a watch that ended early is often the first sign of new keys. */
  const watching = { ...tools, onLost: () => keys.suspect() };
  const onFailure: ApiServerCallbacks['onFailure'] = (resource, failure) => {
    if (failure === 'unauthorized') keys.suspect();
    callbacks.onFailure(resource, failure);
  };
  const polling = { ...tools, callbacks: { ...callbacks, onFailure } };
  const pods = createReflector({ ...watching, ...PODS, path: podsPath(nodeName) });
  const splitOversized = createSplitOversized();
  const splitPods = () => splitOversized(pods.objects());
  const accountLookup = options.isOnce ? createAccountLookup(tools) : undefined;
  const accounts = accountLookup ?? createReflector({ ...watching, ...ACCOUNTS });
  const keys = createSigningKeys({ ...tools, exporterToken, onKeysChange: () => reviews.clear() });
  const signatures = createSignatures({ ...tools, readRaw, publicKeys: keys.publicKeys });
  const reviews = createReviews({
    ...polling,
    review: createTokenReviewer({ api, readRaw, callbacks, podOf: (uid) => splitPods().pods?.get(uid) }),
    initially: connection.isVerified() ? UP : down('unverified_server'),
    requestsPerMinute,
    onUnknownKey: keys.suspect,
  });
  const lookups = createLookups(polling, requestsPerMinute);
  return { pods, splitPods, accounts, accountLookup, keys, signatures, reviews, ...lookups, outage };
}

/** Returns the facts; the same object until something changes. */
function createFacts(
  nodeName: string,
  parts: ReturnType<typeof createParts>,
  states: () => States,
): () => ClusterFacts {
  const { pods, splitPods, accounts, keys, signatures, reviews, events, claims, outage } = parts;
  const stableUnreadable = stable<ReadonlySet<string>>(sameSet);
  const stableFacts = stable(sameFacts);
  return () => {
    const { pods: known, oversized } = splitPods();
    return stableFacts({
      resources: states(),
      nodeName,
      pods: known,
      oversizedPods: oversized,
      podsLostAt: pods.lostAt(),
      accounts: accounts.objects(),
      unreadable: stableUnreadable(
        pods.unreadable().union(accounts.unreadable()).union(new Set(oversized.keys())),
      ),
      authority: keys.authority(),
      signatures: signatures.results(),
      pendingSignatures: signatures.pending(),
      reviews: reviews.reviews(),
      classReviews: reviews.classReviews(),
      pendingReviews: reviews.pendingReviews(),
      claims: claims.results(),
      outage: outage(),
      mountFailures: events.results(),
    });
  };
}

/** The service accounts of the node's tokens and pods, by whether the scope contains one of them. */
function accountsOf({ observation, cluster }: Snapshot, { isInScope = () => true }: LookupScope) {
  const named = [
    ...observation.tokens.map(({ identity, claims }) => ({
      isWanted: isInScope(identity),
      key: `${claims.namespace}/${claims.serviceAccount.name}`,
    })),
    ...[...(cluster.pods?.values() ?? [])].map((pod) => ({
      isWanted: isInScope({ ...pod, pod: pod.name, podUid: pod.uid, volume: '', path: '' }),
      key: pod.serviceAccount === '' ? '' : `${pod.namespace}/${pod.serviceAccount}`,
    })),
  ].filter(({ key }) => key !== '');
  const wanted = new Set(named.filter(({ isWanted }) => isWanted).map(({ key }) => key));
  return { wanted, others: new Set(named.map(({ key }) => key)).difference(wanted) };
}

export function createApiServerSource(options: ApiServerSourceOptions): ApiServerSource {
  const { connection, clock, lookupScope, resources: used } = options;
  const runs = createRunTracker(clock.monotonicMs);
  const updateRuns = (): void => runs.update(states().values());
  const changes = coalesceChanges(options.callbacks, clock, updateRuns);
  const parts = createParts(options, changes.callbacks);
  const { pods, accounts, keys, signatures, reviews, events, claims } = parts;
  const all = { pods, serviceaccounts: accounts, keys, events, tokenreviews: reviews };
  const resources = CLUSTER_RESOURCES.filter((name) => used.has(name)).map(
    (name) => [name, all[name]] as const,
  );
  const stableStates = stable<States>(sameEntries);

  const states = (): States => stableStates(new Map(resources.map(([name, { state }]) => [name, state()])));

  const setTargets: ApiServerSource['setTargets'] = (tokens, lookups) => {
    keys.setTokens(tokens);
    // A copy in a container is not read again.
    signatures.setTokens(
      tokens.some(({ copy }) => copy) ? tokens.filter(({ copy }) => copy === undefined) : tokens,
    );
    events.setTargets(lookups.pods);
    // One switch for both lookups of why a token is overdue.
    claims.setTargets(used.has('events') ? (lookups.claims ?? []) : []);
    reviews.setTargets(lookups.reviews);
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    updateRuns();
    if (used.has('tokenreviews') && !connection.isVerified())
      changes.callbacks.onFailure('tokenreviews', 'unverified_server');
    const running = [changes, signatures, claims, ...resources.map(([, part]) => part)];
    await Promise.all(running.map((part) => part.run(signal)));
    connection.close();
  };
  return {
    name: 'api-server',
    run,
    facts: createFacts(options.nodeName, parts, states),
    lastRun: runs.lastRun,
    onSnapshot: (snapshot) => {
      const { wanted, others } = accountsOf(snapshot, lookupScope);
      parts.accountLookup?.setTargets(wanted, others);
      setTargets(snapshot.observation.tokens, lookupTargetsOf(snapshot, lookupScope));
    },
    setTargets,
    close: connection.close,
  };
}
