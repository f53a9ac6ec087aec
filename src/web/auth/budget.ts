/**
 * How often something costly may be done: for one peer, and for all together, as token buckets.
 *
 * Bounded in the peers it remembers. Knows nothing of what is done, nor of who is right.
 */
import { type BoundedMap, createBoundedMap } from '../../util/bounded-map.ts';
import { FULL, type RateLimit, type TokenBucket, take as takeFrom, waitMs } from '../../util/token-bucket.ts';
import { networkOf } from '../client-network.ts';

export interface BudgetOptions {
  readonly perPeer: RateLimit;
  readonly overall: RateLimit;
  /** Beyond, the one that came longest ago is forgotten, and begins anew; `overall` holds whatever comes. */
  readonly maxPeers: number;
  readonly monotonicMs: () => number;
}

export interface Budget {
  /**
   * Takes one for the peer, an address as the kernel prints it.
   *
   * Answers 0 where that is granted, else how many milliseconds to wait, and nothing is taken.
   */
  readonly take: (peer: string | undefined) => number;
}

export function createBudget({ perPeer, overall, maxPeers, monotonicMs }: BudgetOptions): Budget {
  const peers: BoundedMap<TokenBucket> = createBoundedMap(maxPeers);
  let all = FULL;
  const take = (peer: string | undefined): number => {
    const [network, nowMs] = [networkOf(peer), monotonicMs()];
    const own = peers.get(network) ?? FULL;
    const leftMs = Math.max(waitMs(own, perPeer, nowMs), waitMs(all, overall, nowMs));
    // Refused too it is one that came: it must not be forgotten before others.
    peers.set(network, leftMs > 0 ? own : takeFrom(own, perPeer, nowMs));
    if (leftMs === 0) all = takeFrom(all, overall, nowMs);
    return leftMs;
  };
  return { take };
}
