/**
 * Finds the volumes of one pod that may hold tokens.
 *
 * Only volumes whose content the kubelet alone writes are looked for; an emptyDir can hold a forged token. Knows
 * nothing of what is in a volume.
 */
import type { Unreadable } from '../core/observation.ts';
import type { VolumeKind } from '../core/token.ts';
import { type CachedFolder, createCachedFolder, type Entry } from './directory.ts';
import { type Failure, unreadableAt } from './failures.ts';
import { join, type Path } from './paths.ts';
import type { VolumePlace } from './volume.ts';

const PLUGINS: readonly { readonly name: string; readonly volumeKind: VolumeKind }[] = [
  { name: 'kubernetes.io~projected', volumeKind: 'projected' },
  { name: 'kubernetes.io~secret', volumeKind: 'secret' },
];

export interface PodVolumes {
  readonly places: readonly VolumePlace[];
  readonly unreadable: readonly Unreadable[];
}

export interface PodFolder {
  /** The pod's volumes as they are now; two system calls where nothing changed. `nowMs` is the wall clock. */
  readonly list: (nowMs: number) => PodVolumes;
}

interface Plugin {
  readonly folder: CachedFolder;
  readonly volumeKind: VolumeKind;
  /** Kept, so that a volume is the same object from pass to pass. */
  readonly places: Map<string, VolumePlace>;
}

/** Answers the volumes of a pod's folder, pass after pass. */
export function createPodFolder(podUid: string, pod: Path): PodFolder {
  const volumes = createCachedFolder(pod, 'volumes');
  const plugins = new Map<string, Plugin>();

  const unreadable = (failure: Failure, volume = ''): Unreadable => unreadableAt({ podUid, volume }, failure);

  const findPlugins = (nowMs: number): readonly Unreadable[] => {
    if (plugins.size === PLUGINS.length) return [];
    const listing = volumes.list(nowMs);
    if (!listing.ok) return listing.reason === 'vanished' ? [] : [unreadable(listing)];
    for (const { name, volumeKind } of PLUGINS) {
      const isThere = listing.entries.some((entry) => entry.name === name);
      if (!isThere) plugins.delete(name);
      else if (!plugins.has(name)) {
        plugins.set(name, { folder: createCachedFolder(volumes.path, name), volumeKind, places: new Map() });
      }
    }
    return [];
  };

  const placeOf = ({ folder, volumeKind, places }: Plugin, entry: Entry): VolumePlace => {
    const known = places.get(entry.name);
    if (known !== undefined) return known;
    const path = join(folder.path, entry.raw);
    const made = { podUid, volume: entry.name, volumeKind, folder: path, link: join(path, '..data') };
    places.set(entry.name, made);
    return made;
  };

  const listPlugin = (name: string, plugin: Plugin, nowMs: number): PodVolumes => {
    const listing = plugin.folder.list(nowMs);
    if (!listing.ok) {
      plugins.delete(name);
      return { places: [], unreadable: listing.reason === 'vanished' ? [] : [unreadable(listing)] };
    }
    const folders = listing.entries.filter(({ kind }) => kind === 'directory');
    const places = folders.map((entry) => placeOf(plugin, entry));
    if (plugin.places.size > places.length) forgetOthers(plugin, places);
    return {
      places,
      unreadable: listing.entries
        .filter(({ kind }) => kind !== 'directory')
        .map((entry) => unreadable({ reason: 'not_a_directory', detail: 'not a folder' }, entry.name)),
    };
  };

  const list = (nowMs: number): PodVolumes => {
    const failed = findPlugins(nowMs);
    const listed = PLUGINS.flatMap(({ name }) => {
      const plugin = plugins.get(name);
      return plugin === undefined ? [] : [listPlugin(name, plugin, nowMs)];
    });
    return withoutDoubles({
      places: listed.flatMap(({ places }) => places),
      unreadable: [...failed, ...listed.flatMap((plugin) => plugin.unreadable)],
    });
  };
  return { list };
}

function forgetOthers(plugin: Plugin, places: readonly VolumePlace[]): void {
  plugin.places.clear();
  for (const place of places) plugin.places.set(place.volume, place);
}

/** A pod's volumes have different names; where a leftover breaks that, the series of two would collide. */
function withoutDoubles({ places, unreadable }: PodVolumes): PodVolumes {
  const names = new Set(places.map(({ volume }) => volume));
  if (names.size === places.length) return { places, unreadable };
  const [first, second]: [VolumePlace[], VolumePlace[]] = [[], []];
  for (const place of places) (names.delete(place.volume) ? first : second).push(place);
  const doubles = second.map(({ podUid, volume, volumeKind }): Unreadable => {
    return unreadableAt(
      { podUid, volume },
      { reason: 'same_name', detail: `a ${volumeKind} volume has the name of another` },
    );
  });
  return { places: first, unreadable: [...unreadable, ...doubles] };
}
