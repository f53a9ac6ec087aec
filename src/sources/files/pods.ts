/**
 * The pods of the node: the folder that holds their folders, listed and watched.
 *
 * Knows nothing of what is in a pod's folder.
 */
import type { Unreadable } from '../../core/observation.ts';
import type { EpochSeconds, Token } from '../../core/token.ts';
import { createCachedList, type Entry, type Listing } from './directory.ts';
import { unreadableAt } from './failures.ts';
import type { VolumePlace } from './generation.ts';
import { join, type Path } from './paths.ts';
import { createPodAge, createPodVolumes, NO_VOLUMES, type PodVolumes } from './pod-volumes.ts';
import { createWatchedVolume, isMounted, lookAt, type VolumeOptions, type WatchedVolume } from './volume.ts';
import { createWatch } from './watch.ts';

export interface PodOptions extends VolumeOptions {
  readonly uid: string;
  readonly folder: Path;
  readonly now: () => EpochSeconds;
}

export interface Pod {
  /** Looks at the pod's volumes, and for new ones where it is time to. */
  readonly look: () => void;
  /** Whether an event has given reason to look. */
  readonly isNudged: () => boolean;
  /** Whether the pod is so new that a look soon may find more. */
  readonly isComingUp: () => boolean;
  readonly tokens: () => readonly Token[];
  readonly unreadable: () => readonly Unreadable[];
  readonly close: () => void;
}

/** Volumes of a pod appear over its first seconds, or minutes where one fails to mount at first. */
const YOUTH_SECONDS = 120;
/** A pod this new may get another volume at any moment, even where those it has are mounted. */
const NEW_SECONDS = 5;

type Volumes = Map<string, WatchedVolume>;

function closeOthers(volumes: Volumes, keys: ReadonlySet<string>, { watches }: VolumeOptions): void {
  for (const [key, { watch }] of volumes) {
    if (keys.has(key)) continue;
    watches.close(watch);
    volumes.delete(key);
  }
}

/** A volume's name is its own in its pod; one that comes back as another kind is another volume. */
function keyOf({ volumeKind, volume }: VolumePlace): string {
  return `${volumeKind}/${volume}`;
}

/** Makes `volumes` those at `places`, and looks at the new ones. */
function adoptVolumes(volumes: Volumes, places: readonly VolumePlace[], options: VolumeOptions): void {
  closeOthers(volumes, new Set(places.map(keyOf)), options);
  for (const place of places) {
    const key = keyOf(place);
    if (volumes.has(key)) continue;
    const volume = createWatchedVolume(place, options);
    volumes.set(key, volume);
    lookAt(volume, options);
  }
}

function isWaiting(volumes: Volumes): boolean {
  return volumes.size === 0 || [...volumes.values()].some((volume) => !isMounted(volume));
}

function createPod(options: PodOptions): Pod {
  const { uid, folder, now, onNudge, onReadFailure } = options;
  const listVolumes = createPodVolumes(uid, folder);
  const volumes: Volumes = new Map();
  let found: PodVolumes = NO_VOLUMES;
  const age = createPodAge(now);
  let isNudged = false;

  const nudge = (): void => {
    isNudged = true;
    onNudge();
  };

  const volumeOptions = { ...options, onNudge: nudge };

  const isComingUp = (): boolean => {
    const seconds = age.seconds();
    return seconds < NEW_SECONDS || (seconds <= YOUTH_SECONDS && isWaiting(volumes));
  };

  const find = (): void => {
    age.listed();
    const before = found;
    found = listVolumes(now() * 1_000);
    for (const { reason } of found.unreadable) onReadFailure(reason);
    if (found !== before) adoptVolumes(volumes, found.places, volumeOptions);
  };

  const look = (): void => {
    isNudged = false;
    let isWhole = true;
    for (const volume of volumes.values()) isWhole = lookAt(volume, volumeOptions) && isWhole;
    if (!isWhole || age.isListingDue()) find();
  };

  const states = () => [...volumes.values()].map(({ state }) => state);
  return {
    look,
    isNudged: () => isNudged,
    isComingUp,
    tokens: () => states().flatMap(({ tokens }) => tokens),
    unreadable: () => [...found.unreadable, ...states().flatMap((state) => state.unreadable)],
    close: () => closeOthers(volumes, new Set(), options),
  };
}

export interface PodsOptions extends Omit<PodOptions, 'uid' | 'folder'> {
  /** The kubelet's root folder, the one that holds `pods`. */
  readonly rootDir: string;
}

export interface Pods {
  /** Lists the folder of pods; answers whether it could be listed. */
  readonly find: () => boolean;
  /** Whether an event has given reason to list it. */
  readonly isNudged: () => boolean;
  readonly all: () => readonly Pod[];
  /** What could not be read beside the pods' own objects. */
  readonly unreadable: () => readonly Unreadable[];
  readonly close: () => void;
}

type PodsByUid = Map<string, Pod>;

function isFolder({ kind }: Entry): boolean {
  return kind === 'directory';
}

/** What the listing of the folder of pods says could not be read. */
function unreadableOf(listing: Listing): readonly Unreadable[] {
  if (!listing.ok) return [unreadableAt({}, listing)];
  const others = listing.entries.filter((entry) => !isFolder(entry));
  return others.map(({ name }) => {
    return unreadableAt({ podUid: name }, { reason: 'not_a_directory', detail: 'not a folder' });
  });
}

function removeOthers(pods: PodsByUid, uids: ReadonlySet<string>): boolean {
  const gone = [...pods].filter(([uid]) => !uids.has(uid));
  for (const [uid, pod] of gone) {
    pod.close();
    pods.delete(uid);
  }
  return gone.length > 0;
}

/** Makes `pods` those of the entries; answers whether they were others. */
function adoptPods(pods: PodsByUid, entries: readonly Entry[], make: (entry: Entry) => Pod): boolean {
  const folders = entries.filter(isFolder);
  const isLess = removeOthers(pods, new Set(folders.map(({ name }) => name)));
  const added = folders.filter(({ name }) => !pods.has(name));
  for (const entry of added) pods.set(entry.name, make(entry));
  return isLess || added.length > 0;
}

export function createPods(options: PodsOptions): Pods {
  const { rootDir, watches, now, onNudge, onReadFailure } = options;
  const path = join(rootDir, 'pods');
  /** The dot follows a link: where the kubelet's folders lie is the administrator's choice. */
  const folder = join(path, '.');
  const list = createCachedList(folder);
  const pods: PodsByUid = new Map();
  let unreadable: readonly Unreadable[] = [];
  let isNudged = false;

  const watch = createWatch({
    folder,
    name: undefined,
    onChange: () => {
      isNudged = true;
      onNudge();
    },
    onDeaf: () => void find(),
  });
  const make = ({ name, raw }: Entry): Pod => createPod({ ...options, uid: name, folder: join(path, raw) });

  const find = (): boolean => {
    isNudged = false;
    const isJustLaid = watches.open(watch);
    const listing = list(now() * 1_000);
    unreadable = unreadableOf(listing);
    for (const { reason } of unreadable) onReadFailure(reason);
    const isListed = listing.ok || listing.reason === 'vanished';
    const isChanged = isListed && adoptPods(pods, listing.ok ? listing.entries : [], make);
    watches.looked(watch, isChanged && !isJustLaid);
    return listing.ok;
  };

  const all = () => [...pods.values()];
  const close = (): void => {
    watches.close(watch);
    removeOthers(pods, new Set());
  };
  return { find, isNudged: () => isNudged, all, unreadable: () => unreadable, close };
}
