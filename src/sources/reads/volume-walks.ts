/**
 * Walks through a volume: its folder is opened, and then that of a generation. A sync of the kubelet opens only the
 * latter, its disk usage scan both.
 */
import type { Result } from '../../util/result.ts';
import type { Inotify } from './inotify.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';
import type { Errno } from './libc.ts';

/** A watched folder. */
export interface Inside {
  /** The watch of the volume's folder. */
  readonly volume: number;
  /** Name of the generation that it is in. */
  readonly generation: string;
}

export interface VolumeWalks {
  /** Watches the folder of a volume. Returns the number of the watch: the same one if it is watched already. */
  readonly watch: (path: string) => Result<number, Errno>;
  readonly add: (watch: number, inside: Inside) => void;
  readonly remove: (watch: number, inside: Inside) => void;
  /** Takes an event of a volume's folder. Returns the watches of the folders that a walk opens next. */
  readonly follow: (event: InotifyEvent) => readonly number[];
  /** A walk goes on in this drain or in the next one. */
  readonly endDrain: () => void;
}

const NONE: readonly number[] = [];

/** Takes one walk that has begun. Returns whether there was one. */
function take(walks: Map<number, number>, volume: number): boolean {
  const count = walks.get(volume) ?? 0;
  if (count > 0) walks.set(volume, count - 1);
  return count > 0;
}

export function createVolumeWalks(inotify: Inotify): VolumeWalks {
  /** By the watch of the volume's folder. */
  const volumes = new Map<number, Map<number, Inside>>();
  let begun = new Map<number, number>();
  let begunBefore = new Map<number, number>();

  const followOpen = (volume: number, name: string): readonly number[] => {
    const folders = volumes.get(volume);
    if (folders === undefined) return NONE;
    if (name === '') begun.set(volume, (begun.get(volume) ?? 0) + 1);
    else if (take(begunBefore, volume) || take(begun, volume))
      return [...folders].filter(([, inside]) => inside.generation === name).map(([watch]) => watch);
    return NONE;
  };

  return {
    watch: (path) => {
      const added = inotify.add(path, IN.open);
      if (added.ok && !volumes.has(added.value)) volumes.set(added.value, new Map());
      return added;
    },
    add: (watch, inside) => void volumes.get(inside.volume)?.set(watch, inside),
    remove: (watch, inside) => void volumes.get(inside.volume)?.delete(watch),
    follow: ({ watch, mask, name }) => {
      if ((mask & IN.ignored) !== 0) volumes.delete(watch);
      const isOpen = (mask & IN.open) !== 0 && (mask & IN.isDirectory) !== 0;
      return isOpen ? followOpen(watch, name) : NONE;
    },
    endDrain: () => {
      begunBefore = begun;
      begun = new Map();
    },
  };
}
