/**
 * The source of tokens: every token file under the kubelet's folder, looked at again and again.
 *
 * `scan` looks at everything, `look` at what events or a volume's youth give reason to. Both read what is there;
 * neither trusts an event. Knows nothing of verdicts, metrics or the API server.
 */
import { setImmediate } from 'node:timers/promises';
import type { Observation, ReadFailure } from '../core/observation.ts';
import type { EpochSeconds } from '../core/token.ts';
import { listFolder } from './directory.ts';
import { type Failure, unreadableAt } from './failures.ts';
import { join } from './paths.ts';
import { createPodFolder, type PodFolder, type PodVolumes } from './pod-volumes.ts';
import type { VolumePlace } from './volume.ts';
import { createVolumeState, type Rotation, type VolumeState } from './volume-state.ts';
import { createWatches, type WatchFailure } from './watch.ts';

export interface TokenFilesOptions {
  /** The kubelet's root folder, the one that holds `pods`. */
  readonly rootDir: string;
  readonly isWatching: boolean;
  readonly now: () => EpochSeconds;
  /** Looking again is worth it now. */
  readonly onNudge: () => void;
  readonly onRotation: (rotation: Rotation) => void;
  readonly onReadFailure: (reason: ReadFailure) => void;
  readonly onWatchFailure: (reason: WatchFailure) => void;
}

export interface TokenFiles {
  /** Looks at the whole node; lets others run every few milliseconds. */
  readonly scan: () => Promise<void>;
  /** Looks at what was nudged and at what is still coming up. */
  readonly look: () => void;
  /** Whether anything is still coming up, so that a `look` soon may find more. */
  readonly isPending: () => boolean;
  readonly observe: () => Observation;
  readonly close: () => void;
}

interface Pod {
  readonly folder: PodFolder;
  readonly firstSeen: EpochSeconds;
  volumes: PodVolumes;
}

interface Volume {
  readonly state: VolumeState;
  /** A change was found that no event had announced. */
  isUnannounced: boolean;
}

/** Volumes of a pod appear over its first seconds, or minutes where one fails to mount at first. */
const YOUTH_SECONDS = 120;
/** A pod this new may get another volume at any moment, even where those it has are mounted. */
const NEW_SECONDS = 5;
/** How long the event loop may be held by a scan. */
const SLICE_MS = 5;
/** The key of the watch on the folder of all pods; volumes are the keys of the others. */
const PODS = 'pods';

