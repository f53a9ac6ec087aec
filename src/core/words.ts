/**
 * Times and lifetimes as words, and the commands a fix is made of.
 *
 * Pure: epoch seconds and facts in, text out. Knows no clock.
 */
import type { EpochSeconds, Token } from './token.ts';

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A length of time by its two largest units: `2d3h`, `59m4s`, `0s`; the sign is left out. */
export function inWords(seconds: number): string {
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
export function relativeTo(now: EpochSeconds, instant: EpochSeconds): string {
  return instant <= now ? `${inWords(now - instant)} ago` : `in ${inWords(instant - now)}`;
}

/** The pod as kubectl takes it; its uid as a comment where the token does not tell its name. */
export function podArguments({ identity, claims }: Token): string {
  const name = claims.pod?.name ?? `<the pod with uid ${identity.podUid}>`;
  return `${name} -n ${claims.namespace}`;
}
