/**
 * Finds the volumes of one pod that may hold tokens, and decides when to list them again.
 *
 * Only volumes whose content is written by the kubelet alone count: a container can forge a token in an emptyDir.
 */
import type { Unreadable } from '../../../core/observation.ts';
import type { EpochSeconds, VolumeKind } from '../../../core/token/token.ts';
import { sameItems } from '../../../util/stable.ts';
import type { VolumeLocation } from '../content.ts';
import { createCachedListing, type Entry, type Listing } from '../directory.ts';
import { type Failure, NOT_A_DIRECTORY, unreadable } from '../failures.ts';
import { join, type Path } from '../paths.ts';
import type { PodsRoot } from './pods-root.ts';

const PLUGINS: readonly { readonly name: string; readonly volumeKind: VolumeKind }[] = [
  { name: 'kubernetes.io~projected', volumeKind: 'projected' },
  { name: 'kubernetes.io~secret', volumeKind: 'secret' },
];

export interface PodVolumes {
  readonly locations: readonly VolumeLocation[];
  readonly unreadable: readonly Unreadable[];
}

export const NO_VOLUMES: PodVolumes = { locations: [], unreadable: [] };

/** The directory of one volume plugin in a pod's directory. */
interface PluginDirectory {
  readonly path: Path;
  readonly root: PodsRoot;
  readonly volumeKind: VolumeKind;
  readonly list: (nowMs: number) => Listing;
}

/** `PodVolumes` under construction. */
interface Found {
  readonly names: Set<string>;
  readonly locations: VolumeLocation[];
  readonly unreadable: Unreadable[];
}

const SAME_NAME: Failure = { reason: 'same_name', detail: 'another volume of the pod has this name' };

function locationOf(podUid: string, plugin: PluginDirectory, { name, raw }: Entry): VolumeLocation {
  const directory = join(plugin.path, raw);
  const { volumeKind, root } = plugin;
  return { podUid, volume: name, volumeKind, directory, link: join(directory, '..data'), root };
}

/** Why an entry is not a volume. A name that an earlier entry has is a failure, since the series would collide. */
function entryFailure({ name, kind }: Entry, names: ReadonlySet<string>): Failure | undefined {
  if (names.has(name)) return SAME_NAME;
  return kind === 'directory' ? undefined : NOT_A_DIRECTORY;
}

function addEntries(podUid: string, plugin: PluginDirectory, entries: readonly Entry[], found: Found): void {
  for (const entry of entries) {
    const failure = entryFailure(entry, found.names);
    found.names.add(entry.name);
    if (failure === undefined) found.locations.push(locationOf(podUid, plugin, entry));
    else found.unreadable.push(unreadable({ podUid, volume: entry.name }, failure));
  }
}

function collect(podUid: string, listed: readonly (readonly [PluginDirectory, Listing])[]): PodVolumes {
  const found: Found = { names: new Set(), locations: [], unreadable: [] };
  /** An unreadable pod makes both plugin directories fail: reported once. */
  const failures = new Map<string, Failure>();
  for (const [plugin, listing] of listed) {
    if (listing.ok) addEntries(podUid, plugin, listing.value, found);
    else if (listing.error.reason !== 'vanished') failures.set(listing.error.reason, listing.error);
  }
  const unlisted = [...failures.values()].map((failure) => unreadable({ podUid }, failure));
  return { locations: found.locations, unreadable: [...unlisted, ...found.unreadable] };
}

/**
 * Creates a function that lists the volumes in a pod's directory. It returns the same object, at the cost of two
 * system calls, while nothing has changed. `nowMs` is the wall clock.
 */
export function createPodVolumes(podUid: string, pod: Path, root: PodsRoot): (nowMs: number) => PodVolumes {
  const plugins = PLUGINS.map(({ name, volumeKind }): PluginDirectory => {
    const path = join(join(pod, 'volumes'), name);
    return { path, root, volumeKind, list: createCachedListing(path) };
  });
  let listings: readonly Listing[] = [];
  let volumes = NO_VOLUMES;
  return (nowMs) => {
    const listed = plugins.map((plugin) => [plugin, plugin.list(nowMs)] as const);
    const current = listed.map(([, listing]) => listing);
    if (!sameItems(current, listings)) volumes = collect(podUid, listed);
    listings = current;
    return volumes;
  };
}

export interface PodAge {
  /** Seconds since the pod was first seen. */
  readonly seconds: () => number;
  /** Whether to list the pod's volumes now: each time its age has doubled, and at least every two minutes. */
  readonly isListingDue: () => boolean;
  /** Call after every listing. */
  readonly listed: () => void;
}

/** The longest that a late volume stays undetected. The kubelet retries a failed mount at most this often. */
const MAX_LISTING_INTERVAL_SECONDS = 120;

export function createPodAge(now: () => EpochSeconds): PodAge {
  let firstSeen = now();
  let latest = firstSeen;
  let nextListing = firstSeen;

  /** If the clock is set back, the pod counts as new: otherwise it might not be listed for hours. */
  const current = (): EpochSeconds => {
    const time = now();
    if (time < latest) firstSeen = nextListing = time;
    latest = time;
    return time;
  };

  const seconds = (): number => current() - firstSeen;
  const listed = (): void => {
    nextListing = current() + Math.min(seconds(), MAX_LISTING_INTERVAL_SECONDS);
  };
  return { seconds, isListingDue: () => current() >= nextListing, listed };
}
