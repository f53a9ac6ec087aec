/**
 * The source of tokens: every token file under the kubelet's folder, looked at again and again.
 *
 * `scan` looks at everything, `look` at what events or a pod's youth give reason to. Both read what is there;
 * neither trusts an event. Knows nothing of verdicts, metrics or the API server.
 */
import { setImmediate } from 'node:timers/promises';
import type { Observation, ReadFailure } from '../../core/observation.ts';
import type { EpochSeconds, Token } from '../../core/token.ts';
import { createPods, type Pods } from './pods.ts';
import type { Rotation } from './volume.ts';
import { createWatches, type WatchFailure } from './watch.ts';

export interface TokenFilesOptions {
  /** The kubelet's root folder, the one that holds `pods`. */
  readonly rootDir: string;
  readonly isWatching: boolean;
  /** The wall clock: compared with times of the file system. */
  readonly now: () => EpochSeconds;
  /** Looking again is worth it now. */
  readonly onNudge: () => void;
  readonly onRotation: (rotation: Rotation) => void;
  readonly onReadFailure: (reason: ReadFailure) => void;
  readonly onWatchFailure: (reason: WatchFailure) => void;
}

export interface TokenFiles {
  /** Looks at the whole node; lets others run every few milliseconds. Returns whether the pods could be listed. */
  readonly scan: () => Promise<boolean>;
  /** Looks at what was nudged and at what is still coming up. */
  readonly look: () => void;
  /** Whether anything is still coming up, so that a `look` soon may find more. */
  readonly isPending: () => boolean;
  readonly observe: () => Observation;
  readonly close: () => void;
}

/** How long the event loop may be held by a scan. */
const SLICE_MS = 5;
async function lookAtAll(pods: Pods): Promise<void> {
  let sliceFrom = performance.now();
  for (const pod of pods.all()) {
    pod.look();
    if (performance.now() - sliceFrom < SLICE_MS) continue;
    await setImmediate();
    sliceFrom = performance.now();
  }
}

export function createTokenFiles(options: TokenFilesOptions): TokenFiles {
  const { now } = options;
  const watches = createWatches({ isEnabled: options.isWatching, onFailure: options.onWatchFailure });
  const pods = createPods({ ...options, watches });
  let tokens: readonly Token[] = [];
  let scannedAt: EpochSeconds | undefined;
  let scanSeconds: number | undefined;

  const scan = async (): Promise<boolean> => {
    const startedAt = performance.now();
    watches.retry();
    const isListed = pods.find();
    await lookAtAll(pods);
    if (isListed) {
      scannedAt = now();
      scanSeconds = (performance.now() - startedAt) / 1_000;
    }
    await watches.settle();
    return isListed;
  };

  const look = (): void => {
    if (pods.isNudged()) pods.find();
    for (const pod of pods.all()) if (pod.isNudged() || pod.isComingUp()) pod.look();
  };

  /** The same list while its tokens are the same: what was made of it stays good. */
  const listTokens = (): readonly Token[] => {
    const found = pods.all().flatMap((pod) => pod.tokens());
    const isSame = found.length === tokens.length && found.every((token, index) => token === tokens[index]);
    if (!isSame) tokens = found;
    return tokens;
  };

  const observe = (): Observation => ({
    tokens: listTokens(),
    unreadable: [...pods.unreadable(), ...pods.all().flatMap((pod) => pod.unreadable())],
    scannedAt,
    scanSeconds,
    watches: watches.count(),
  });

  const isPending = (): boolean => pods.all().some((pod) => pod.isComingUp());
  return { scan, look, isPending, observe, close: pods.close };
}
