/**
 * The volumes of one pod, and what its limits leave out of them.
 */
import type { Unreadable } from '../../core/observation.ts';
import type { VolumeLocation } from './content.ts';
import { type Failure, unreadable } from './failures.ts';
import { type NamedInPod, NO_PATHS } from './named-paths.ts';
import { addUsage, isCut, NO_USAGE, POD_LIMITS, type Scope } from './pods/pod-limits.ts';
import type { Steps } from './slices.ts';
import {
  createVolume,
  isMounted,
  isUnchanged,
  refreshVolume,
  type Volume,
  type VolumeOptions,
} from './volume.ts';

export interface VolumeSet {
  /** Sets where the volumes are, and reads the new ones. */
  readonly sync: (locations: readonly VolumeLocation[]) => Steps<void>;
  /** Whether all are as the last refresh left them, and need none. Costs one system call for each. */
  readonly isUnchanged: () => boolean;
  /** Refreshes all of them. Returns whether all are mounted. */
  readonly refresh: () => Steps<boolean>;
  /** Sets what the pod's spec names. Returns whether a refresh may find more. */
  readonly setNamed: (named: NonNullable<NamedInPod>) => boolean;
  readonly all: () => readonly Volume[];
  /** What the limits leave out. An entry for a volume says that the spec names what is missing. */
  readonly leftOut: () => readonly Unreadable[];
  readonly close: () => void;
}

interface VolumeSetOptions extends Omit<VolumeOptions, 'scopeOf'> {
  readonly podUid: string;
}

/** More than any pod in use has. */
export const MAX_VOLUMES = 256;
const LIMIT: Failure = {
  reason: 'limit',
  detail: `the pod has more than ${POD_LIMITS.unnamed.objects} tokens that its spec does not name, more than ${POD_LIMITS.named.objects} that it names, more than ${MAX_VOLUMES} volumes, or very long claims; the rest is not read`,
};

type Volumes = Map<string, Volume>;

/** The name is unique in the pod, but the volume of another kind under the same name is another volume. */
function keyOf({ volumeKind, volume }: VolumeLocation): string {
  return `${volumeKind}/${volume}`;
}

function removeOthers(
  volumes: Volumes,
  keys: ReadonlySet<string>,
  { watches }: Pick<VolumeOptions, 'watches'>,
): void {
  for (const [key, { watch }] of volumes) {
    if (keys.has(key)) continue;
    watches.close(watch);
    volumes.delete(key);
  }
}

/** Makes `volumes` those at `locations`, and reads the new ones. */
function* syncVolumes(
  volumes: Volumes,
  locations: readonly VolumeLocation[],
  options: VolumeOptions,
): Steps<void> {
  removeOthers(volumes, new Set(locations.map(keyOf)), options);
  for (const location of locations) {
    const key = keyOf(location);
    if (volumes.has(key)) continue;
    const volume = createVolume(location, options);
    volumes.set(key, volume);
    yield* refreshVolume(volume, options);
  }
}

/** The paths that the spec names in the volume, and what the other volumes of the pod take of its limits. */
function scopeIn(volumes: Volumes, volume: Volume, named: NamedInPod): Scope {
  const others = [...volumes.values()].filter((one) => one !== volume);
  return {
    named: named && (named.get(volume.location.volume) ?? NO_PATHS),
    used: others.reduce((used, { limits }) => addUsage(used, limits.usage), NO_USAGE),
  };
}

/** Those that hold what the spec names come first. */
function limitLocations(locations: readonly VolumeLocation[], named: NamedInPod): readonly VolumeLocation[] {
  if (locations.length <= MAX_VOLUMES) return locations;
  const rankOf = ({ volume }: VolumeLocation): number => (named?.has(volume) === true ? 0 : 1);
  return locations.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, MAX_VOLUMES);
}

function areUnchanged(volumes: Volumes, { watches }: Pick<VolumeOptions, 'watches'>): boolean {
  for (const volume of volumes.values()) if (!isUnchanged(volume, watches)) return false;
  return true;
}

function listLeftOut(podUid: string, volumes: Volumes, isOverfull: boolean): readonly Unreadable[] {
  const cut = [...volumes.values()].filter(({ limits }) => isCut(limits));
  if (cut.length === 0 && !isOverfull) return [];
  const named = cut.filter(({ limits }) => limits.leftOut.named !== undefined);
  return [
    unreadable({ podUid }, LIMIT),
    ...named.map(({ location: { volume } }) => unreadable({ podUid, volume }, LIMIT)),
  ];
}

export function createVolumeSet(options: VolumeSetOptions): VolumeSet {
  const { podUid } = options;
  const volumes: Volumes = new Map();
  let locations: readonly VolumeLocation[] = [];
  let named: NamedInPod;
  const volumeOptions = { ...options, scopeOf: (volume: Volume) => scopeIn(volumes, volume, named) };
  const isOverfull = (): boolean => locations.length > MAX_VOLUMES;

  function* sync(next: readonly VolumeLocation[]): Steps<void> {
    locations = next;
    yield* syncVolumes(volumes, limitLocations(locations, named), volumeOptions);
  }

  function* refresh(): Steps<boolean> {
    if (isOverfull()) yield* sync(locations);
    let areMounted = true;
    for (const volume of volumes.values()) {
      areMounted = (yield* refreshVolume(volume, volumeOptions)) && areMounted;
    }
    return areMounted;
  }

  return {
    sync,
    isUnchanged: () => !isOverfull() && areUnchanged(volumes, options),
    refresh,
    setNamed: (next) => {
      named = next;
      return isOverfull() || [...volumes.values()].some(({ limits }) => isCut(limits) || limits.areOthersCut);
    },
    all: () => [...volumes.values()],
    leftOut: () => listLeftOut(podUid, volumes, isOverfull()),
    close: () => removeOthers(volumes, new Set(), options),
  };
}

export function lacksVolumes(volumes: VolumeSet): boolean {
  const all = volumes.all();
  return all.length === 0 || all.some((volume) => !isMounted(volume));
}
