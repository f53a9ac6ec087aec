/**
 * Mounts whose births and devices are those of a simulated node: real file systems are born by the clock of the kernel,
 * and plain folders have the device of the folder above.
 */
import type { Mounts } from '../../simulator/kubelet/mounts.ts';
import type { RootStat } from '../../src/sources/files/mounts/mount-points.ts';

const NANOSECONDS = 1_000_000_000;

export interface DatedMounts {
  readonly mounts: Mounts;
  /** The file system that is mounted at a directory; undefined without one. */
  readonly statRoot: (directory: string | Buffer) => RootStat | undefined;
}

interface Mounted {
  readonly device: bigint;
  readonly at: number;
}

/** `hasBirthTimes`: whether the kernel keeps them. */
export function createDatedMounts(mounts: Mounts, now: () => number, hasBirthTimes = true): DatedMounts {
  const mounted = new Map<string, readonly Mounted[]>();
  let devices = 0n;
  const push = (folder: string): void => {
    devices += 1n;
    mounted.set(folder, [...(mounted.get(folder) ?? []), { device: devices, at: now() }]);
  };
  const pop = (folder: string): void => void mounted.set(folder, (mounted.get(folder) ?? []).slice(0, -1));
  return {
    mounts: {
      ...mounts,
      mount: (folder) => {
        mounts.mount(folder);
        push(folder);
      },
      unmount: (folder) => {
        mounts.unmount(folder);
        mounted.delete(folder);
      },
      cover: (folder) => {
        mounts.cover(folder);
        push(folder);
      },
      uncover: (folder) => {
        mounts.uncover(folder);
        pop(folder);
      },
    },
    statRoot: (directory) => {
      const last = mounted.get(directory.toString())?.at(-1);
      if (last === undefined) return undefined;
      const birthtimeNs = hasBirthTimes ? BigInt(Math.round(last.at * NANOSECONDS)) : 0n;
      return { dev: last.device, birthtimeNs, ctimeNs: birthtimeNs + 1n };
    },
  };
}
