/**
 * When the file system of a volume was mounted.
 *
 * A kubelet that runs in a container and restarts may mount a new file system over the one that the running containers
 * see. The new one has a later birth time, if the kernel keeps one, and another device number.
 */
import { lstatSync } from 'node:fs';
import { uptime } from 'node:os';
import type { EpochSeconds, MountFacts } from '../../../core/token/token.ts';
import { failureOf } from '../failures.ts';
import type { Path } from '../paths.ts';
import type { PodsRoot } from '../pods/pods-root.ts';
import { readStackedMounts } from './stacked-mounts.ts';

/** The file system of a volume, by its root directory. */
export interface RootStat {
  readonly dev: bigint;
  readonly birthtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface MountPointsOptions {
  readonly now: () => EpochSeconds;
  readonly statRoot?: (directory: Path) => RootStat | undefined;
}

/** The directory of a volume. */
export interface MountPlace {
  readonly directory: Path;
  readonly root: PodsRoot;
}

/** The mount of one volume, as last seen. */
export interface MountPoint {
  readonly device: bigint;
  readonly readAt: EpochSeconds;
  readonly facts: MountFacts;
}

export interface MountPoints {
  /** Call at the start of a scan. */
  readonly startScan: () => void;
  /** Call at its end: it has read every volume that changed. */
  readonly endScan: () => void;
  /** Returns the mount of a volume: `last` if it is the same. Costs one system call. */
  readonly read: (place: MountPlace, last: MountPoint | undefined) => MountPoint | undefined;
}

/** A new mount is seen at most this late, unless scans are rarer. */
const MAX_DELAY_SECONDS = 60;
const CLOCK_TOLERANCE_SECONDS = 60;
const NONE: ReadonlySet<string> = new Set();

function statDirectory(directory: Path): RootStat | undefined {
  try {
    return lstatSync(directory, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    failureOf(error);
    return undefined;
  }
}

/**
 * Kernels without birth times (before Linux 5.18 for tmpfs) give 0 or the change time. One in the future was taken before
 * the clock was set back, as after a start with a hardware clock that is ahead: an hour later, it would seem to be later
 * than the containers.
 */
function bornAt({ birthtimeNs, ctimeNs }: RootStat, now: EpochSeconds): EpochSeconds | undefined {
  if (birthtimeNs <= 0n || birthtimeNs === ctimeNs) return undefined;
  const born = Number(birthtimeNs / 1_000_000n) / 1_000;
  return born > now + CLOCK_TOLERANCE_SECONDS ? undefined : born;
}

/** Of the node: a container has its own only in a time namespace. Falls back to the clock of the kernel without /proc. */
function bootTime(now: EpochSeconds): EpochSeconds {
  return now - uptime();
}

export function createMountPoints(options: MountPointsOptions): MountPoints {
  const { now, statRoot = statDirectory } = options;
  /** The starts of the last scan, and of the one before. */
  let scanAt = Number.NEGATIVE_INFINITY;
  let previousScanAt = scanAt;
  let isScanning = false;
  /** Read once in a scan: it takes three system calls. */
  let bootedAt: EpochSeconds | undefined;
  /** Read in the first scan, if at all. Later, a change of the device shows it. */
  let stacked: ReadonlySet<string> | undefined;

  const isStacked = ({ directory, root }: MountPlace): boolean => {
    stacked ??= readStackedMounts();
    return stacked.has(root.realPath(directory) ?? '');
  };

  /** The last mount was there at the last scan, or was read since: a container that was started before sees it. */
  const changedAt = ({ readAt }: MountPoint): EpochSeconds => {
    const lastSeenAt = Math.max(readAt, isScanning ? previousScanAt : scanAt);
    return Math.min(now(), lastSeenAt + MAX_DELAY_SECONDS);
  };

  const bootedAtLast = (): EpochSeconds => {
    bootedAt ??= bootTime(now());
    return bootedAt;
  };

  const factsOf = (place: MountPlace, stat: RootStat, last: MountPoint | undefined): MountFacts => {
    const appearedAt = bornAt(stat, now()) ?? (last && changedAt(last));
    return {
      appearedAt,
      isStacked: appearedAt === undefined && isStacked(place),
      bootedAt: bootedAtLast(),
    };
  };

  const read: MountPoints['read'] = (place, last) => {
    const stat = statRoot(place.directory);
    if (stat === undefined || stat.dev === last?.device) return last;
    return { device: stat.dev, readAt: now(), facts: factsOf(place, stat, last) };
  };

  return {
    startScan: () => {
      [previousScanAt, scanAt, isScanning] = [scanAt, now(), true];
      bootedAt = undefined;
    },
    endScan: () => {
      isScanning = false;
      stacked = NONE;
    },
    read,
  };
}
