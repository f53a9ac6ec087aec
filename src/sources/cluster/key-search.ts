/**
 * The keys that tokens name and that are not published, as far as is known: how soon to ask again.
 *
 * After a change of keys the API servers of a cluster may differ for minutes, so one answer does not settle it for
 * long; a key that was withdrawn for good is asked for less and less. Knows nothing of requests.
 */
export interface KeySearch {
  /** `named`: ids that tokens name. Answers whether one is new and not published. */
  readonly look: (named: ReadonlySet<string>, nowMs: number) => boolean;
  /** An answer came to a question that was asked at `askedMs`. */
  readonly settle: (published: ReadonlySet<string>, askedMs: number) => void;
  /** Whether a key is named that no answer can have told of yet. */
  readonly isOpen: () => boolean;
  /** How long to wait from the last question to the next. */
  readonly pauseMs: () => number;
}

const LEAST_PAUSE_MS = 60_000;
const USUAL_PAUSE_MS = 30 * LEAST_PAUSE_MS;

export function createKeySearch(): KeySearch {
  let known: ReadonlySet<string> = new Set();
  /** By id, when it was first seen. */
  let missing: ReadonlyMap<string, number> = new Map();
  let settledMs = Number.NEGATIVE_INFINITY;
  /** Answers that left a key missing, since one was first seen. */
  let searches = 0;

  const look = (named: ReadonlySet<string>, nowMs: number): boolean => {
    const before = missing;
    const absent = [...named].filter((id) => !known.has(id));
    missing = new Map(absent.map((id) => [id, before.get(id) ?? nowMs]));
    if (absent.every((id) => before.has(id))) return false;
    searches = 0;
    return true;
  };

  const settle = (published: ReadonlySet<string>, askedMs: number): void => {
    known = published;
    settledMs = askedMs;
    missing = new Map([...missing].filter(([id]) => !published.has(id)));
    searches += 1;
  };

  const isOpen = (): boolean => missing.values().some((seenMs) => seenMs >= settledMs);

  const pauseMs = (): number => {
    if (missing.size === 0) return USUAL_PAUSE_MS;
    return Math.min(LEAST_PAUSE_MS * 2 ** Math.max(0, searches - 1), USUAL_PAUSE_MS);
  };
  return { look, settle, isOpen, pauseMs };
}
