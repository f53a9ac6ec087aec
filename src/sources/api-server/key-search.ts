/**
 * The keys that tokens name and that are not published, as far as is known: how soon to ask again.
 *
 * After a change of keys the API servers of a cluster may differ for minutes, so one answer does not settle it for
 * long; a key that was withdrawn for good is asked for less and less. Knows nothing of requests.
 */
export interface KeySearch {
  /** `named`: ids that tokens name. Answers whether one is new and not published. */
  readonly look: (named: ReadonlySet<string>) => boolean;
  /** An answer came. */
  readonly settle: (published: ReadonlySet<string>) => void;
  /** How long to wait from the last question to the next. */
  readonly pauseMs: () => number;
}

const LEAST_PAUSE_MS = 60_000;
const USUAL_PAUSE_MS = 30 * LEAST_PAUSE_MS;

export function createKeySearch(): KeySearch {
  let known: ReadonlySet<string> = new Set();
  let missing: ReadonlySet<string> = new Set();
  /** Answers that left a key missing, since one was first seen. */
  let searches = 0;

  const look = (named: ReadonlySet<string>): boolean => {
    const before = missing;
    missing = named.difference(known);
    if (missing.isSubsetOf(before)) return false;
    searches = 0;
    return true;
  };

  const settle = (published: ReadonlySet<string>): void => {
    known = published;
    missing = missing.difference(published);
    searches += 1;
  };

  const pauseMs = (): number => {
    if (missing.size === 0) return USUAL_PAUSE_MS;
    return Math.min(LEAST_PAUSE_MS * 2 ** Math.max(0, searches - 1), USUAL_PAUSE_MS);
  };
  return { look, settle, pauseMs };
}
