/**
 * The pods of the node: their directories, listed and watched, and the volumes in each.
 */
import type { Unreadable } from '../../core/observation.ts';
import type { Token } from '../../core/token/token.ts';
import { createCachedListing, type Entry, type Listing } from './directory.ts';
import { NOT_A_DIRECTORY, unreadable } from './failures.ts';
import type { VolumeLocation } from './generation.ts';
import { join, type Path } from './paths.ts';
import { createPodAge, createPodVolumes, NO_VOLUMES, type PodVolumes } from './pod-volumes.ts';
import type { Steps } from './slices.ts';
import { createVolume, isMounted, refreshVolume, type Volume, type VolumeOptions } from './volume.ts';
import { createWatch } from './watch.ts';

interface PodOptions extends VolumeOptions {
  readonly uid: string;
  readonly directory: Path;
}

export interface Pod {
  /** Refreshes the pod's volumes, and lists them again if that is due. */
  readonly refresh: () => Steps<void>;
  /** Whether an event came since the last refresh. */
  readonly isNudged: () => boolean;
  /** Whether the pod is so new that a refresh soon may find more. */
  readonly isPending: () => boolean;
  readonly tokens: () => readonly Token[];
  readonly unreadable: () => readonly Unreadable[];
  /** Files that hold no token. */
  readonly others: () => readonly Unreadable[];
  readonly close: () => void;
}

/** Volumes are mounted in a pod's first seconds, or minutes later if a mount fails at first. */
const MAX_PENDING_SECONDS = 120;
/** A pod this new may get another volume at any moment, even if all it has are mounted. */
const MIN_PENDING_SECONDS = 5;

type Volumes = Map<string, Volume>;

function removeOtherVolumes(volumes: Volumes, keys: ReadonlySet<string>, { watches }: VolumeOptions): void {
  for (const [key, { watch }] of volumes) {
    if (keys.has(key)) continue;
    watches.close(watch);
    volumes.delete(key);
  }
}

/** The name is unique in the pod, but the volume of another kind under the same name is another volume. */
function keyOf({ volumeKind, volume }: VolumeLocation): string {
  return `${volumeKind}/${volume}`;
}

/** Makes `volumes` those at `locations`, and reads the new ones. */
function* syncVolumes(
  volumes: Volumes,
  locations: readonly VolumeLocation[],
  options: VolumeOptions,
): Steps<void> {
  removeOtherVolumes(volumes, new Set(locations.map(keyOf)), options);
  for (const location of locations) {
    const key = keyOf(location);
    if (volumes.has(key)) continue;
    const volume = createVolume(location, options);
    volumes.set(key, volume);
    yield* refreshVolume(volume, options);
    yield;
  }
}

function lacksVolumes(volumes: Volumes): boolean {
  return volumes.size === 0 || [...volumes.values()].some((volume) => !isMounted(volume));
}

function createPod(options: PodOptions): Pod {
  const { uid, directory, now, onNudge, onReadFailure } = options;
  const listVolumes = createPodVolumes(uid, directory);
  const volumes: Volumes = new Map();
  let found: PodVolumes = NO_VOLUMES;
  const age = createPodAge(now);
  let isNudged = false;

  const nudge = (): void => {
    isNudged = true;
    onNudge();
  };

  const volumeOptions = { ...options, onNudge: nudge };

  const isPending = (): boolean => {
    const seconds = age.seconds();
    return seconds < MIN_PENDING_SECONDS || (seconds <= MAX_PENDING_SECONDS && lacksVolumes(volumes));
  };

  function* list(): Steps<void> {
    age.listed();
    const before = found;
    found = listVolumes(now() * 1_000);
    for (const { reason } of found.unreadable) onReadFailure(reason);
    if (found !== before) yield* syncVolumes(volumes, found.locations, volumeOptions);
  }

  function* refresh(): Steps<void> {
    isNudged = false;
    let areMounted = true;
    for (const volume of volumes.values()) {
      areMounted = (yield* refreshVolume(volume, volumeOptions)) && areMounted;
      yield;
    }
    if (!areMounted || age.isListingDue()) yield* list();
  }

  return {
    refresh,
    isNudged: () => isNudged,
    isPending,
    tokens: () => [...volumes.values()].flatMap(({ tokens }) => tokens),
    unreadable: () => [...found.unreadable, ...[...volumes.values()].flatMap((volume) => volume.unreadable)],
    others: () => [...volumes.values()].flatMap(({ others }) => others),
    close: () => removeOtherVolumes(volumes, new Set(), options),
  };
}

