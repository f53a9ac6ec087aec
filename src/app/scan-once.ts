/**
 * One look at the node, for `scan` and `explain`: everything that can be known within a few seconds.
 *
 * Knows nothing of how it is shown.
 */

import type { Config } from '../config/options.ts';
import { type ClusterResource, NO_CLUSTER } from '../core/cluster-facts.ts';
import type { Snapshot, TakeSnapshot } from '../core/snapshot.ts';
import { type LookupTargets, lookupTargetsOf } from '../core/snapshot.ts';
import type { ClusterSource } from '../sources/api-server/api-server.ts';
import { createTokenFiles } from '../sources/files/token-files.ts';
import { type Clock, createAlarm } from '../util/clock.ts';
import { joinCluster } from './connect-api-server.ts';
import { createFacts, type Facts } from './state.ts';

export interface OnceOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  readonly mayStartPrograms?: boolean;
  readonly version: string;
  readonly takeSnapshot: TakeSnapshot;
  readonly clock: Clock;
  readonly random: () => number;
}

export type Looked =
  /** `warning`: why the API server was not asked though it might have been. */
  | { readonly ok: true; readonly snapshot: Snapshot; readonly warning: string | undefined }
  | { readonly ok: false; readonly problem: string };

/** What the API server has not said by then is unknown. */
const PATIENCE_MS = 5_000;

/** One person asks, once. */
const MAX_QUESTIONS = 1_000;

const nothing = (): void => undefined;

/** Whether everything that was asked has been answered, or will not be. */
function isSettled({ facts }: ClusterSource, { tokens, pods }: LookupTargets): boolean {
  const { resources, reviews, mountFailures } = facts();
  if (facts() === NO_CLUSTER) return false;
  const isUp = (resource: ClusterResource): boolean => resources.get(resource)?.isUp === true;
  if ([...resources.values()].some((state) => !state.isUp && state.failure === 'starting')) return false;
  const isReviewed = !isUp('tokenreviews') || tokens.every((token) => reviews.has(token));
  return isReviewed && (!isUp('events') || pods.every(({ uid }) => mountFailures.has(uid)));
}

/** Asks until all is answered, or patience ends. */
async function settle(
  cluster: ClusterSource,
  facts: Facts,
  clock: Clock,
  changed: ReturnType<typeof createAlarm>,
) {
  const stop = new AbortController();
  const running = cluster.run(stop.signal);
  const giveUpAt = clock.monotonicMs() + PATIENCE_MS;
  do {
    await changed.wait(giveUpAt - clock.monotonicMs(), stop.signal);
    facts.gather();
  } while (!isSettled(cluster, lookupTargetsOf(facts.snapshot())) && clock.monotonicMs() < giveUpAt);
  const snapshot = facts.snapshot();
  stop.abort();
  await running;
  return snapshot;
}

/** Rejects through a bug alone. */
export async function lookOnce(options: OnceOptions): Promise<Looked> {
  const { config, clock, takeSnapshot, version } = options;
  const now = (): number => config.at ?? clock.now();
  const changed = createAlarm(clock);
  const listener = { onChange: changed.ring, onFailure: changed.ring, onError: nothing };
  const joined = await joinCluster({
    ...options,
    listener,
    userAgent: `sa-token-exporter/${version}`,
    onRequest: nothing,
    questionsPerMinute: MAX_QUESTIONS,
  });
  if (!joined.ok && config.clusterMode === 'on') return joined;
  const cluster = joined.ok ? joined.cluster : undefined;
  const files = createTokenFiles({
    rootDir: config.rootDir,
    isWatching: false,
    now: clock.now,
    onNudge: nothing,
    onRotation: nothing,
    onReadFailure: nothing,
    onWatchFailure: nothing,
  });
  await files.scan();
  const facts = createFacts({ config, files, cluster, takeSnapshot, now, isLasting: false });
  facts.gather();
  const warning = joined.ok ? undefined : joined.problem;
  const isAsked = cluster !== undefined;
  const snapshot = isAsked ? await settle(cluster, facts, clock, changed) : facts.snapshot();
  return { ok: true, snapshot, warning };
}
