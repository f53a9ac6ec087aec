/**
 * All that is known, from every source: token files, the API server, the exporter's own mount.
 *
 * Keeps the sources apart and the facts together. Knows nothing of when to look, nor of who asks.
 */
import type { Config } from '../config/options.ts';
import { NO_FACTS } from '../core/facts.ts';
import { findMissing, type MissingSince, trackMissing } from '../core/missing-tokens.ts';
import { NOTHING_OBSERVED, type Observation } from '../core/observation.ts';
import type { SelfFacts } from '../core/self-check.ts';
import type { Snapshot, TakeSnapshot } from '../core/snapshot.ts';
import { lookupTargetsOf } from '../core/snapshot.ts';
import type { ClusterSource } from '../sources/api-server/api-server.ts';
import type { TokenFiles } from '../sources/files/token-files.ts';
import { readOwnToken } from '../sources/self/exporter-token.ts';

export interface FactsOptions {
  readonly config: Pick<Config, 'podUid' | 'ownToken'>;
  readonly files: Pick<TokenFiles, 'observe'>;
  /** Undefined where the API server is not asked. */
  readonly cluster: ClusterSource | undefined;
  readonly takeSnapshot: TakeSnapshot;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Whether it is gathered again and again, so that what is missing for a moment can be waited out. */
  readonly isLasting: boolean;
}

export interface Facts {
  /** To be called after every pass: takes over what it found, and asks about what is in trouble. */
  readonly gather: () => void;
  readonly observation: () => Observation;
  /** Everything, judged at this instant. */
  readonly snapshot: () => Snapshot;
}

function readSelf({ podUid, ownToken }: FactsOptions['config']): SelfFacts | undefined {
  if (podUid === '') return undefined;
  return { podUid, mountedTokenId: readOwnToken(ownToken)?.id };
}

export function createFacts(options: FactsOptions): Facts {
  const { config, files, cluster, takeSnapshot, now, isLasting } = options;
  let observation = NOTHING_OBSERVED;
  let self: SelfFacts | undefined;
  let since: MissingSince;

  const snapshot = (): Snapshot =>
    takeSnapshot(
      { ...NO_FACTS, observation, cluster: cluster?.facts() ?? NO_FACTS.cluster, self, missingSince: since },
      now(),
    );

  const gather = (): void => {
    observation = files.observe();
    self = readSelf(config);
    if (cluster === undefined) return;
    if (isLasting) since = trackMissing(findMissing(observation, cluster.facts()), since, now());
    const { tokens, pods } = lookupTargetsOf(snapshot());
    cluster.inspect({ tokens: observation.tokens, suspects: tokens, suspectPods: pods });
  };
  return { gather, observation: () => observation, snapshot };
}
