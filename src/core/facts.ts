/**
 * All facts, by source: what the sources found and how their last runs went. Replaced, never edited.
 *
 * A new source adds the type of its facts to `SourceFacts` and what holds without it to `NO_FACTS`.
 */
import { type ClusterFacts, NO_CLUSTER } from './cluster-facts.ts';
import { type History, NO_HISTORY } from './history.ts';
import { NOTHING_OBSERVED, type Observation } from './observation.ts';
import type { ReadFacts } from './reads/read-facts.ts';
import type { SelfFacts } from './self-check.ts';

/** The facts of each source. */
export interface SourceFacts {
  /** The token files on the node. */
  readonly observation: Observation;
  /** Data from the API server. */
  readonly cluster: ClusterFacts;
  /** Undefined unless the exporter knows which pod is its own. */
  readonly self: SelfFacts | undefined;
  /** Who reads the tokens. Undefined unless reads are watched. */
  readonly reads: ReadFacts | undefined;
}

/** One attempt of a source to bring its facts up to date. */
export interface SourceRun {
  readonly isSuccess: boolean;
  /** How long it took. */
  readonly seconds: number;
}

export interface Facts extends SourceFacts {
  /** The last run of each source in use, by the name of the source; undefined before the first one has ended. */
  readonly runs: ReadonlyMap<string, SourceRun | undefined>;
  /** What is remembered from earlier snapshots. */
  readonly history: History;
}

/** What holds without any source. */
export const NO_FACTS: Facts = {
  observation: NOTHING_OBSERVED,
  cluster: NO_CLUSTER,
  self: undefined,
  reads: undefined,
  runs: new Map(),
  history: NO_HISTORY,
};
