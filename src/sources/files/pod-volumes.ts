/**
 * Finds the volumes of one pod that may hold tokens.
 *
 * Only volumes whose content the kubelet alone writes are looked for; an emptyDir can hold a forged token. Knows
 * nothing of what is in a volume.
 */
import type { Unreadable } from '../../core/observation.ts';
import type { EpochSeconds, VolumeKind } from '../../core/token.ts';
import { createCachedList, type Entry, type Listing } from './directory.ts';
import { type Failure, unreadableAt } from './failures.ts';
import type { VolumePlace } from './generation.ts';
import { join, type Path } from './paths.ts';

const PLUGINS: readonly { readonly name: string; readonly volumeKind: VolumeKind }[] = [
  { name: 'kubernetes.io~projected', volumeKind: 'projected' },
  { name: 'kubernetes.io~secret', volumeKind: 'secret' },
];

export interface PodVolumes {
  readonly places: readonly VolumePlace[];
  readonly unreadable: readonly Unreadable[];
}

export const NO_VOLUMES: PodVolumes = { places: [], unreadable: [] };

/** The folder of one plugin in a pod's folder, and what it lists. */
interface PluginFolder {
  readonly path: Path;
  readonly volumeKind: VolumeKind;
  readonly list: (nowMs: number) => Listing;
}

function placeOf(podUid: string, { path, volumeKind }: PluginFolder, { name, raw }: Entry): VolumePlace {
  const folder = join(path, raw);
  return { podUid, volume: name, volumeKind, folder, link: join(folder, '..data') };
}

/** Why an entry is no volume. `names`: of the entries before it; a second series of one name would collide. */
function faultOf({ name, kind }: Entry, names: ReadonlySet<string>): Failure | undefined {
  if (names.has(name)) return { reason: 'same_name', detail: 'another volume of the pod has this name' };
  if (kind !== 'directory') return { reason: 'not_a_directory', detail: 'not a folder' };
  return undefined;
}

function takeEntries(podUid: string, plugin: PluginFolder, entries: readonly Entry[], found: Found): void {
  for (const entry of entries) {
    const fault = faultOf(entry, found.names);
    found.names.add(entry.name);
    if (fault === undefined) found.places.push(placeOf(podUid, plugin, entry));
    else found.unreadable.push(unreadableAt({ podUid, volume: entry.name }, fault));
  }
}

interface Found {
  readonly names: Set<string>;
  readonly places: VolumePlace[];
  readonly unreadable: Unreadable[];
}

function combine(podUid: string, listed: readonly (readonly [PluginFolder, Listing])[]): PodVolumes {
  const found: Found = { names: new Set(), places: [], unreadable: [] };
  /** What keeps us out of the pod keeps us out of both plugins' folders: told once. */
  const failures = new Map<string, Failure>();
  for (const [plugin, listing] of listed) {
    if (listing.ok) takeEntries(podUid, plugin, listing.entries, found);
    else if (listing.reason !== 'vanished') failures.set(listing.reason, listing);
  }
  const unlisted = [...failures.values()].map((failure) => unreadableAt({ podUid }, failure));
  return { places: found.places, unreadable: [...unlisted, ...found.unreadable] };
}

/**
 * Answers the volumes in a pod's folder, pass after pass: the same object, and two system calls, where nothing
 * changed. `nowMs` is the wall clock.
 */
export function createPodVolumes(podUid: string, pod: Path): (nowMs: number) => PodVolumes {
  const plugins = PLUGINS.map(({ name, volumeKind }): PluginFolder => {
    const path = join(join(pod, 'volumes'), name);
    return { path, volumeKind, list: createCachedList(path) };
  });
  let listings: readonly Listing[] = [];
  let volumes = NO_VOLUMES;
  return (nowMs) => {
    const before = listings;
    listings = plugins.map(({ list }) => list(nowMs));
    if (listings.every((listing, index) => listing === before[index])) return volumes;
    volumes = combine(
      podUid,
      plugins.map((plugin, index) => [plugin, listings[index] as Listing] as const),
    );
    return volumes;
  };
}

export interface PodAge {
  readonly seconds: () => number;
  /** Whether it is time to list the pod's volumes: whenever its age has doubled, every two minutes at least. */
  readonly isListingDue: () => boolean;
  /** To be told of every listing. */
  readonly listed: () => void;
}

/** The longest a volume that comes late is overlooked; the kubelet retries a failed mount no more often. */
const LONGEST_SECONDS = 120;

export function createPodAge(now: () => EpochSeconds): PodAge {
  let firstSeen = now();
  let latest = firstSeen;
  let nextListing = firstSeen;

  /** A clock that is set back makes a pod new again: better than one that is not listed for hours. */
  const current = (): EpochSeconds => {
    const time = now();
    if (time < latest) firstSeen = nextListing = time;
    latest = time;
    return time;
  };

  const seconds = (): number => current() - firstSeen;
  const listed = (): void => {
    nextListing = current() + Math.min(seconds(), LONGEST_SECONDS);
  };
  return { seconds, isListingDue: () => current() >= nextListing, listed };
}
