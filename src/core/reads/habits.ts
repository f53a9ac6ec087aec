/**
 * How a workload reads its token, from the reads that were observed.
 *
 * A habit describes opens of the file, not an application: an open file descriptor, a person and a scanner look like
 * an application. A wrong `unread` makes a team remove a token that is needed, so every doubt is `unknown`.
 */
import type { ContainerFacts } from '../container-facts.ts';
import type { TokenContext } from '../context.ts';
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

type Pod = TokenContext['pod'];

function containersOf(pod: Pod): readonly ContainerFacts[] {
  return pod === undefined || pod === 'absent' ? [] : pod.containers;
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

/** Read in two generations, not long ago, or ever as a reaction to a rotation. */
function isReread(reads: TokenReads, since: EpochSeconds | undefined): boolean {
  const isRecent = reads.withoutRead < NOT_REREAD_GENERATIONS;
  return isAfter(reads.readAtRotationAt, since) || (isRecent && isAfter(reads.earlierReadAt, since));
}

/** Whether a container runs that may have read the token then. */
function isReaderRunning(pod: Pod, readAt: EpochSeconds): boolean {
  return containersOf(pod).some(
    ({ isRunning, kind, startedAt }) =>
      isRunning && kind !== 'init' && kind !== 'ephemeral' && startedAt !== undefined && startedAt <= readAt,
  );
}

/** So many generations without a read, among them one in which no read can have been missed. */
function isWithoutRead({ withoutRead, surelyWithoutRead }: TokenReads, generations: number): boolean {
  return withoutRead >= generations && surelyWithoutRead >= SURE_GENERATIONS;
}

/** A token in a volume, as the containers of its pod see it. */
type Seen = Pick<Token, 'claims' | 'identity' | 'mount'>;

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
  if (pod === undefined || pod === 'absent' || pod.hasUnknownContainers === true) return true;
  return pod.containers.some((container) => isReader(container) && !isSeen(container, token));
}

/** An init container ends before the others start: what it reads is not a read of theirs, seen or not. */
function isLater({ kind }: ContainerFacts): boolean {
  return kind !== 'init';
}

/** A volume is also swapped if another of its files changes: then a copy of the token is still current. */
function isIssuedAfter({ claims: { issuedAt } }: Seen, readAt: EpochSeconds): boolean {
  return issuedAt !== undefined && issuedAt > readAt;
}

function isNotReread(reads: TokenReads, token: Seen, pod: Pod): boolean {
  const { lastReadAt } = reads;
  if (lastReadAt === undefined || !isWithoutRead(reads, NOT_REREAD_GENERATIONS)) return false;
  if (!isIssuedAfter(token, lastReadAt)) return false;
  if (hasUnseenReaders(pod, token, isLater)) return false;
  return isAfter(lastReadAt, mainSince(pod)) && isReaderRunning(pod, lastReadAt);
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
  return since !== undefined && now - since >= UNREAD_SECONDS;
}

/** The reads of a virtual machine do not reach the node. */
function isOpaque(pod: Pod): boolean {
  return pod !== undefined && pod !== 'absent' && pod.runtimeClass !== undefined;
}

export function habitOf(reads: TokenReads, token: Seen, pod: Pod, now: EpochSeconds): Habit {
  if (isOpaque(pod)) return 'unknown';
  if (isReread(reads, mainSince(pod))) return 'rereads';
  if (reads.mayHideRead) return 'unknown';
  if (isNotReread(reads, token, pod)) return 'not_reread';
  return isUnread(reads, token, pod, now) ? 'unread' : 'unknown';
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
