/**
 * One volume from refresh to refresh: its generation, its tokens, their rotations, and its watch.
 *
 * An unchanged volume costs one readlink. The watch is on the directory of the volume and reacts to `..data`: a watch
 * on a token file goes silent with the first rotation, which replaces the file.
 */
import type { ReadFailure, Unreadable } from '../../core/observation.ts';
import { NO_GRACE, scheduleOf } from '../../core/rotation.ts';
import { type EpochSeconds, isSameToken, type Token } from '../../core/token/token.ts';
import { type Content, NOTHING_FOUND, type VolumeLocation } from './content.ts';
import { unreadable } from './failures.ts';
import { tokenOf } from './found-token.ts';
import { currentGeneration, pointsTo, readVolume } from './generation.ts';
import type { MountPoint, MountPoints } from './mounts/mount-points.ts';
import { isCut, type Limits, mayFindMore, NO_SCOPE, type Scope } from './pods/pod-limits.ts';
import type { Steps } from './slices.ts';
import { createWatch, type Watch, type Watches } from './watch.ts';

/** A token whose content was replaced. */
export interface Rotation {
  readonly before: Token;
  readonly after: Token;
}

export interface VolumeOptions {
  readonly watches: Watches;
  readonly mountPoints: MountPoints;
  /** An event came, or one was missed: a refresh is due. */
  readonly onNudge: () => void;
  readonly onRotation: (rotation: Rotation) => void;
  readonly onReadFailure: (reason: ReadFailure) => void;
  readonly now: () => EpochSeconds;
  /** The pod of the volume, as far as its limits depend on it. */
  readonly scopeOf: (volume: Volume) => Scope;
}

/** Updated in place: a node has a thousand of them, and each scan visits all. */
export interface Volume {
  readonly location: VolumeLocation;
  readonly watch: Watch;
  readonly mountPoints: MountPoints;
  /** The mount that was last read; undefined before the first. */
  mountPoint: MountPoint | undefined;
  /** Undefined if the volume is not mounted: its directory exists before the mount and after the unmount. */
  generation: string | undefined;
  /** When it was first found not mounted; undefined while it is mounted. */
  unmountedSince: EpochSeconds | undefined;
  tokens: readonly Token[];
  unreadable: readonly Unreadable[];
  others: readonly Unreadable[];
  limits: Limits;
  /** It is mounted, all of it could be read, and no limit left anything out: nothing is due before it is swapped. */
  isComplete: boolean;
  /** The paths that the spec named at the last reading. */
  namedKey: string | undefined;
  /** The tokens, and the last ones read at paths that are unreadable now: what a rotation is detected by. */
  previousTokens: readonly Token[];
}

/** Volumes hold a few tokens, so a linear search is fastest. */
function findByPath(tokens: readonly Token[], path: string): Token | undefined {
  return tokens.find(({ identity }) => identity.path === path);
}

/**
 * Seconds from when the refresh was due until the new token was issued: 0 if it was issued earlier, undefined if no
 * refresh was due.
 */
export function rotationLag({ before, after }: Rotation): number | undefined {
  const { refreshDue } = scheduleOf(before, NO_GRACE);
  if (refreshDue === undefined || after.claims.issuedAt === undefined) return undefined;
  return Math.max(0, after.claims.issuedAt - refreshDue);
}

/** An empty `parent` is the volume itself. */
function isAtOrBelow(path: string, parent: string): boolean {
  return parent === '' || path === parent || path.startsWith(`${parent}/`);
}

/** More than the tokens of any pod. */
const MAX_UNCONFIRMED = 256;

/** The previous tokens at paths that are unreadable now, kept so that no rotation is missed. */
function unconfirmedTokens(content: Content, previous: readonly Token[]): readonly Token[] {
  if (content.unreadable.length === 0) return [];
  const kept = previous.filter(({ identity: { path } }) => {
    const isRead = content.tokens.some((token) => token.path === path);
    return !isRead && content.unreadable.some((object) => isAtOrBelow(path, object.path));
  });
  return kept.slice(0, MAX_UNCONFIRMED);
}

/** Whether files were replaced while they were read: a token that was not found is not gone. */
function isChanging({ unreadable: objects }: Content): boolean {
  return objects.some(({ reason }) => reason === 'changing');
}

function replaceContent(volume: Volume, content: Content, onRotation: VolumeOptions['onRotation']): void {
  const { previousTokens, tokens } = volume;
  const found = content.tokens.map((one) => tokenOf(volume, one, findByPath(previousTokens, one.path)));
  const unconfirmed = unconfirmedTokens(content, previousTokens);
  const kept = isChanging(content) ? unconfirmed.filter((token) => tokens.includes(token)) : [];
  volume.previousTokens = unconfirmed.length === 0 ? found : [...found, ...unconfirmed];
  volume.tokens = kept.length === 0 ? found : [...found, ...kept];
  volume.unreadable = content.unreadable;
  volume.others = content.others;
  const { usage, leftOut, areOthersCut } = content;
  volume.limits = { usage, leftOut, areOthersCut };
  volume.isComplete =
    volume.generation !== undefined && content.unreadable.length === 0 && !isCut(content) && !areOthersCut;
  for (const after of found) {
    const before = findByPath(previousTokens, after.identity.path);
    if (before !== undefined && !isSameToken(before.claims, after.claims)) onRotation({ before, after });
  }
}

