/**
 * One pod's folder: its volumes, found again and again, and looked at.
 *
 * Knows nothing of other pods or of what is in a volume.
 */
import type { Unreadable } from '../../core/observation.ts';
import type { EpochSeconds, Token } from '../../core/token.ts';
import type { Path } from './paths.ts';
import { createPodAge } from './pod-age.ts';
import { createPodVolumes, NO_VOLUMES, type PodVolumes, type VolumePlace } from './pod-volumes.ts';
import {
  createWatchedVolume,
  isMounted,
  lookAt,
  type VolumeOptions,
  type WatchedVolume,
} from './watched-volume.ts';

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
function adopt(volumes: Volumes, places: readonly VolumePlace[], options: VolumeOptions): void {
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

export function createPod(options: PodOptions): Pod {
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
    if (found !== before) adopt(volumes, found.places, volumeOptions);
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
