/**
 * The reads of the tokens that are watched: those in projected volumes.
 */
import type { Assessment } from '../assessment.ts';
import type { CheckInput } from '../checks/check.ts';
import { placeOf } from '../origin.ts';
import type { Token } from '../token/token.ts';
import type { Habit } from './habits.ts';
import type { ReadFacts } from './read-facts.ts';

export function readsOf(token: Token, facts: ReadFacts | undefined): CheckInput['reads'] {
  if (facts === undefined || token.volumeKind !== 'projected') return undefined;
  return facts.tokens.get(placeOf(token.identity)) ?? 'unwatched';
}

/** The habits of the kubelet's tokens, one for each that is watched. */
export function habitsIn(assessments: readonly Assessment[]): readonly Habit[] {
  return assessments.flatMap(({ habit, context }) => {
    return habit !== undefined && context.origin === 'kubelet' ? [habit] : [];
  });
}
