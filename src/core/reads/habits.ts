/**
 * How a workload reads its token, from the reads that were observed.
 *
 * A habit describes opens of the file, not an application: an open file descriptor, a person and a scanner look like
 * an application. A wrong `unread` makes a team remove a token that is needed, so every doubt is `unknown`.
 */
import type { ContainerFacts } from '../container-facts.ts';
import type { TokenContext } from '../context.ts';
import { nominalExpirationOf, refreshDueOf } from '../rotation.ts';
import type { EpochSeconds, Token, TokenClaims } from '../token/token.ts';
import type { TokenReads } from './token-reads.ts';

/** Values of a label: public contract. */
export const HABITS = ['rereads', 'not_reread', 'unread', 'unknown'] as const;
export type Habit = (typeof HABITS)[number];

/** Complete generations without a read, after which a copy may be held. */
const NOT_REREAD_GENERATIONS = 3;
/** Complete generations without a read, after which a token counts as unread. */
const UNREAD_GENERATIONS = 10;
/**
 * A reader that acts at each rotation, and within a fraction of a millisecond, is seen only if the watch was there before.
 */
const SURE_GENERATIONS = 1;
const UNREAD_SECONDS = 24 * 60 * 60;
/** Reads have a time that is up to a second late; times of containers are in whole seconds. */
const INACCURACY = 2;
/** The kubelet refreshes a token less than 10 s early (k8s.io/kubernetes/pkg/kubelet/token, maxJitter). */
const REFRESH_JITTER = 10;

type Pod = TokenContext['pod'];
/** A token in a volume, as the containers of its pod see it. */
type Seen = Pick<Token, 'claims' | 'identity' | 'mount'>;

function containersOf(pod: Pod): readonly ContainerFacts[] {
  return pod === undefined || pod === 'absent' ? [] : pod.containers;
}

function hasUnknownContainers(pod: Pod): boolean {
  return pod === undefined || pod === 'absent' || pod.hasUnknownContainers === true;
}

/** From when on reads are those of the main containers; undefined if the init containers have not ended. */
function mainSince(pod: Pod): EpochSeconds | undefined {
  const ends = containersOf(pod).flatMap(({ kind, finishedAt }) => (kind === 'init' ? [finishedAt] : []));
  const known = ends.filter((end) => end !== undefined);
  return known.length < ends.length ? undefined : Math.max(0, ...known.map((end) => end + INACCURACY));
}

function isAfter(at: EpochSeconds | undefined, since: EpochSeconds | undefined): boolean {
  return at !== undefined && since !== undefined && at >= since;
}

/** Whether it may have read the token then, in its current run. */
function mayHaveRead({ isRunning, kind, startedAt }: ContainerFacts, readAt: EpochSeconds): boolean {
  const isReader = isRunning && kind !== 'init' && kind !== 'ephemeral';
  return isReader && (startedAt === undefined || startedAt <= readAt);
}

/** A container that was restarted reads again, even if it then holds a copy. */
function isOfRunningContainer(pod: Pod, readAt: EpochSeconds): boolean {
  return hasUnknownContainers(pod) || containersOf(pod).some((container) => mayHaveRead(container, readAt));
}

/**
 * How long so many generations usually take: a kubelet that is restarted replaces all tokens at once, and a volume is also
 * swapped if another of its files changes. NaN if the token does not say it.
 */
function usualSeconds(generations: number, { claims }: Seen): number {
  const { issuedAt } = claims;
  const expiration = nominalExpirationOf(claims);
  if (issuedAt === undefined || expiration === undefined) return Number.NaN;
  return generations * (refreshDueOf(issuedAt, expiration) - issuedAt - REFRESH_JITTER);
}

/** Read in two generations, not long ago, or ever as a reaction to a rotation. */
function isReread(reads: TokenReads, token: Seen, pod: Pod, now: EpochSeconds): boolean {
  const since = mainSince(pod);
  if (isAfter(reads.readAtRotationAt, since)) return true;
  const { earlierReadAt, lastReadAt } = reads;
  if (earlierReadAt === undefined || lastReadAt === undefined || !isAfter(earlierReadAt, since)) return false;
  // After a longer time, a person who looks at the file is as likely as the application.
  const seconds = usualSeconds(NOT_REREAD_GENERATIONS, token);
  const isRecent = lastReadAt - earlierReadAt < seconds && now - lastReadAt < seconds;
  return isRecent && isOfRunningContainer(pod, earlierReadAt);
}

/** Whether a container runs that is known to have been there then. */
function isReaderRunning(pod: Pod, readAt: EpochSeconds): boolean {
  return containersOf(pod).some(
    (container) => container.startedAt !== undefined && mayHaveRead(container, readAt),
  );
}

/** So many generations without a read, among them one in which no read can have been missed. */
function isWithoutRead({ withoutRead, surelyWithoutRead }: TokenReads, generations: number): boolean {
  return withoutRead >= generations && surelyWithoutRead >= SURE_GENERATIONS;
}