/** Failures that may end while the generation stays the same. The kubelet changes no file of a generation. */
const PASSING: ReadonlySet<ReadFailure> = new Set([
  'changing',
  'io_error',
  'not_mounted',
  'permission_denied',
  'vanished',
]);

/** Whether another reading of the same generation may find more. */
function isRetryDue(volume: Volume, scopeOf: () => Scope): boolean {
  return (
    volume.unreadable.some(({ reason }) => PASSING.has(reason)) ||
    mayFindMore(volume.limits, volume.namedKey, scopeOf)
  );
}

/** A new mount has a generation of its own, so an unchanged volume has the mount that it had. */
function readMount(volume: Volume): void {
  const { location, watch, mountPoints, mountPoint } = volume;
  if (location.volumeKind !== 'projected') return;
  const place = { directory: watch.directory, root: location.root };
  volume.mountPoint = mountPoints.read(place, mountPoint);
}

/**
 * Reads the volume if it was swapped or could not be read completely before. Returns whether its generation has
 * changed. Calls `onRotation` for each token that was replaced.
 */
export function* readChanges(
  volume: Volume,
  onRotation: VolumeOptions['onRotation'],
  scopeOf: () => Scope = () => NO_SCOPE,
): Steps<boolean> {
  const { location, generation } = volume;
  const current = currentGeneration(location.link);
  if (current.ok && current.value === generation && !isRetryDue(volume, scopeOf)) return false;
  const wasToken = (path: string): boolean => findByPath(volume.previousTokens, path) !== undefined;
  const scope = scopeOf();
  volume.namedKey = scope.named?.key;
  const reading = current.ok ? yield* readVolume(location, current.value, wasToken, scope) : current;
  volume.generation = reading.ok ? reading.value.generation : undefined;
  if (reading.ok) readMount(volume);
  const content = reading.ok
    ? reading.value.content
    : { ...NOTHING_FOUND, unreadable: [unreadable(location, reading.error)] };
  replaceContent(volume, content, onRotation);
  return volume.generation !== generation;
}

export function isMounted({ generation }: Volume): boolean {
  return generation !== undefined;
}

/**
 * Whether the volume is as the last refresh left it, so that another one would find nothing to read or to report. Costs
 * one system call, and is all that a scan does with most volumes.
 */
export function isUnchanged(volume: Volume, watches: Watches): boolean {
  const { isComplete, generation, location, watch } = volume;
  if (!isComplete || generation === undefined || !pointsTo(location.link, generation)) return false;
  if (watches.open(watch)) return false;
  watches.confirm(watch, false);
  return true;
}

/** Every volume is unmounted for a moment when its pod starts and when it ends. */
const UNMOUNTED_GRACE_SECONDS = 60;

/** Counts each failure, except that the volume is not mounted for now. */
function countFailures(volume: Volume, { onReadFailure, now }: VolumeOptions): void {
  volume.unmountedSince = isMounted(volume) ? undefined : (volume.unmountedSince ?? now());
  const isBetween = now() - (volume.unmountedSince ?? 0) < UNMOUNTED_GRACE_SECONDS;
  for (const { reason } of volume.unreadable)
    if (reason !== 'not_mounted' || !isBetween) onReadFailure(reason);
}

/** Reads what has changed, and watches the volume while it is mounted. Returns whether it is mounted. */
export function* refreshVolume(volume: Volume, options: VolumeOptions): Steps<boolean> {
  const { watches, onRotation } = options;
  const scopeOf = () => options.scopeOf(volume);
  watches.confirm(volume.watch, yield* readChanges(volume, onRotation, scopeOf));
  // A watch added before the mount would stay on the covered directory.
  if (isMounted(volume) && watches.open(volume.watch)) yield* readChanges(volume, onRotation, scopeOf);
  if (!isMounted(volume)) watches.close(volume.watch);
  countFailures(volume, options);
  return isMounted(volume);
}

/** The volume is empty until its first refresh. */
export function createVolume(location: VolumeLocation, options: VolumeOptions): Volume {
  const watch = createWatch({
    directory: location.directory,
    name: '..data',
    onChange: options.onNudge,
    onStale: options.onNudge,
  });
  const volume: Volume = {
    location,
    watch,
    mountPoints: options.mountPoints,
    mountPoint: undefined,
    generation: undefined,
    unmountedSince: undefined,
    tokens: [],
    unreadable: [],
    others: [],
    limits: NOTHING_FOUND,
    isComplete: false,
    namedKey: undefined,
    previousTokens: [],
  };
  return volume;
}
