/**
 * What the checks of reads share: each fails with one habit of reading, and has no verdict while the habit is not known.
 */
import { formatRelative } from '../../util/duration.ts';
import type { Habit } from '../reads/habits.ts';
import type { TokenReads } from '../reads/token-reads.ts';
import type { EpochSeconds } from '../token/token.ts';
import { type CheckInput, PASS, unknown, type Verdict } from './check.ts';

export function generationsText(count: number): string {
  return `${count} complete ${count === 1 ? 'generation' : 'generations'}`;
}

/** Why there is no verdict on the reads of a token: how much was observed of it. */
function unknownReads(reads: TokenReads, now: EpochSeconds): string {
  const { observedSince, generations, lastReadAt } = reads;
  const read = lastReadAt === undefined ? 'no read' : `last read ${formatRelative(now, lastReadAt)}`;
  const first = formatRelative(now, observedSince);
  return `${read}, ${generationsText(generations)} observed, first watched ${first}`;
}

const UNKNOWN = unknown(({ reads }, now) => (typeof reads === 'object' ? unknownReads(reads, now) : ''));
const UNWATCHED = unknown('its volume is not watched');

/** Passes if reads are not watched. `judge` is called if the token is read with this habit. */
export function judgeHabit(
  habit: Habit,
  { reads, habit: found }: CheckInput,
  judge: (reads: TokenReads) => Verdict,
): Verdict {
  if (reads === undefined) return PASS;
  if (reads === 'unwatched') return UNWATCHED;
  if (found === 'unknown') return UNKNOWN;
  return found === habit ? judge(reads) : PASS;
}
