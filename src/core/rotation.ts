/**
 * When the kubelet is due to refresh a token, from when on it is overdue, and the state of a token at an instant.
 */
import { isBoundToItsPod, type Origin } from './origin.ts';
import type { EpochSeconds, Token, TokenClaims } from './token/token.ts';

/** A token is in exactly one state. Values of a label: public contract. */
export const TOKEN_STATES = [
  'fresh',
  'refresh_due',
  'overdue',
  'stale',
  'expired',
  'not_yet_valid',
  'no_expiry',
] as const;
export type TokenState = (typeof TOKEN_STATES)[number];

/** Whether a working kubelet leaves tokens in this state. */
export function isOnSchedule(state: TokenState | undefined): boolean {
  return state === 'fresh' || state === 'refresh_due';
}

/** Undefined if the claims do not give the time, or if no kubelet refreshes the token. */
export interface Schedule {
  /** End of the requested lifetime. */
  readonly nominalExpiration: EpochSeconds | undefined;
  /** The kubelet rotates the token at its first sync of the pod after this. */
  readonly refreshDue: EpochSeconds | undefined;
  /** End of the grace period. */
  readonly overdueFrom: EpochSeconds | undefined;
}

type RotatingToken = Pick<Token, 'claims' | 'volumeKind' | 'identity'>;

/** The kubelet refreshes every token after this long (k8s.io/kubernetes/pkg/kubelet/token, maxTTL). */
const MAX_AGE = 24 * 60 * 60;
/** The grace period is at most this share of the time between refresh due and nominal expiration. */
const MAX_GRACE_SHARE = 0.85;
/** The API server accepts tokens that begin up to a minute in the future (go-jose, DefaultLeeway). */
export const CLOCK_LEEWAY = 60;

/** `warnafter ?? exp`: the API server extends default tokens to a year, but the kubelet uses the requested lifetime. */
export function nominalExpirationOf({ warnAfter, expiresAt }: TokenClaims): EpochSeconds | undefined {
  return warnAfter ?? expiresAt;
}

/** k8s.io/kubernetes/pkg/kubelet/token, requiresRefresh, without its jitter, which makes it up to 9 s earlier. */
function refreshDueOf(issuedAt: EpochSeconds, nominalExpiration: EpochSeconds): EpochSeconds {
  const lifetime = nominalExpiration - issuedAt;
  return issuedAt + Math.min(MAX_AGE, lifetime - Math.floor(0.2 * lifetime));
}

/**
 * Whether the kubelet refreshes the token: only what it requested itself.
 *
 * If the origin is not known, the form decides: in a projected volume, and bound to its pod. Such a volume may have other
 * sources, whose tokens the kubelet copies and never refreshes.
 */
export function isRefreshed(token: RotatingToken, origin: Origin = 'unknown'): boolean {
  if (token.volumeKind !== 'projected' || token.claims.pod === undefined) return false;
  return origin === 'kubelet' || (origin === 'unknown' && isBoundToItsPod(token));
}

/**
 * Computes the schedule of a token.
 *
 * `grace` is the grace period in seconds. It is cut for short-lived tokens, which have less time than that between
 * refresh due and expiration.
 */
export function scheduleOf(token: RotatingToken, grace: number, origin: Origin = 'unknown'): Schedule {
  const nominalExpiration = nominalExpirationOf(token.claims);
  const { issuedAt } = token.claims;
  if (!isRefreshed(token, origin) || issuedAt === undefined || nominalExpiration === undefined) {
    return { nominalExpiration, refreshDue: undefined, overdueFrom: undefined };
  }
  const refreshDue = refreshDueOf(issuedAt, nominalExpiration);
  const overdueFrom = refreshDue + Math.min(grace, MAX_GRACE_SHARE * (nominalExpiration - refreshDue));
  return { nominalExpiration, refreshDue, overdueFrom };
}

/** When the API server begins to accept the token, leeway included. */
export function validFrom({ notBefore, issuedAt }: TokenClaims): EpochSeconds {
  return Math.max(notBefore ?? 0, issuedAt ?? 0) - CLOCK_LEEWAY;
}

function stateByAge({ refreshDue, overdueFrom }: Schedule, now: EpochSeconds): TokenState {
  if (overdueFrom !== undefined && now > overdueFrom) return 'overdue';
  return refreshDue !== undefined && now >= refreshDue ? 'refresh_due' : 'fresh';
}

export function stateOf(claims: TokenClaims, schedule: Schedule, now: EpochSeconds): TokenState {
  const { nominalExpiration } = schedule;
  if (now < validFrom(claims)) return 'not_yet_valid';
  if (nominalExpiration === undefined) return 'no_expiry';
  if (claims.expiresAt !== undefined && now >= claims.expiresAt) return 'expired';
  return now >= nominalExpiration ? 'stale' : stateByAge(schedule, now);
}
