/**
 * A container read the token and has not read any of those that replaced it: it may go on with the copy that it holds.
 *
 * Only if reads are watched. An idle application looks the same, and so does one that needed the token once.
 */
import { formatRelative } from '../../util/duration.ts';
import { copyExpiresAt, habitOf } from '../reads/habits.ts';
import type { TokenReads } from '../reads/token-reads.ts';
import type { EpochSeconds, TokenClaims } from '../token/token.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

function copyText(reads: TokenReads, claims: TokenClaims, now: EpochSeconds): string {
  const at = copyExpiresAt(reads, claims);
  if (at === undefined) return 'may hold a copy';
  return `may hold a copy that ${now < at ? 'expires' : 'expired'} ${formatRelative(now, at)} at the latest`;
}

export function generationsText(count: number): string {
  return `${count} complete ${count === 1 ? 'generation' : 'generations'}`;
}

function observedText({ lastReadAt, withoutRead }: TokenReads, now: EpochSeconds): string {
  const read = lastReadAt === undefined ? '' : `last read ${formatRelative(now, lastReadAt)}, `;
  return `${read}not in the ${generationsText(withoutRead)} since`;
}

/** Why there is no verdict on the reads of a token: how much was observed of it. */
export function unknownReads(reads: TokenReads, now: EpochSeconds): string {
  const { observedSince, generations, lastReadAt } = reads;
  const read = lastReadAt === undefined ? 'no read' : `last read ${formatRelative(now, lastReadAt)}`;
  const first = formatRelative(now, observedSince);
  return `${read}, ${generationsText(generations)} observed, first watched ${first}`;
}

export const notReread = {
  reason: 'not_reread',
  summary: 'The token was read, but not since it was rotated: a container may hold an old copy.',
  severities: {
    warning: 'the API server does not extend the token',
    info: 'the API server extends the token, so that a copy lasts longer than the token in the volume',
  },
  appliesTo: ['kubelet'],
  isForReads: true,
  runbook: 'SATokenNotReread',
  judge: ({ token: { claims }, reads, context }, now) => {
    if (reads === undefined) return PASS;
    if (reads === 'unwatched') return unknown('its volume is not watched');
    const habit = habitOf(reads, context.pod, now);
    if (habit === 'unknown') return unknown(unknownReads(reads, now));
    if (habit !== 'not_reread') return PASS;
    const severity = claims.warnAfter === undefined ? 'warning' : 'info';
    return fail(`${observedText(reads, now)}; ${copyText(reads, claims, now)}`, severity);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.containers[*].image}'  # which client library, and whether its version reads the file again`,
    'Upgrade the client library, or let the application read the file again, at the latest after half of its lifetime',
    `kubectl delete pod ${podArguments(token)}  # until then, before the copy expires: a new pod starts with the current token`,
  ],
} as const satisfies Check;
