/**
 * The source of what the API server knows of this node's pods and tokens: asked all the time, told at once.
 *
 * Whatever may not be asked or is not answered is unknown, and everything else goes on. Knows nothing of verdicts,
 * metrics or files.
 */

import type { PodRef } from '../../core/cluster-facts.ts';
import {
  type ClusterFacts,
  type ClusterResource,
  type MountFailure,
  NO_CLUSTER,
  type Review,
  type TokenReviewMode,
} from '../../core/cluster-facts.ts';
import { lookupTargetsOf, type Snapshot } from '../../core/snapshot.ts';
import type { Token } from '../../core/token.ts';
import { type Clock, createAlarm } from '../../util/clock.ts';
import { sameEntries } from '../../util/stable.ts';
import type { Source } from '../source.ts';
import { createApi } from './api.ts';
import type { Connection } from './connection.ts';
import type { Listener } from './health.ts';
import { createKeys } from './jwks.ts';
import { createMountInquirer, MOUNT_FAILURES_GOOD_FOR_MS } from './mount-failures.ts';
import { createInquiry } from './poller.ts';
import { createReflector } from './reflector.ts';
import { ACCOUNTS_PATH, podsPath, trimAccount, trimPod } from './resources.ts';
import { createSignatures, type ReadRaw } from './signatures.ts';
import { createSync } from './sync.ts';
import { createReviewer, goodForMs } from './token-review.ts';

export interface ClusterOptions {
  readonly connection: Connection;
  readonly nodeName: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly readRaw: ReadRaw;
  /** Audiences of the agent's own token, which is for the API server; undefined where they are not known. */
  readonly ownAudiences: () => readonly string[] | undefined;
  readonly tokenReview: TokenReviewMode;
  /** Requests about single tokens, and about single pods, per minute. */
  readonly requestsPerMinute: number;
  readonly listener: Listener;
}

/** What is on the node, and what of it is in trouble. */
export interface Inspected {
  readonly tokens: readonly Token[];
  readonly suspects: readonly Token[];
  readonly suspectPods: readonly PodRef[];
}

export interface ClusterSource extends Source<ClusterFacts> {
  /** To be called after every pass. */
  readonly inspect: (inspected: Inspected) => void;
}

const MAX_PODS = 5_000;
const MAX_ACCOUNTS = 100_000;
/** An account that changes anywhere in the cluster is a change; looking again four times a second is enough. */
const COALESCE_MS = 250;
/** A wait that ends when something changed. */
const LONG_MS = 3_600_000;

/** Hands changes on, the first at once and those that follow soon together; nothing any more once it ends. */
function createRelay(listener: Listener, clock: Clock, onUpdate: () => void) {
  const changed = createAlarm(clock);
  let isEnding = false;
  const relayed: Listener = {
    onChange: () => {
      onUpdate();
      changed.ring();
    },
    onFailure: (resource, failure) => {
      onUpdate();
      // What is cut off because we end is no failure.
      if (!isEnding) listener.onFailure(resource, failure);
    },
    onError: listener.onError,
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    signal.addEventListener('abort', () => {
      isEnding = true;
    });
    while (!signal.aborted) {
      await changed.wait(LONG_MS, signal);
      if (!signal.aborted) listener.onChange();
      await clock.sleep(COALESCE_MS, signal);
    }
  };
  return { listener: relayed, run };
}

type States = ClusterFacts['resources'];

function sameFacts(a: ClusterFacts, b: ClusterFacts): boolean {
  const keys = Object.keys(a) as readonly (keyof ClusterFacts)[];
  return keys.every((key) => a[key] === b[key]);
}

/** Everything that asks, made but not begun. */
function createParts(options: ClusterOptions, listener: Listener) {
  const { connection, nodeName, clock, random, readRaw, ownAudiences } = options;
  const api = createApi(connection, clock);
  const tools = { api, clock, random, listener };
  const pods = createReflector({
    ...tools,
    resource: 'pods',
    kind: 'Pod',
    path: podsPath(nodeName),
    maxObjects: MAX_PODS,
    trim: trimPod,
  });
  const accounts = createReflector({
    ...tools,
    resource: 'serviceaccounts',
    kind: 'ServiceAccount',
    path: ACCOUNTS_PATH,
    maxObjects: MAX_ACCOUNTS,
    trim: trimAccount,
  });
  const keys = createKeys({ ...tools, ownAudiences });
  const signatures = createSignatures({ ...tools, readRaw, published: keys.published });
  const reviews = createInquiry<Token, Token, Review>({
    ...tools,
    resource: 'tokenreviews',
    keyOf: (token) => token,
    ask: createReviewer({ api, readRaw, podOf: (uid) => pods.known()?.get(uid) }),
    goodForMs,
    perMinute: options.requestsPerMinute,
  });
  const events = createInquiry<PodRef, string, readonly MountFailure[]>({
    ...tools,
    resource: 'events',
    keyOf: ({ uid }) => uid,
    ask: createMountInquirer(api),
    goodForMs: () => MOUNT_FAILURES_GOOD_FOR_MS,
    perMinute: options.requestsPerMinute,
  });
  return { pods, accounts, keys, signatures, reviews, events };
}

function inspectedOf(snapshot: Snapshot): Inspected {
  const { tokens, pods } = lookupTargetsOf(snapshot);
  return { tokens: snapshot.observation.tokens, suspects: tokens, suspectPods: pods };
}

export function createCluster(options: ClusterOptions): ClusterSource {
  const { connection, clock, tokenReview } = options;
  const sync = createSync(clock.monotonicMs);
  const updateSync = (): void => sync.update(states().values());
  const relay = createRelay(options.listener, clock, updateSync);
  const { pods, accounts, keys, signatures, reviews, events } = createParts(options, relay.listener);
  const asked = { pods, serviceaccounts: accounts, keys, events };
  const all = Object.entries(tokenReview === 'off' ? asked : { ...asked, tokenreviews: reviews });
  let latest = NO_CLUSTER;

  const states = (): States => {
    const made = new Map(all.map(([resource, part]) => [resource as ClusterResource, part.state()]));
    return sameEntries(made, latest.resources) ? latest.resources : made;
  };

  const facts = (): ClusterFacts => {
    const made: ClusterFacts = {
      resources: states(),
      pods: pods.known(),
      accounts: accounts.known(),
      authority: keys.authority(),
      signatures: signatures.verified(),
      reviews: reviews.answers(),
      mountFailures: events.answers(),
    };
    if (!sameFacts(made, latest)) latest = made;
    return latest;
  };

  const inspect = ({ tokens, suspects, suspectPods }: Inspected): void => {
    keys.look(tokens);
    signatures.look(tokens);
    events.want(suspectPods);
    if (tokenReview !== 'off') reviews.want(tokenReview === 'all' ? [...suspects, ...tokens] : suspects);
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    updateSync();
    await Promise.all([relay, signatures, ...all.map(([, part]) => part)].map((part) => part.run(signal)));
    connection.close();
  };
  return {
    name: 'api-server',
    run,
    facts,
    lastRun: sync.lastRun,
    onSnapshot: (snapshot) => inspect(inspectedOf(snapshot)),
    inspect,
    close: connection.close,
  };
}