export function createTokenFiles(options: TokenFilesOptions): TokenFiles {
  const podsFolder = join(options.rootDir, 'pods');
  const pods = new Map<string, Pod>();
  const volumes = new Map<VolumePlace, Volume>();
  const nudged = new Set<VolumePlace>();
  let arePodsNudged = false;
  let rootFailure: Failure | undefined;
  let scannedAt: EpochSeconds | undefined;
  let scanSeconds: number | undefined;

  const onChange = (key: VolumePlace | typeof PODS, name: string): void => {
    if (key === PODS) arePodsNudged = true;
    else if (name === '..data') nudged.add(key);
    else if (key.folder.toString().endsWith(`/${name}`)) {
      // The folder itself went away or was mounted over: this watch will never speak again.
      watches.forget(key);
      nudged.add(key);
    } else return;
    options.onNudge();
  };
  const watches = createWatches({
    onChange,
    onFailure: options.onWatchFailure,
    isEnabled: options.isWatching,
  });

  const drop = (place: VolumePlace): void => {
    volumes.delete(place);
    nudged.delete(place);
    watches.forget(place);
  };

  const adopt = (place: VolumePlace): Volume => {
    const known = volumes.get(place);
    if (known !== undefined) return known;
    const volume = { state: createVolumeState(place, options.onRotation), isUnannounced: false };
    volumes.set(place, volume);
    return volume;
  };

  const lookAt = (place: VolumePlace): void => {
    const volume = adopt(place);
    const { state } = volume;
    const wasWatched = watches.has(place);
    const isAnnounced = nudged.delete(place);
    const isChanged = state.look();
    volume.isUnannounced = isChanged && wasWatched && !isAnnounced;
    if (!state.isMounted()) watches.forget(place);
    else if (!watches.has(place)) {
      // Only a folder that is mounted is worth a watch: one laid before the mount is covered, and blind for ever.
      watches.follow(place, place.folder);
      if (watches.has(place)) state.look();
    }
    for (const { reason } of state.unreadable()) options.onReadFailure(reason);
  };

  const listPod = (pod: Pod): readonly VolumePlace[] => {
    const before = pod.volumes.places;
    pod.volumes = pod.folder.list(options.now() * 1_000);
    const { places, unreadable } = pod.volumes;
    if (before.length > 0) {
      const there = new Set(places);
      for (const place of before) if (!there.has(place)) drop(place);
    }
    for (const { reason } of unreadable) options.onReadFailure(reason);
    return places;
  };

  const findPods = (): boolean => {
    const listing = listFolder(podsFolder);
    rootFailure = listing.ok ? undefined : listing;
    if (!listing.ok) return false;
    const there = new Set<string>();
    for (const { name, raw, kind } of listing.entries) {
      if (kind !== 'directory') continue;
      there.add(name);
      if (pods.has(name)) continue;
      const folder = createPodFolder(name, join(podsFolder, raw));
      pods.set(name, { folder, firstSeen: options.now(), volumes: { places: [], unreadable: [] } });
    }
    for (const [name, pod] of pods) if (!there.has(name)) forgetPod(name, pod);
    return true;
  };

  const forgetPod = (name: string, pod: Pod): void => {
    for (const place of pod.volumes.places) drop(place);
    pods.delete(name);
  };

  const isComingUp = (pod: Pod): boolean => {
    const age = options.now() - pod.firstSeen;
    if (age < NEW_SECONDS) return true;
    if (age > YOUTH_SECONDS) return false;
    const { places } = pod.volumes;
    return places.length === 0 || places.some((place) => volumes.get(place)?.state.isMounted() !== true);
  };

  /** An event that was on its way while we looked has arrived after one turn of the event loop; a lost one never does. */
  const settleUnannounced = async (): Promise<void> => {
    const suspects = [...volumes].filter(([, { isUnannounced }]) => isUnannounced);
    if (suspects.length === 0) return;
    await setImmediate();
    await setImmediate();
    for (const [place, volume] of suspects) {
      if (!nudged.has(place) && watches.has(place)) replaceWatch(place);
      volume.isUnannounced = false;
    }
  };

  const replaceWatch = (place: VolumePlace): void => {
    options.onWatchFailure('event_lost');
    watches.forget(place);
    lookAt(place);
  };

  const scan = async (): Promise<void> => {
    const startedAt = performance.now();
    watches.retry();
    watches.follow(PODS, podsFolder);
    arePodsNudged = false;
    const isListed = findPods();
    let sliceFrom = startedAt;
    for (const pod of [...pods.values()]) {
      for (const place of listPod(pod)) lookAt(place);
      if (performance.now() - sliceFrom < SLICE_MS) continue;
      await setImmediate();
      sliceFrom = performance.now();
    }
    if (isListed) {
      scannedAt = options.now();
      scanSeconds = (performance.now() - startedAt) / 1_000;
    } else if (rootFailure !== undefined) options.onReadFailure(rootFailure.reason);
    await settleUnannounced();
  };

  const look = (): void => {
    if (arePodsNudged) findPods();
    arePodsNudged = false;
    for (const pod of pods.values()) {
      if (isComingUp(pod)) for (const place of listPod(pod)) lookAt(place);
    }
    for (const place of [...nudged]) if (volumes.has(place)) lookAt(place);
    nudged.clear();
  };

  const observe = (): Observation => {
    const states = [...volumes.values()].map(({ state }) => state);
    return {
      tokens: states.flatMap((state) => state.tokens()),
      unreadable: [
        ...(rootFailure === undefined ? [] : [unreadableAt({}, rootFailure)]),
        ...[...pods.values()].flatMap((pod) => pod.volumes.unreadable),
        ...states.flatMap((state) => state.unreadable()),
      ],
      scannedAt,
      scanSeconds,
      watches: watches.count(),
    };
  };

  const isPending = (): boolean => [...pods.values()].some(isComingUp);
  return { scan, look, isPending, observe, close: watches.close };
}
