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

/** What the grace period depends on, besides the token. In seconds. */
export interface GracePolicy {
  /** The longest grace period. */
  readonly rotationGrace: number;
  /** `syncFrequency` of the kubelet. */
  readonly syncFrequency: number;
}

/** A token is overdue as soon as its refresh is due. */
export const NO_GRACE: GracePolicy = { rotationGrace: 0, syncFrequency: 0 };

type RotatingToken = Pick<Token, 'claims' | 'volumeKind' | 'identity'>;

/** The kubelet refreshes every token after this long (k8s.io/kubernetes/pkg/kubelet/token, maxTTL). */
const MAX_AGE = 24 * 60 * 60;
/** The slack is the time between refresh due and nominal expiration. A token with more of it may be later. */
const GRACE_SHARE = 0.4;
/** The grace period is at most this share of the slack. */
const MAX_GRACE_SHARE = 0.85;
/** How long a kubelet may take to sync a pod that is due, beyond half an interval between syncs. */
const SYNC_DELAY = 30;
/** The API server accepts tokens that begin up to a minute in the future (go-jose, DefaultLeeway). */
export const CLOCK_LEEWAY = 60;

/** `warnafter ?? exp`: the API server extends default tokens to a year, but the kubelet uses the requested lifetime. */
export function nominalExpirationOf({ warnAfter, expiresAt }: TokenClaims): EpochSeconds | undefined {
  return warnAfter ?? expiresAt;
}

/** k8s.io/kubernetes/pkg/kubelet/token, requiresRefresh, without its jitter, which makes it up to 9 s earlier. */
export function refreshDueOf(issuedAt: EpochSeconds, nominalExpiration: EpochSeconds): EpochSeconds {
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

/** The kubelet waits 1 to 1.5 intervals between two syncs of a pod (measured by default: 60-90 s, late up to 84 s). */
function healthyLateness(syncFrequency: number): number {
  return 1.5 * syncFrequency + SYNC_DELAY;
}

/** In whole seconds. Never so short that a healthy kubelet exceeds it, unless the token leaves no time for that. */
function gracePeriod(slack: number, { rotationGrace, syncFrequency }: GracePolicy): number {
  const wanted = Math.max(healthyLateness(syncFrequency), GRACE_SHARE * slack);
  return Math.floor(Math.min(rotationGrace, wanted, MAX_GRACE_SHARE * slack));
}

export function scheduleOf(token: RotatingToken, policy: GracePolicy, origin: Origin = 'unknown'): Schedule {
  const nominalExpiration = nominalExpirationOf(token.claims);
  const { issuedAt } = token.claims;
  if (!isRefreshed(token, origin) || issuedAt === undefined || nominalExpiration === undefined) {
    return { nominalExpiration, refreshDue: undefined, overdueFrom: undefined };
  }
  const refreshDue = refreshDueOf(issuedAt, nominalExpiration);
  const overdueFrom = refreshDue + gracePeriod(nominalExpiration - refreshDue, policy);
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
