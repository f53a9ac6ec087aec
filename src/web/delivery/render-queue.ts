/**
 * Renders pages one at a time, in slices, and behind scrapes: a slice waits for the scrapes that are in progress.
 */
import { nextTurn } from './send-body.ts';

/** Called between two slices. Resolves when the next one may run. */
export type Turn = () => Promise<void>;

export interface RenderQueue {
  /** Returns undefined if too many are waiting. */
  readonly render: <T>(work: (turn: Turn) => Promise<T>) => Promise<T> | undefined;
  /** Runs work that goes first. */
  readonly goFirst: <T>(work: () => Promise<T>) => Promise<T>;
}

/** People view pages, one at a time. */
const MAX_WAITING = 8;

export function createRenderQueue(): RenderQueue {
  const scrapes = new Set<Promise<unknown>>();
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  const turn: Turn = async () => {
    await nextTurn();
    await Promise.allSettled(scrapes);
  };

  const render: RenderQueue['render'] = (work) => {
    if (waiting >= MAX_WAITING) return undefined;
    waiting += 1;
    const before = last;
    const run = async () => {
      try {
        await Promise.allSettled([before]);
        await turn();
        return await work(turn);
      } finally {
        waiting -= 1;
      }
    };
    const rendered = run();
    last = rendered;
    return rendered;
  };

  const goFirst: RenderQueue['goFirst'] = async (work) => {
    const scrape = work();
    scrapes.add(scrape);
    try {
      return await scrape;
    } finally {
      scrapes.delete(scrape);
    }
  };
  return { render, goFirst };
}
