/**
 * What was allowed lately, by a digest of the question: a no is never kept.
 *
 * Knows nothing of what was asked.
 */
import { createHash } from 'node:crypto';
import { createBoundedMap } from '../../bounded-map.ts';

export interface Permits {
  readonly holds: (question: string) => boolean;
  readonly note: (question: string) => void;
}

const MAX_PERMITS = 1_000;

function digestOf(question: string): string {
  return createHash('sha256').update(question).digest('base64');
}

export function createPermits(goodForMs: number, monotonicMs: () => number): Permits {
  const notedMs = createBoundedMap<number>(MAX_PERMITS);
  const holds = (question: string): boolean => {
    const sinceMs = notedMs.get(digestOf(question));
    return sinceMs !== undefined && monotonicMs() < sinceMs + goodForMs;
  };
  return { holds, note: (question) => notedMs.set(digestOf(question), monotonicMs()) };
}
