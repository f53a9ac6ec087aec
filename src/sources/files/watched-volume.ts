/**
 * One volume, looked at again and again, and watched as long as it is mounted.
 *
 * The watch sits on the volume's FOLDER and acts on the name `..data`: one on the token goes silent at the first
 * rotation. Knows nothing of the pod it belongs to.
 */
import type { ReadFailure } from '../../core/observation.ts';
import type { VolumePlace } from './pod-volumes.ts';
import { createVolumeState, lookAtVolume, type Rotation, type VolumeState } from './volume-state.ts';
import { createWatch, type Watch, type Watches } from './watch.ts';

export interface VolumeOptions {
  readonly watches: Watches;
  readonly onNudge: () => void;
  readonly onRotation: (rotation: Rotation) => void;
  readonly onReadFailure: (reason: ReadFailure) => void;
}

export interface WatchedVolume {
  readonly state: VolumeState;
  readonly watch: Watch;
}

export function isMounted({ state }: WatchedVolume): boolean {
  return state.generation !== undefined;
}

export function createWatchedVolume(place: VolumePlace, options: VolumeOptions): WatchedVolume {
  const watch = createWatch({
    folder: place.folder,
    name: '..data',
    onChange: options.onNudge,
    onDeaf: () => void lookAt(volume, options),
  });
  const volume = { state: createVolumeState(place), watch };
  return volume;
}

/** Laid before the mount, a watch would sit on the covered folder, blind for ever: so only on what is mounted. */
function layWatch(volume: WatchedVolume, { watches, onRotation }: VolumeOptions): void {
  if (!watches.open(volume.watch)) return;
  lookAtVolume(volume.state, onRotation);
  if (!isMounted(volume)) watches.close(volume.watch);
}

/** Reads what is there now; answers whether the volume is mounted. */
export function lookAt(volume: WatchedVolume, options: VolumeOptions): boolean {
  const { state, watch } = volume;
  const { watches, onRotation, onReadFailure } = options;
  watches.looked(watch, lookAtVolume(state, onRotation));
  if (isMounted(volume)) layWatch(volume, options);
  else watches.close(watch);
  for (const { reason } of state.unreadable) onReadFailure(reason);
  return isMounted(volume);
}
