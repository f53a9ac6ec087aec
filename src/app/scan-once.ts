/**
 * One scan of the node, for `scan` and `explain`: everything that the sources find out within a few seconds.
 */

import { dirname } from 'node:path';
import type { Config } from '../config/options.ts';
import { type ClusterResource, NO_CLUSTER } from '../core/cluster-facts.ts';
import { type LookupScope, lookupTargetsOf } from '../core/lookup-targets.ts';
import { areReviewed } from '../core/reviews/review-targets.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { describeWrongNode } from '../core/wrong-node.ts';
import type { BuildInfo } from '../metrics/exporter-metrics.ts';
import { createCommandOpens } from '../sources/reads/command-opens.ts';
import { type Alarm, type Clock, createAlarm } from '../util/clock.ts';
import { err, ok, type Result } from '../util/result.ts';
import { createSources, listSources, type Sources, userAgentOf } from './sources.ts';
import { createState, type State } from './state.ts';
import { loadTakeSnapshot } from './take-snapshot.ts';

export interface ScanOnceOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  readonly mayStartPrograms?: boolean;
  readonly build: Pick<BuildInfo, 'version'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** The file of the thread that watches reads, for its folder. Default: reads of this process are not marked. */
  readonly readsWorker?: string;
  /** Restricts requests about single tokens and pods. Default: no restriction. */
  readonly isInScope?: LookupScope['isInScope'];
}

export interface Scanned {
  readonly snapshot: Snapshot;
  /** Why the API server, or its list of pods, was left out though the configuration allows it. */
  readonly warnings: readonly string[];
}

/** What other sources than the files have not found out by then counts as unknown. */
const TIMEOUT_MS = 5_000;
/** A wait that ends when something has changed. */
const LONG_MS = 3_600_000;
/** Interactive use: one user, once. */
const REQUESTS_PER_MINUTE = 1_000;

const nothing = (): void => undefined;

/** Whether the API server has answered everything, or will not. */
function isAnswered(snapshot: Snapshot, scope: LookupScope): boolean {
  const { cluster } = snapshot;
  const { resources, mountFailures, pendingSignatures } = cluster;
  if (cluster === NO_CLUSTER || pendingSignatures.size > 0) return false;
  const isUp = (resource: ClusterResource): boolean => resources.get(resource)?.isUp === true;
  if ([...resources.values()].some((state) => !state.isUp && state.failure === 'starting')) return false;
  const { reviews, pods } = lookupTargetsOf(snapshot, scope);
  const isReviewed = !isUp('tokenreviews') || areReviewed(reviews, cluster);
  return isReviewed && (!isUp('events') || pods.every(({ uid }) => mountFailures.has(uid)));
}

interface Settling {
  readonly scope: LookupScope;
  readonly sources: Sources;
  readonly state: State;
  readonly clock: Clock;
  readonly changed: Alarm;
  /** Aborted when a source threw. */
  readonly signal: AbortSignal;
}

function isSettled({ sources, scope }: Settling, snapshot: Snapshot): boolean {
  const hasRun = listSources(sources).every(({ lastRun }) => lastRun() !== undefined);
  return hasRun && (sources.cluster === undefined || isAnswered(snapshot, scope));
}

/** Waits for the scan, however long it takes, then for everything else until the timeout. */
async function settle(settling: Settling): Promise<Snapshot> {
  const { sources, state, clock, changed, signal } = settling;
  while (sources.observation?.lastRun() === undefined && !signal.aborted) await changed.wait(LONG_MS, signal);
  const untilMs = clock.monotonicMs() + TIMEOUT_MS;
  for (;;) {
    state.refresh();
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0 || signal.aborted || isSettled(settling, state.snapshot())) return state.snapshot();
    await changed.wait(leftMs, signal);
  }
}

/** Rejects only on a bug. An error is safe to show. */
export async function scanOnce(options: ScanOnceOptions): Promise<Result<Scanned, readonly string[]>> {
  const { config, clock, build, readsWorker } = options;
  const takeSnapshot = await loadTakeSnapshot(config);
  if (!takeSnapshot.ok) return takeSnapshot;
  const changed = createAlarm(clock);
  const stop = new AbortController();
  const { sources, problems } = await createSources({
    ...options,
    userAgent: userAgentOf(build),
    reads: readsWorker === undefined ? undefined : { opens: createCommandOpens(dirname(readsWorker)) },
    isWatching: false,
    isOnce: true,
    requestsPerMinute: REQUESTS_PER_MINUTE,
    onChange: changed.ring,
    api: { onFailure: changed.ring, onRecovery: nothing, onDropped: nothing },
    onError: (part) => (error) => {
      if (part === 'pass') stop.abort(error);
    },
    onRequest: nothing,
    onRotation: nothing,
    onReadFailure: nothing,
    onWatchFailure: nothing,
  });
  using closing = new DisposableStack();
  const all = listSources(sources);
  for (const source of all) closing.defer(source.close);
  if (problems.length > 0 && config.clusterMode === 'on') return err(problems);
  const now = (): number => config.at ?? clock.now();
  const state = createState({ sources, takeSnapshot: takeSnapshot.value, now, isContinuous: false });
  const running = Promise.all(all.map(({ run }) => run(stop.signal)));
  try {
    const scope = { tokenReview: config.tokenReview, isInScope: options.isInScope };
    const snapshot = await settle({ scope, sources, state, clock, changed, signal: stop.signal });
    stop.signal.throwIfAborted();
    const { wrongNode } = snapshot;
    return ok({ snapshot, warnings: [...problems, ...(wrongNode ? [describeWrongNode(wrongNode)] : [])] });
  } finally {
    stop.abort();
    await running;
  }
}
