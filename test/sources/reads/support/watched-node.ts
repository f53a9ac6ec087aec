/**
 * A node whose volumes are watched with real inotify, step by step and in this thread.
 */
import { closeSync, mkdtempSync, openSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Command,
  type Drained,
  type Loss,
  SHARED_WORDS,
  type Started,
  type Target,
} from '../../../../src/sources/reads/protocol.ts';
import { createFolderWatches } from '../../../../src/sources/reads/thread/folder-watches.ts';
import { openInotify } from '../../../../src/sources/reads/thread/inotify.ts';
import { loadLibc } from '../../../../src/sources/reads/thread/libc.ts';
import { createVolumeWatches } from '../../../../src/sources/reads/thread/volume-watches.ts';
import type { TestVolume } from '../../files/support/test-node.ts';

export interface Step {
  readonly started: readonly Started[];
  readonly drained: readonly Drained[];
  readonly losses: readonly Loss[];
}

export interface WatchedNode {
  readonly watch: (volume: TestVolume, holders?: readonly string[]) => Target;
  readonly unwatch: (target: Target) => void;
  readonly obey: (command: Command) => void;
  /** Follows the swaps. */
  readonly follow: () => void;
  /** Follows the swaps, then drains. */
  readonly step: () => Step;
  readonly verify: () => void;
  /** Moves the monotonic clock. */
  readonly pass: (ms: number) => void;
  readonly shared: Int32Array<SharedArrayBuffer>;
  /** The folder of the program, which commands open while they visit volumes. */
  readonly program: string;
  /** Number of watched volumes and folders. */
  readonly counts: () => readonly [volumes: number, folders: number];
  readonly close: () => void;
}

function opened() {
  const inotify = openInotify(loadLibc());
  if (!inotify.ok) throw new Error(inotify.error);
  return inotify.value;
}

/** `shared`: the words that the thread would share with the source. */
export function createWatchedNode(
  shared = new Int32Array(new SharedArrayBuffer(4 * SHARED_WORDS)),
): WatchedNode {
  const [swaps, opens] = [opened(), opened()];
  // One of its own: commands of other tests must not be seen.
  const program = mkdtempSync(join(tmpdir(), 'program-'));
  let passedMs = 0;
  const monotonicMs = () => performance.now() + passedMs;
  const folders = createFolderWatches({ inotify: opens, libc: loadLibc(), program, monotonicMs });
  const volumes = createVolumeWatches({ swaps, folders, shared, now: Date.now, monotonicMs });
  let targets = 0;
  return {
    watch: (volume, holders = ['']) => {
      targets += 1;
      const target = { id: targets, folder: volume.location.directory, holders };
      volumes.watch(target);
      return target;
    },
    unwatch: ({ id }) => volumes.unwatch(id),
    obey: (command) => {
      if (command.kind === 'watch') volumes.watch(command.target);
      else volumes.unwatch(command.id);
    },
    follow: volumes.followSwaps,
    step: () => {
      volumes.followSwaps();
      const { drained, hasOverflowed } = folders.drain();
      const { started, losses } = volumes.takeNews();
      return { started, drained, losses: hasOverflowed ? [...losses, 'overflow'] : losses };
    },
    verify: volumes.verify,
    pass: (ms) => {
      passedMs += ms;
    },
    shared,
    program,
    counts: () => [volumes.count(), folders.count()],
    close: () => {
      swaps.close();
      opens.close();
      rmdirSync(program);
    },
  };
}

/** Opens and closes a file of the volume, as an application does. */
export function open({ location }: TestVolume, path: string): void {
  closeSync(openSync(join(location.directory, path), 'r'));
}