/** Whether it sees what is watched, as far as it has started: not a copy, and not a mount below the current one. */
function isSeen(container: ContainerFacts, { identity, mount }: Seen): boolean {
  const { startedAt, isRunning, copiedVolumes } = container;
  if (copiedVolumes.includes(identity.volume)) return false;
  // When the current mount came over another one is not known.
  if (mount?.appearedAt === undefined) return mount?.isStacked !== true;
  return startedAt === undefined ? !isRunning : startedAt + INACCURACY >= mount.appearedAt;
}

/** Whether the reads of one of these containers may not have been seen, so that none proves nothing. */
function hasUnseenReaders(pod: Pod, token: Seen, isReader: (container: ContainerFacts) => boolean): boolean {
  if (hasUnknownContainers(pod)) return true;
  return containersOf(pod).some((container) => isReader(container) && !isSeen(container, token));
}

/** An init container ends before the others start: what it reads is not a read of theirs, seen or not. */
function isLater({ kind }: ContainerFacts): boolean {
  return kind !== 'init';
}

/** A volume is also swapped if another of its files changes: then a copy of the token is still current. */
function isIssuedAfter({ claims: { issuedAt } }: Seen, readAt: EpochSeconds): boolean {
  return issuedAt !== undefined && issuedAt > readAt;
}

function isNotReread(reads: TokenReads, token: Seen, pod: Pod, now: EpochSeconds): boolean {
  const { lastReadAt } = reads;
  if (lastReadAt === undefined || !isWithoutRead(reads, NOT_REREAD_GENERATIONS)) return false;
  if (!isIssuedAfter(token, lastReadAt)) return false;
  if (hasUnseenReaders(pod, token, isLater)) return false;
  const isLongAgo = now - lastReadAt >= usualSeconds(NOT_REREAD_GENERATIONS, token);
  return isLongAgo && isAfter(lastReadAt, mainSince(pod)) && isReaderRunning(pod, lastReadAt);
}

/** When the last container started, if all of them started while no read could be missed. */
function startedSince(pod: Pod, { completeSince }: TokenReads): EpochSeconds | undefined {
  const starts = containersOf(pod)
    .filter(({ kind }) => kind !== 'ephemeral')
    .map(({ startedAt }) => startedAt);
  const observed = starts.filter((start) => start !== undefined && start >= completeSince);
  const isComplete = starts.length > 0 && observed.length === starts.length;
  return isComplete ? Math.max(...observed.map((start) => start ?? 0)) : undefined;
}

/** A read of an init container counts here: it needs the token. */
function isUnread(reads: TokenReads, token: Seen, pod: Pod, now: EpochSeconds): boolean {
  if (reads.lastReadAt !== undefined || !isWithoutRead(reads, UNREAD_GENERATIONS)) return false;
  if (!reads.isStartObserved || hasUnseenReaders(pod, token, () => true)) return false;
  const since = startedSince(pod, reads);
  if (since === undefined || now - since < UNREAD_SECONDS) return false;
  return now - since >= usualSeconds(UNREAD_GENERATIONS, token);
}

/** The reads of a virtual machine do not reach the node. */
function isOpaque(pod: Pod): boolean {
  return pod !== undefined && pod !== 'absent' && pod.runtimeClass !== undefined;
}

export function habitOf(
  reads: TokenReads,
  token: Seen,
  { pod, arePodsCurrent }: Pick<TokenContext, 'pod' | 'arePodsCurrent'>,
  now: EpochSeconds,
): Habit {
  if (isOpaque(pod)) return 'unknown';
  if (isReread(reads, token, pod, now)) return 'rereads';
  if (reads.mayHideRead) return 'unknown';
  if (isNotReread(reads, token, pod, now)) return 'not_reread';
  // A container may have been restarted since, and read when it needs to.
  return arePodsCurrent && isUnread(reads, token, pod, now) ? 'unread' : 'unknown';
}

/** Whether the current generation was read, as far as the pod is known; undefined if that is not certain. */
export function isReadNow(reads: TokenReads, token: Seen, pod: Pod): boolean | undefined {
  const { isReadSinceRotation } = reads;
  if (isReadSinceRotation !== false || pod === undefined || pod === 'absent') return isReadSinceRotation;
  return isOpaque(pod) || hasUnseenReaders(pod, token, isLater) ? undefined : false;
}

/**
 * When a copy expires at the latest that was made at the last read. A volume may be swapped for another of its files,
 * so that the token in it was older. It was never newer than the current one.
 */
export function copyExpiresAt(
  { lastReadGenerationAt }: TokenReads,
  { issuedAt, expiresAt }: TokenClaims,
): EpochSeconds | undefined {
  if (lastReadGenerationAt === undefined || issuedAt === undefined || expiresAt === undefined)
    return undefined;
  return Math.min(expiresAt, lastReadGenerationAt + expiresAt - issuedAt);
}
