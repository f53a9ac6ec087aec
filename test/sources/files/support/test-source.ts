/**
 * A source of tokens whose refreshes a test triggers, and which records its callbacks.
 */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { ReadFailure } from '../../../../src/core/observation.ts';
import {
  createTokenFiles,
  type TokenFiles,
  type TokenFilesOptions,
} from '../../../../src/sources/files/token-files.ts';
import type { Rotation } from '../../../../src/sources/files/volume.ts';
import type { WatchFailure } from '../../../../src/sources/files/watch.ts';
import { lineOf, nextToken, type TestNode, type TestVolume } from './test-node.ts';

/** An observation with one line for each object. */
export interface Seen {
  readonly tokens: readonly string[];
  readonly unreadable: readonly string[];
}

export interface TestSource extends TokenFiles {
  readonly rotations: readonly Rotation[];
  readonly readFailures: ReadFailure[];
  /** A test may remove those it has seen. */
  readonly watchFailures: WatchFailure[];
  /** Resolves at the next nudge. Call it before the change that causes the nudge. */
  readonly nudge: () => Promise<unknown>;
  /** The clock of the source. It stands still, so that tests do not depend on how fast the machine is. */
  readonly now: () => number;
  /** Sets the clock forward or back. */
  readonly shiftClock: (seconds: number) => void;
  readonly seen: () => Seen;
  /** Scans, and returns what is seen then. */
  readonly scanned: () => Promise<Seen>;
  /** Makes a change, waits for its event, refreshes, and returns what is seen then. */
  readonly refreshedAfter: (change: () => void) => Promise<Seen>;
}

interface SourceOptions extends Pick<TokenFilesOptions, 'statRoot'> {
  readonly isWatching: boolean;
  /** Called in the middle of a refresh that finds a rotation. */
  readonly onRotation: () => void;
}

const nothing = (): void => undefined;

/** Token files without watches, whose callbacks do nothing. */
export function openTokenFiles(
  options: Pick<TokenFilesOptions, 'rootDir'> & Partial<Pick<TokenFilesOptions, 'now' | 'opens'>>,
): TokenFiles {
  return createTokenFiles({
    isWatching: false,
    now: () => Date.now() / 1_000,
    onNudge: nothing,
    onRotation: nothing,
    onReadFailure: nothing,
    onWatchFailure: nothing,
    ...options,
  });
}

export function createSource(
  rootDir: string,
  { isWatching = false, onRotation = () => undefined, ...options }: Partial<SourceOptions> = {},
): TestSource {
  const [rotations, readFailures, watchFailures]: [Rotation[], ReadFailure[], WatchFailure[]] = [[], [], []];
  const events = new EventEmitter();
  let time = Date.now() / 1_000;
  const now = (): number => time;
  const source = createTokenFiles({
    ...options,
    rootDir,
    isWatching,
    now,
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
  const refreshedAfter = async (change: () => void): Promise<Seen> => {
    const nudged = nudge();
    change();
    await nudged;
    await source.refresh();
    return seen();
  };
  return {
    ...source,
    rotations,
    readFailures,
    watchFailures,
    nudge,
    now,
    shiftClock: (seconds) => {
      time += seconds;
    },
    seen,
    scanned,
    refreshedAfter,
  };
}

/** Rotates the only token of a volume. */
export function rotate(volume: TestVolume, id: string): void {
  volume.write({ token: nextToken({ jti: id }), 'ca.crt': 'a certificate' });
}

/** What is seen of a node with only `settledVolume`, whose token has the id. */
export function seenAt(id: string): Seen {
  return { tokens: [`vault-token/token ${id}`], unreadable: [] };
}

/** Creates a volume whose pod is so old that only an event or a scan causes a refresh. */
export async function settledVolume(node: TestNode, source: TestSource): Promise<TestVolume> {
  const volume = node.volume();
  rotate(volume, 'first');
  await source.scan();
  source.shiftClock(3_600);
  await source.scan();
  assert.equal(source.isPending(), false);
  return volume;
}
