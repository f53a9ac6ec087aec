/**
 * The source of tokens: every token file in the kubelet's pod directories.
 *
 * `scan` reads the whole node, `refresh` only the pods that got an event or are pending. Both read what is on disk and
 * never trust an event.
 */
import { setImmediate } from 'node:timers/promises';
import type { Observation, ReadFailure, Unreadable } from '../../core/observation.ts';
import type { EpochSeconds, Token } from '../../core/token/token.ts';
import { sameItems, stable } from '../../util/stable.ts';
import { createPods, type Pods } from './pods.ts';
import type { Rotation } from './volume.ts';
import { createWatches, type WatchFailure } from './watch.ts';

export interface TokenFilesOptions {
  /** The kubelet's root directory, which contains `pods`. */
  readonly rootDir: string;
  readonly isWatching: boolean;
  /** The wall clock: compared with times of the file system. */
  readonly now: () => EpochSeconds;
  /** An event came: a refresh is due. */
  readonly onNudge: () => void;
  readonly onRotation: (rotation: Rotation) => void;
  readonly onReadFailure: (reason: ReadFailure) => void;
  readonly onWatchFailure: (reason: WatchFailure) => void;
}

export interface TokenFiles {
  /** Reads the whole node. Yields to the event loop every few milliseconds. Returns whether the pods could be listed. */
  readonly scan: () => Promise<boolean>;
  /** Reads the pods that got an event or are pending. */
  readonly refresh: () => void;
  /** Whether any pod is so new that a refresh soon may find more. */
  readonly isPending: () => boolean;
  readonly observe: () => Observation;
  readonly close: () => void;
}

/** The longest that a scan blocks the event loop. */
const MAX_SLICE_MS = 5;

async function refreshAll(pods: Pods): Promise<void> {
  let sliceStart = performance.now();
  for (const pod of pods.all()) {
    pod.refresh();
    if (performance.now() - sliceStart < MAX_SLICE_MS) continue;
    await setImmediate();
    sliceStart = performance.now();
  }
}

export function createTokenFiles(options: TokenFilesOptions): TokenFiles {
  const { now } = options;
  const watches = createWatches({ isEnabled: options.isWatching, onFailure: options.onWatchFailure });
  const pods = createPods({ ...options, watches });
  /** The same list while its tokens are the same, so that data cached by it stays valid. */
  const stableTokens = stable<readonly Token[]>(sameItems);
  const stableOthers = stable<readonly Unreadable[]>(sameItems);
  let scannedAt: EpochSeconds | undefined;
  let scanSeconds: number | undefined;

  const scan = async (): Promise<boolean> => {
    const startedAt = performance.now();
    watches.retry();
    const isListed = pods.list();
    await refreshAll(pods);
    if (isListed) {
      scannedAt = now();
      scanSeconds = (performance.now() - startedAt) / 1_000;
    }
    await watches.closeStale();
    return isListed;
  };

  const refresh = (): void => {
    if (pods.isNudged()) pods.list();
    for (const pod of pods.all()) if (pod.isNudged() || pod.isPending()) pod.refresh();
  };

  const observe = (): Observation => ({
    tokens: stableTokens(pods.all().flatMap((pod) => pod.tokens())),
    unreadable: [...pods.unreadable(), ...pods.all().flatMap((pod) => pod.unreadable())],
    others: stableOthers(pods.all().flatMap((pod) => pod.others())),
    scannedAt,
    scanSeconds,
    watches: watches.count(),
  });

  const isPending = (): boolean => pods.all().some((pod) => pod.isPending());
  return { scan, refresh, isPending, observe, close: pods.close };
}
