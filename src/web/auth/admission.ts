/**
 * Which costly questions may begin, and how many be under way, by who gives reason to ask.
 *
 * Three lanes, so that no crowd in one holds up another: what was allowed lately, whoever comes from where somebody was
 * allowed lately, and everybody else. Knows nothing of tokens, passwords or answers.
 */
import { createBoundedMap } from '../../util/bounded-map.ts';
import { createRecent } from '../../util/recent.ts';
import { type Budget, createBudget } from './budget.ts';

export type Admitted =
  | { readonly ok: true; readonly leave: () => void }
  | { readonly ok: false; readonly waitMs: number };

export interface Admission {
  /** `heldKey`: what was allowed lately and is only asked again; undefined where it was not. */
  readonly enter: (heldKey: string | undefined, peer: string | undefined) => Admitted;
  /** Somebody there was allowed something. */
  readonly welcome: (peer: string | undefined) => void;
}

/**
 * One lane fills half, the others a quarter each, of the connections that there may be to the API server. Of passwords,
 * which are checked one at a time, so many wait.
 */
const MOST_UNDERWAY = { held: 2, regulars: 2, others: 4 };
/** Where all of a lane are taken: about as long as an answer takes. */
const FULL_MS = 1_000;
/** A scraper comes with a new token about once an hour. */
const RATES = { perPeer: { burst: 5, intervalMs: 5_000 }, overall: { burst: 20, intervalMs: 1_000 } };
const MAX_PEERS = 1_000;
/** The least from one question to the next about the same: while none is answered, each scrape gives reason for one. */
const AGAIN_MS = 5_000;
const MAX_HELD = 1_000;
/** Scrapers come every few minutes at most. */
const REGULAR_MS = 11 * 60_000;
const MAX_REGULARS = 256;

function createLane(maxUnderway: number, { take }: Budget): (peer: string | undefined) => Admitted {
  let underway = 0;
  const leave = (): void => {
    underway -= 1;
  };
  return (peer) => {
    const waitMs = underway >= maxUnderway ? FULL_MS : take(peer);
    if (waitMs > 0) return { ok: false, waitMs };
    underway += 1;
    return { ok: true, leave };
  };
}

/** One question about the same key in so long. */
function createPause(monotonicMs: () => number): Budget {
  const dueMs = createBoundedMap<number>(MAX_HELD);
  const take = (key = ''): number => {
    const nowMs = monotonicMs();
    const leftMs = Math.max((dueMs.get(key) ?? nowMs) - nowMs, 0);
    if (leftMs === 0) dueMs.set(key, nowMs + AGAIN_MS);
    return leftMs;
  };
  return { take };
}

export function createAdmission(monotonicMs: () => number): Admission {
  const budget = { ...RATES, maxPeers: MAX_PEERS, monotonicMs };
  const held = createLane(MOST_UNDERWAY.held, createPause(monotonicMs));
  const regulars = createLane(MOST_UNDERWAY.regulars, createBudget(budget));
  const others = createLane(MOST_UNDERWAY.others, createBudget(budget));
  /** By the whole address: whoever shares a network with a scraper is not one. */
  const welcomed = createRecent({ maxKeys: MAX_REGULARS, forMs: REGULAR_MS, monotonicMs });

  const enter = (heldKey: string | undefined, peer: string | undefined): Admitted => {
    if (heldKey !== undefined) return held(heldKey);
    return peer !== undefined && welcomed.has(peer) ? regulars(peer) : others(peer);
  };
  const welcome = (peer: string | undefined): void => {
    if (peer !== undefined) welcomed.note(peer);
  };
  return { enter, welcome };
}
