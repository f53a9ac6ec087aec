/**
 * Factories for the reads of a token.
 */
import type { ReadFacts } from '../../src/core/reads/read-facts.ts';
import type { TokenReads } from '../../src/core/reads/token-reads.ts';
import { NOW } from './tokens.ts';

const DAY = 86_400;

/**
 * Watched for two days, since before the containers of the default pod started; 40 complete generations, none read, one
 * of them watched from before its swap.
 */
export function tokenReads(overrides: Partial<TokenReads> = {}): TokenReads {
  return {
    observedSince: NOW - 2 * DAY,
    completeSince: NOW - 2 * DAY,
    isStartObserved: true,
    generations: 40,
    withoutRead: 40,
    surelyWithoutRead: Math.min(1, overrides.withoutRead ?? 1),
    lastReadAt: undefined,
    lastReadGenerationAt: undefined,
    earlierReadAt: undefined,
    readAtRotationAt: undefined,
    generationAt: NOW - 60,
    isReadSinceRotation: false,
    mayHideRead: false,
    ...overrides,
  };
}

/** Read once, five hours ago. */
export function readOnce(overrides: Partial<TokenReads> = {}): TokenReads {
  const lastReadAt = NOW - 5 * 3_600;
  return tokenReads({ withoutRead: 5, lastReadAt, lastReadGenerationAt: lastReadAt - 600, ...overrides });
}

/** Read in the current generation and in the one before. */
export function readAgain(overrides: Partial<TokenReads> = {}): TokenReads {
  return tokenReads({
    withoutRead: 0,
    lastReadAt: NOW - 30,
    lastReadGenerationAt: NOW - 60,
    earlierReadAt: NOW - 3_000,
    isReadSinceRotation: true,
    ...overrides,
  });
}

export function readFacts(tokens: ReadFacts['tokens'], overrides: Partial<ReadFacts> = {}): ReadFacts {
  return { tokens, lastVisitAt: NOW - 30, watches: tokens.size, unwatched: 0, ...overrides };
}
