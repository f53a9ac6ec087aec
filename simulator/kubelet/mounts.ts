/**
 * Mounts volumes: as tmpfs if the process may mount, otherwise as plain folders.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';

export interface Mounts {
  /** False if plain folders stand in for mounts. */
  readonly isReal: boolean;
  /** Mounts an empty volume at a folder, which is created if it does not exist. */
  readonly mount: (folder: string) => void;
  readonly unmount: (folder: string) => void;
  /** Mounts another empty volume over a mounted one. Of plain folders, the files are lost. */
  readonly cover: (folder: string) => void;
  /** Unmounts what covers a volume. */
  readonly uncover: (folder: string) => void;
  /** Bind-mounts a file, as subPath does. Plain folders get a copy, which is frozen as well. */
  readonly bindFile: (from: string, to: string) => void;
  readonly releaseFile: (bound: string) => void;
}

/** The mode that the kubelet gives to volume roots, for containers with any user. */
const VOLUME_ROOT_MODE = 0o1777;

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function mountTmpfs(folder: string): void {
  run('mount', '-t', 'tmpfs', '-o', 'size=16m,mode=1777', 'tmpfs', folder);
}

/** Requires root and CAP_SYS_ADMIN. */
const tmpfsMounts: Mounts = {
  isReal: true,
  mount: (folder) => {
    mkdirSync(folder, { recursive: true });
    mountTmpfs(folder);
  },
  cover: mountTmpfs,
  uncover: (folder) => run('umount', folder),
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
  cover: (folder) => {
    for (const name of readdirSync(folder)) rmSync(`${folder}/${name}`, { recursive: true });
  },
  uncover: () => undefined,
  bindFile: (from, to) => copyFileSync(from, to),
  releaseFile: () => undefined,
};

/** Tries a tmpfs mount in `scratch` and falls back to plain folders. */
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

/** Mount points as in /proc/self/mounts, where a space is written as its octal code; empty where there is no such file. */
function mountPoints(): readonly string[] {
  try {
    const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    return lines.map((line) =>
      (line.split(' ')[1] ?? '').replaceAll(/\\(\d{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      ),
    );
  } catch {
    return [];
  }
}

/** Unmounts everything below a folder, also what is still in use. */
export function unmountBelow(folder: string): void {
  const below = mountPoints().filter((path) => path.startsWith(`${folder}/`));
  for (const path of below.toReversed()) run('umount', '--lazy', path);
}
