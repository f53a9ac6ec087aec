/**
 * Durations and instants as text.
 */
import type { EpochSeconds } from './token.ts';

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A duration in its two largest units: `2d3h`, `59m4s`, `0s`. Ignores the sign. */
export function formatDuration(seconds: number): string {
  let rest = Math.floor(Math.abs(seconds));
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join('') || '0s';
}

/** `3m2s ago`, `in 3m2s`. */
export function formatRelative(now: EpochSeconds, instant: EpochSeconds): string {
  return instant <= now ? `${formatDuration(now - instant)} ago` : `in ${formatDuration(instant - now)}`;
}
