/**
 * A source of tokens that remembers what it was told, for tests that say when it looks.
 */
import { EventEmitter, once } from 'node:events';
import type { ReadFailure, Unreadable } from '../../src/core/observation.ts';
import { createTokenFiles, type TokenFiles } from '../../src/sources/files/token-files.ts';
import type { Rotation } from '../../src/sources/files/volume.ts';
import type { WatchFailure } from '../../src/sources/files/watch.ts';

/** What an observation says, a line for each object. */
export interface Seen {
  readonly tokens: readonly string[];
  readonly unreadable: readonly string[];
}

export interface TestSource extends TokenFiles {
  readonly rotations: readonly Rotation[];
  readonly readFailures: readonly ReadFailure[];
  /** To be emptied by whoever has seen them. */
  readonly watchFailures: WatchFailure[];
  /** Resolves at the next nudge: to be called before what causes it. */
  readonly nudge: () => Promise<unknown>;
  /** Sets the clock forward, or back. */
  readonly shiftClock: (seconds: number) => void;
  readonly seen: () => Seen;
  /** Scans, and says what it sees then. */
  readonly scanned: () => Promise<Seen>;
  /** Waits for the event that `change` causes, looks as the loop would, and says what it sees then. */
  readonly lookedAfter: (change: () => void) => Promise<Seen>;
}

export function lineOf({ podUid, volume, path, reason }: Unreadable): string {
  return `${[podUid, volume, path].filter((part) => part !== '').join('/')}: ${reason}`;
}

interface SourceOptions {
  readonly isWatching: boolean;
  /** Called in the middle of the look that finds a rotation. */
  readonly onRotation: () => void;
}

/** A source that remembers what it was told. It does nothing by itself: tests say when to look. */
export function createSource(
  rootDir: string,
  { isWatching = false, onRotation = () => undefined }: Partial<SourceOptions> = {},
): TestSource {
  const [rotations, readFailures, watchFailures]: [Rotation[], ReadFailure[], WatchFailure[]] = [[], [], []];
  const events = new EventEmitter();
  let shift = 0;
  const source = createTokenFiles({
    rootDir,
    isWatching,
    now: () => Date.now() / 1_000 + shift,
    onNudge: () => events.emit('nudge'),
    onRotation: (rotation) => {
      rotations.push(rotation);
      onRotation();
    },
    onReadFailure: (reason) => readFailures.push(reason),
    onWatchFailure: (reason) => watchFailures.push(reason),
  });
  const seen = (): Seen => {
    const { tokens, unreadable } = source.observe();
    return {
      tokens: tokens.map(({ identity, claims }) => `${identity.volume}/${identity.path} ${claims.id}`).sort(),
      unreadable: unreadable.map(lineOf).sort(),
    };
  };
  const nudge = () => once(events, 'nudge');
  const scanned = async (): Promise<Seen> => {
    await source.scan();
    return seen();
  };
  const lookedAfter = async (change: () => void): Promise<Seen> => {
    const nudged = nudge();
    change();
    await nudged;
    source.look();
    return seen();
  };
  return {
    ...source,
    rotations,
    readFailures,
    watchFailures,
    nudge,
    shiftClock: (seconds) => {
      shift += seconds;
    },
    seen,
    scanned,
    lookedAfter,
  };
}