export interface PodsOptions extends Omit<PodOptions, 'uid' | 'directory'> {
  /** The kubelet's root directory, which contains `pods`. */
  readonly rootDir: string;
}

export interface Pods {
  /** Lists the pods. Returns whether the listing succeeded. */
  readonly list: () => boolean;
  /** Whether an event came since the last listing. */
  readonly isNudged: () => boolean;
  readonly all: () => readonly Pod[];
  /** Unreadable objects that do not belong to a pod's directory. */
  readonly unreadable: () => readonly Unreadable[];
  readonly close: () => void;
}

type PodsByUid = Map<string, Pod>;

function isDirectory({ kind }: Entry): boolean {
  return kind === 'directory';
}

function unreadableOf(listing: Listing, rootDir: string): readonly Unreadable[] {
  if (!listing.ok) {
    const { reason, detail } = listing.error;
    return [unreadable({}, { reason, detail: `${rootDir}/pods: ${detail}; check --kubelet.root-dir` })];
  }
  const others = listing.value.filter((entry) => !isDirectory(entry));
  return others.map(({ name }) => unreadable({ podUid: name }, NOT_A_DIRECTORY));
}

function removeOtherPods(pods: PodsByUid, uids: ReadonlySet<string>): boolean {
  const gone = [...pods].filter(([uid]) => !uids.has(uid));
  for (const [uid, pod] of gone) {
    pod.close();
    pods.delete(uid);
  }
  return gone.length > 0;
}

/** Makes `pods` those of the entries. Returns whether any was added or removed. */
function syncPods(pods: PodsByUid, entries: readonly Entry[], create: (entry: Entry) => Pod): boolean {
  const directories = entries.filter(isDirectory);
  const isAnyGone = removeOtherPods(pods, new Set(directories.map(({ name }) => name)));
  const added = directories.filter(({ name }) => !pods.has(name));
  for (const entry of added) pods.set(entry.name, create(entry));
  return isAnyGone || added.length > 0;
}

export function createPods(options: PodsOptions): Pods {
  const { rootDir, watches, now, onNudge, onReadFailure } = options;
  const path = join(rootDir, 'pods');
  /** The dot follows a link: administrators may move the kubelet's directories. */
  const directory = join(path, '.');
  const listing = createCachedListing(directory);
  const pods: PodsByUid = new Map();
  let unlisted: readonly Unreadable[] = [];
  let isNudged = false;

  const watch = createWatch({
    directory,
    name: undefined,
    onChange: () => {
      isNudged = true;
      onNudge();
    },
    onStale: () => void list(),
  });
  const create = ({ name, raw }: Entry): Pod =>
    createPod({ ...options, uid: name, directory: join(path, raw) });

  const list = (): boolean => {
    isNudged = false;
    const isNewWatch = watches.open(watch);
    const listed = listing(now() * 1_000);
    unlisted = unreadableOf(listed, rootDir);
    for (const { reason } of unlisted) onReadFailure(reason);
    const isKnown = listed.ok || listed.error.reason === 'vanished';
    const foundChange = isKnown && syncPods(pods, listed.ok ? listed.value : [], create);
    watches.confirm(watch, foundChange && !isNewWatch);
    return listed.ok;
  };

  const all = () => [...pods.values()];
  const close = (): void => {
    watches.close(watch);
    removeOtherPods(pods, new Set());
  };
  return { list, isNudged: () => isNudged, all, unreadable: () => unlisted, close };
}
