/**
 * What somebody expects of a token's audience, and whether a token meets it.
 *
 * Pure. Knows nothing of who expects what: that is in audience.ts.
 */
import { matchesPattern } from './pattern.ts';

/** One party's expectation: satisfied by a token that has at least one of the audiences. */
export interface Expectation {
  /** A `*` in one stands for any text. */
  readonly audiences: readonly string[];
  /** Where the expectation comes from, in words. */
  readonly origin: string;
}

export function satisfies(audiences: readonly string[], expectation: Expectation): boolean {
  return expectation.audiences.some((pattern) =>
    audiences.some((audience) => matchesPattern(pattern, audience)),
  );
}
