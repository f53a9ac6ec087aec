/**
 * Whether token rotation has stopped on the whole node: the kubelet is down, or it cannot get tokens.
 *
 * A stall is remembered until the kubelet receives a token again, and a little longer: while the kubelet catches up,
 * the tokens that still wait for it are not a new problem. The control plane marks the pods of a dead kubelet for
 * deletion, which changes nothing for their containers.
 */
import type { CheckInput } from '../checks/check.ts';
import { placeOf } from '../origin.ts';
import type { EpochSeconds, Token } from '../token/token.ts';

export interface NodeStall {
  /** The tokens that it has made overdue: when each was issued, by place. */
  readonly tokens: ReadonlyMap<string, EpochSeconds>;
  /** When the kubelet last received a token before it. */
  readonly lastReceivedAt: EpochSeconds;
  /** When the kubelet was seen to receive tokens again. */
  readonly endedAt: EpochSeconds | undefined;
}

/**
 * How long a recovering kubelet needs for the last pod: two syncs, or one after the longest back-off of a failed mount
 * (2 min 2 s).
 */
export const RECOVERY_SECONDS = 180;
/** Overdue tokens of this many pods, without a cause of their own, indicate a cause on the node. */
const MIN_PODS = 2;

export type Rotating = Pick<CheckInput, 'token' | 'schedule'>;

/** When the kubelet wrote the token: not later than the file was written, regardless of the clock of the API server. */
function receivedAt({ claims, file }: Token): EpochSeconds {
  return Math.min(claims.issuedAt ?? 0, file.modifiedAt);
}

function lastReceived(voters: readonly Rotating[]): EpochSeconds {
  return voters.reduce((last, { token }) => Math.max(last, receivedAt(token)), 0);
}

/** Tokens of several pods that became overdue after the kubelet last received a token for any pod. */
function stalledSince(last: EpochSeconds, unexplained: readonly Rotating[]): readonly Rotating[] {
  const stalled = unexplained.filter(({ schedule }) => (schedule.overdueFrom ?? 0) >= last);
  const pods = new Set(stalled.map(({ token }) => token.identity.podUid));
  return pods.size >= MIN_PODS ? stalled : [];
}

/** The tokens of an earlier stall that are still on the node, unchanged. */
function remaining(previous: NodeStall | undefined, all: readonly Rotating[]): NodeStall['tokens'] {
  if (previous === undefined) return new Map();
  const issued = new Map(all.map(({ token }) => [placeOf(token.identity), token.claims.issuedAt]));
  return new Map([...previous.tokens].filter(([place, issuedAt]) => issued.get(place) === issuedAt));
}

export interface StallInput {
  /** All tokens of the node. */
  readonly all: readonly Rotating[];
  /** Those that show whether the kubelet rotates. */
  readonly voters: readonly Rotating[];
  /** Those of the voters that are overdue and have no cause of their own. */
  readonly unexplained: readonly Rotating[];
  readonly now: EpochSeconds;
}

/** Returns undefined if the node rotates its tokens. `previous` is that of an earlier snapshot, if any. */
export function findStall(
  { all, voters, unexplained, now }: StallInput,
  previous: NodeStall | undefined,
): NodeStall | undefined {
  const last = lastReceived(voters);
  const current = stalledSince(last, unexplained);
  const before = remaining(previous, all);
  if (current.length > 0) {
    const added = current.map(({ token }) => [placeOf(token.identity), token.claims.issuedAt ?? 0] as const);
    return { tokens: new Map([...before, ...added]), lastReceivedAt: last, endedAt: undefined };
  }
  if (previous === undefined || before.size === 0) return undefined;
  const hasMoved = last > previous.lastReceivedAt;
  const endedAt = previous.endedAt ?? (hasMoved ? now : undefined);
  if (endedAt !== undefined && now - endedAt > RECOVERY_SECONDS) return undefined;
  return { tokens: before, lastReceivedAt: previous.lastReceivedAt, endedAt };
}

/** Whether the stall has made this token overdue. */
export function isStalled({ identity, claims }: Token, stall: NodeStall | undefined): boolean {
  return stall !== undefined && stall.tokens.get(placeOf(identity)) === (claims.issuedAt ?? 0);
}

export function sameStall(a: NodeStall | undefined, b: NodeStall | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.lastReceivedAt !== b.lastReceivedAt || a.endedAt !== b.endedAt) return false;
  return a.tokens.size === b.tokens.size && [...a.tokens].every(([place, at]) => b.tokens.get(place) === at);
}
