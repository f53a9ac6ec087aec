/**
 * What was allowed lately, by a digest of the question: a no is never kept.
 *
 * Bounded: the oldest is forgotten. Knows nothing of what was asked.
 */
import { createHash } from 'node:crypto';

export interface Permits {
  readonly holds: (question: string) => boolean;
  readonly note: (question: string) => void;
}

const MAX_PERMITS = 1_000;

function digestOf(question: string): string {
  return createHash('sha256').update(question).digest('base64');
}

export function createPermits(goodForMs: number, monotonicMs: () => number): Permits {
  const until = new Map<string, number>();
  const note = (question: string): void => {
    const key = digestOf(question);
    until.delete(key);
    until.set(key, monotonicMs() + goodForMs);
    const [oldest] = until.keys();
    if (until.size > MAX_PERMITS && oldest !== undefined) until.delete(oldest);
  };
  return { holds: (question) => monotonicMs() < (until.get(digestOf(question)) ?? 0), note };
}
