/**
 * The source of tokens: every token file in the kubelet's pod directories.
 *
 * `scan` reads the whole node, `refresh` only the pods that got an event or are pending. Both read what is on disk and
 * never trust an event.
 */
import type { Observation, ReadFailure, Unreadable } from '../../core/observation.ts';
import type { EpochSeconds, Token } from '../../core/token/token.ts';
import { sameItems, stable } from '../../util/stable.ts';
import { createMountPoints, type MountPointsOptions } from './mounts/mount-points.ts';
import type { Pod, PodContent } from './pods/pod.ts';
import { createPods, type Pods } from './pods/pods.ts';
import type { OpenListener } from './pods/pods-root.ts';
import { isSliceOver, runInSlices, type Steps } from './slices.ts';
import type { Rotation } from './volume.ts';
import { createWatches, type WatchFailure } from './watch.ts';

export interface TokenFilesOptions extends Pick<MountPointsOptions, 'statRoot'> {
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
  /** Callbacks for the source's own opens of files. Default: none. */
  readonly opens?: OpenListener | undefined;
}

export interface TokenFiles {
  /** Reads the whole node. Yields to the event loop every few milliseconds. Returns whether the pods could be listed. */
  readonly scan: () => Promise<boolean>;
  /** Reads the pods that got an event or are pending, and yields like `scan`. */
  readonly refresh: () => Promise<void>;
  /** Whether any pod is so new that a refresh soon may find more. */
  readonly isPending: () => boolean;
  readonly observe: () => Observation;
  readonly setSpecs: Pods['setSpecs'];
  readonly close: () => void;
}

function* refreshAll(pods: readonly Pod[]): Steps<void> {
  for (const pod of pods) {
    const rest = pod.refresh();
    if (rest !== undefined) yield* rest;
    if (isSliceOver()) yield;
  }
}

export function createTokenFiles(options: TokenFilesOptions): TokenFiles {
  const { now } = options;
  const watches = createWatches({ isEnabled: options.isWatching, onFailure: options.onWatchFailure });
  const mountPoints = createMountPoints(options);
  const pods = createPods({ ...options, watches, mountPoints });
  /** The same list while its tokens are the same, so that data cached by it stays valid. */
  const stableTokens = stable<readonly Token[]>(sameItems);
  const stableOthers = stable<readonly Unreadable[]>(sameItems);
  let scannedAt: EpochSeconds | undefined;
  let scanSeconds: number | undefined;

  const refresh = async (): Promise<void> => {
    if (pods.isNudged()) pods.list();
    await runInSlices(refreshAll(pods.all().filter((pod) => pod.isNudged() || pod.isPending())));
  };

  const scan = async (): Promise<boolean> => {
    const startedAt = performance.now();
    watches.retry();
    mountPoints.startScan();
    const isListed = pods.list();
    await runInSlices(refreshAll(pods.all()));
    mountPoints.endScan();
    if (isListed) {
      scannedAt = now();
      scanSeconds = (performance.now() - startedAt) / 1_000;
    }
    if (await watches.closeStale()) await refresh();
    return isListed;
  };

  const observe = (): Observation => {
    const found: PodContent = { tokens: [], unreadable: [...pods.unreadable()], others: [] };
    for (const pod of pods.all()) pod.addTo(found);
    return {
      tokens: stableTokens(found.tokens),
      unreadable: found.unreadable,
      others: stableOthers(found.others),
      scannedAt,
      scanSeconds,
      watches: watches.count(),
    };
  };

  const isPending = (): boolean => pods.all().some((pod) => pod.isPending());
  return { scan, refresh, isPending, observe, setSpecs: pods.setSpecs, close: pods.close };
}
