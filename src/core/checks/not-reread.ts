/**
 * A container read the token and has not read any of those that replaced it: it may go on with the copy that it holds.
 *
 * Only if reads are watched. An idle application looks the same, and so does one that needed the token once.
 */
import { formatRelative } from '../../util/duration.ts';
import { copyExpiresAt } from '../reads/habits.ts';
import type { TokenReads } from '../reads/token-reads.ts';
import type { EpochSeconds, TokenClaims } from '../token/token.ts';
import { type Check, fail } from './check.ts';
import { findPod, podArguments } from './commands.ts';
import { generationsText, judgeHabit } from './read-habit.ts';

/** Of default tokens, the only ones that the API server extends. */
const EXTENDABLE_SECONDS = 3_607;

/** One that is not extended now may have been when it was read: extension can be disabled. */
function mayBeExtended({ issuedAt, warnAfter, expiresAt }: TokenClaims): boolean {
  return warnAfter === undefined && issuedAt !== undefined && expiresAt === issuedAt + EXTENDABLE_SECONDS;
}

function copyText(reads: TokenReads, claims: TokenClaims, now: EpochSeconds): string {
  const at = copyExpiresAt(reads, claims);
  if (at === undefined) return 'may hold a copy';
  const unless = mayBeExtended(claims) ? ', unless the API server extended it' : '';
  return `may hold a copy that ${now < at ? 'expires' : 'expired'} ${formatRelative(now, at)} at the latest${unless}`;
}

function observedText({ lastReadAt, withoutRead }: TokenReads, now: EpochSeconds): string {
  const read = lastReadAt === undefined ? '' : `last read ${formatRelative(now, lastReadAt)}, `;
  return `${read}not in the ${generationsText(withoutRead)} since`;
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
  judge: (input, now) =>
    judgeHabit('not_reread', input, (observed) => {
      const { claims } = input.token;
      const severity = claims.warnAfter === undefined ? 'warning' : 'info';
      return fail(`${observedText(observed, now)}; ${copyText(observed, claims, now)}`, severity);
    }),
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.containers[*].image}'  # which client library, and whether its version reads the file again`,
    'Upgrade the client library, or let the application read the file again, at the latest after half of its lifetime',
    `kubectl delete pod ${podArguments(token)}  # until then, before the copy expires: a new pod starts with the current token`,
  ],
} as const satisfies Check;
