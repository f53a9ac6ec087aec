/**
 * When a token is due for refreshing, when that is late, and which stage of its life it is in.
 *
 * Pure: the clock is an argument. Knows the kubelet's rule, not whether a kubelet is there to follow it.
 */
import type { EpochSeconds, Token, TokenClaims } from './token.ts';

/** Stages of a token's life, each excluding the others. Values of a label: public contract. */
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

/** Whether a kubelet that works leaves a token in this state. */
export function isOnSchedule(state: TokenState | undefined): boolean {
  return state === 'fresh' || state === 'refresh_due';
}

/** The instants of a token's life; undefined where its claims, or the lack of anybody to refresh it, name none. */
export interface Schedule {
  /** End of the lifetime that was asked for. */
  readonly nominalExpiration: EpochSeconds | undefined;
  /** From then on the kubelet replaces the token at its next sync of the pod. */
  readonly refreshDue: EpochSeconds | undefined;
  /** From then on a refresh that has not come is trouble. */
  readonly overdueFrom: EpochSeconds | undefined;
}

type RotatingToken = Pick<Token, 'claims' | 'volumeKind'>;

/** The kubelet keeps no token longer (k8s.io/kubernetes/pkg/kubelet/token, maxTTL). */
const MAX_AGE = 24 * 60 * 60;
/** Share of the time between refresh due and nominal expiration that a healthy kubelet may use up. */
const MAX_GRACE_SHARE = 0.85;
/** The API server allows for clocks that differ by a minute (go-jose, DefaultLeeway). */
export const CLOCK_LEEWAY = 60;

/** `warnafter ?? exp`: the API server extends default tokens to a year, the kubelet rotates by what was asked. */
export function nominalExpirationOf({ warnAfter, expiresAt }: TokenClaims): EpochSeconds | undefined {
  return warnAfter ?? expiresAt;
}

/** k8s.io/kubernetes/pkg/kubelet/token, requiresRefresh; its jitter of up to 9 s only makes it earlier. */
function refreshDueOf(issuedAt: EpochSeconds, nominalExpiration: EpochSeconds): EpochSeconds {
  const lifetime = nominalExpiration - issuedAt;
  return issuedAt + Math.min(MAX_AGE, lifetime - Math.floor(0.2 * lifetime));
}

/**
 * Whether a kubelet refreshes the token: it writes projected volumes alone, and binds each of its tokens to the pod.
 *
 * What comes out of a Secret, be it a source of a projected volume, may have an end but nobody who refreshes it.
 */
export function isRefreshed({ claims, volumeKind }: RotatingToken): boolean {
  return volumeKind === 'projected' && claims.pod !== undefined;
}

/**
 * Computes the schedule of a token.
 *
 * `grace`, in seconds, is what a healthy kubelet may be late; it is cut for short-lived tokens, which have less
 * than that between refresh due and expiry.
 */
export function scheduleOf(token: RotatingToken, grace: number): Schedule {
  const nominalExpiration = nominalExpirationOf(token.claims);
  const { issuedAt } = token.claims;
  if (!isRefreshed(token) || issuedAt === undefined || nominalExpiration === undefined) {
    return { nominalExpiration, refreshDue: undefined, overdueFrom: undefined };
  }
  const refreshDue = refreshDueOf(issuedAt, nominalExpiration);
  const overdueFrom = refreshDue + Math.min(grace, MAX_GRACE_SHARE * (nominalExpiration - refreshDue));
  return { nominalExpiration, refreshDue, overdueFrom };
}

/** From when on the API server takes the token for valid, its leeway counted in. */
export function validFrom({ notBefore, issuedAt }: TokenClaims): EpochSeconds {
  return Math.max(notBefore ?? 0, issuedAt ?? 0) - CLOCK_LEEWAY;
}

function stateByAge({ refreshDue, overdueFrom }: Schedule, now: EpochSeconds): TokenState {
  if (overdueFrom !== undefined && now > overdueFrom) return 'overdue';
  return refreshDue !== undefined && now >= refreshDue ? 'refresh_due' : 'fresh';
}

/** The stage a token is in at `now`. */
export function stateOf(claims: TokenClaims, schedule: Schedule, now: EpochSeconds): TokenState {
  const { nominalExpiration } = schedule;
  if (now < validFrom(claims)) return 'not_yet_valid';
  if (nominalExpiration === undefined) return 'no_expiry';
  if (claims.expiresAt !== undefined && now >= claims.expiresAt) return 'expired';
  return now >= nominalExpiration ? 'stale' : stateByAge(schedule, now);
}
