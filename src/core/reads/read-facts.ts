/**
 * Facts about who reads the tokens on the node. Only if reads are watched.
 */
import type { EpochSeconds } from '../token/token.ts';
import type { TokenReads } from './token-reads.ts';

export interface ReadFacts {
  /** By `placeOf`. A token that is not watched is absent. */
  readonly tokens: ReadonlyMap<string, TokenReads>;
  /** The last complete visit of the kubelet to any volume. */
  readonly lastVisitAt: EpochSeconds | undefined;
  /** Number of watched directories. */
  readonly watches: number;
  /** Number of directories with a token that could not be watched, because of a limit. */
  readonly unwatched: number;
}
