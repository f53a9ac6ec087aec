/**
 * Mounts a volume's folder: a tmpfs of its own as root, a plain folder otherwise.
 *
 * Knows nothing of what the volume is for.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';

export interface Mounts {
  /** Whether mounts are real ones. */
  readonly isReal: boolean;
  /** Mounts an empty volume at a folder, which is made if need be. */
  readonly mount: (folder: string) => void;
  readonly unmount: (folder: string) => void;
  /** Binds one file onto another, as subPath does. Plain mounts make a copy instead, which is as frozen. */
  readonly bindFile: (from: string, to: string) => void;
  readonly releaseFile: (bound: string) => void;
}

/** The kubelet makes volume roots so, for containers of any user. */
const VOLUME_ROOT_MODE = 0o1777;

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Real mounts; each needs root and the capability to mount. */
const tmpfsMounts: Mounts = {
  isReal: true,
  mount: (folder) => {
    mkdirSync(folder, { recursive: true });
    run('mount', '-t', 'tmpfs', '-o', 'size=16m,mode=1777', 'tmpfs', folder);
  },
  unmount: (folder) => {
    run('umount', folder);
    rmdirSync(folder);
  },
  bindFile: (from, to) => run('mount', '--bind', from, to),
  releaseFile: (bound) => run('umount', bound),
};

export const plainFolders: Mounts = {
  isReal: false,
  mount: (folder) => {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, VOLUME_ROOT_MODE);
  },
  unmount: (folder) => rmSync(folder, { recursive: true, force: true }),
  bindFile: (from, to) => copyFileSync(from, to),
  releaseFile: () => undefined,
};

/** Real mounts where they work, tried once on a folder made for it; plain folders elsewhere. */
export function chooseMounts(scratch: string): Mounts {
  const probe = `${scratch}/.mount-probe`;
  try {
    tmpfsMounts.mount(probe);
    tmpfsMounts.unmount(probe);
    return tmpfsMounts;
  } catch {
    rmSync(probe, { recursive: true, force: true });
    return plainFolders;
  }
}
