/**
 * What was allowed lately, by a digest of the question: a no is never kept.
 *
 * Knows nothing of what was asked.
 */
import { createHash } from 'node:crypto';
import { createRecent } from '../../util/recent.ts';

export interface Permits {
  readonly holds: (question: string) => boolean;
  readonly note: (question: string) => void;
}

const MAX_PERMITS = 1_000;

function digestOf(question: string): string {
  return createHash('sha256').update(question).digest('base64');
}

export function createPermits(goodForMs: number, monotonicMs: () => number): Permits {
  const { has, note } = createRecent({ maxKeys: MAX_PERMITS, forMs: goodForMs, monotonicMs });
  return { holds: (question) => has(digestOf(question)), note: (question) => note(digestOf(question)) };
}
