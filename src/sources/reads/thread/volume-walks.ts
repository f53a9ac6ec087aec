/**
 * Walks through a volume: its folder is opened, and then that of a generation. A sync of the kubelet opens only the
 * latter, its disk usage scan both.
 */
import { err, type Result } from '../../../util/result.ts';
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
  readonly watch: (path: string) => Result<number, Errno | 'busy'>;
  /** Whether a walk through the volume would be seen. */
  readonly isWatched: (volume: number) => boolean;
  /** The volume is not wanted any longer. */
  readonly forget: (path: string) => void;
  readonly add: (watch: number, inside: Inside) => void;
  readonly remove: (watch: number, inside: Inside) => void;
  /** The watch of the volume's folder was removed, and has no further events. */
  readonly end: (volume: number) => void;
  /** The watches of the folders in a volume. */
  readonly insideOf: (volume: number) => Iterable<number>;
  /** Takes an event of a volume's folder. Returns the watches of the folders that a walk opens next. */
  readonly follow: (event: InotifyEvent) => readonly number[];
  /**
   * A walk goes on in this second or in the next one. Returns the watches of the folders in which walks are no longer
   * seen, because their volume was opened too often.
   */
  readonly endDrain: (nowMs: number) => readonly number[];
}

interface Volume {
  readonly path: string;
  readonly inside: Map<number, Inside>;
  /** Number of opens in this drain. */
  opens: number;
}

const NONE: readonly number[] = [];
/** After a swap, a drain may take only 10 ms. */
const WALK_MS = 900;
/** More opens in one drain than walks would cause: it is opened all the time, which may fill the queue. */
const MAX_OPENS = 1_024;

interface State {
  readonly inotify: Inotify;
  /** By the watch of the volume's folder. */
  readonly volumes: Map<number, Volume>;
  /** The volumes with opens in this drain. */
  readonly opened: Set<number>;
  /** Paths of those that are opened too often. */
  readonly busy: Set<string>;
  begun: Map<number, number>;
  begunBefore: Map<number, number>;
  begunMs: number;
}

/** Takes one walk that has begun. Returns whether there was one. */
function take(walks: Map<number, number>, volume: number): boolean {
  const count = walks.get(volume) ?? 0;
  if (count > 0) walks.set(volume, count - 1);
  return count > 0;
}

function followOpen(state: State, watch: number, name: string): readonly number[] {
  const { volumes, opened, begun, begunBefore } = state;
  const volume = volumes.get(watch);
  if (volume === undefined) return NONE;
  volume.opens += 1;
  opened.add(watch);
  if (name === '') begun.set(watch, (begun.get(watch) ?? 0) + 1);
  else if (take(begunBefore, watch) || take(begun, watch))
    return [...volume.inside].filter(([, { generation }]) => generation === name).map(([inside]) => inside);
  return NONE;
}

function giveUp({ inotify, volumes, busy }: State, watch: number, { path, inside }: Volume) {
  busy.add(path);
  volumes.delete(watch);
  inotify.remove(watch);
  return [...inside.keys()];
}

/** Returns the watches of the folders in volumes that are no longer watched. */
function giveUpBusy(state: State): readonly number[] {
  const blind: number[] = [];
  for (const watch of state.opened) {
    const volume = state.volumes.get(watch);
    if (volume === undefined) continue;
    if (volume.opens > MAX_OPENS) blind.push(...giveUp(state, watch, volume));
    volume.opens = 0;
  }
  state.opened.clear();
  return blind;
}

function endDrain(state: State, nowMs: number): readonly number[] {
  if (nowMs - state.begunMs >= WALK_MS) {
    state.begunBefore = state.begun;
    state.begun = new Map();
    state.begunMs = nowMs;
  }
  return state.opened.size === 0 ? NONE : giveUpBusy(state);
}

function watchVolume({ inotify, volumes, busy }: State, path: string): Result<number, Errno | 'busy'> {
  if (busy.has(path)) return err('busy');
  // The swap is in the same queue as the events of the folders, which shows those that came before it.
  const added = inotify.add(path, IN.open | IN.movedTo);
  if (added.ok && !volumes.has(added.value)) volumes.set(added.value, { path, inside: new Map(), opens: 0 });
  return added;
}

export function createVolumeWalks(inotify: Inotify): VolumeWalks {
  const state: State = {
    inotify,
    volumes: new Map(),
    opened: new Set(),
    busy: new Set(),
    begun: new Map(),
    begunBefore: new Map(),
    begunMs: Number.NEGATIVE_INFINITY,
  };
  const { volumes, busy } = state;
  return {
    watch: (path) => watchVolume(state, path),
    isWatched: (volume) => volumes.has(volume),
    forget: (path) => void busy.delete(path),
    add: (watch, inside) => void volumes.get(inside.volume)?.inside.set(watch, inside),
    remove: (watch, inside) => void volumes.get(inside.volume)?.inside.delete(watch),
    end: (volume) => void volumes.delete(volume),
    insideOf: (volume) => volumes.get(volume)?.inside.keys() ?? NONE,
    follow: ({ watch, mask, name }) => {
      if ((mask & IN.ignored) !== 0) volumes.delete(watch);
      const isOpen = (mask & IN.open) !== 0 && (mask & IN.isDirectory) !== 0;
      return isOpen ? followOpen(state, watch, name) : NONE;
    },
    endDrain: (nowMs) => endDrain(state, nowMs),
  };
}
