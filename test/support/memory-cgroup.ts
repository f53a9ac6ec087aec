/**
 * A memory cgroup with the limit of the manifest, as the container of the exporter has it.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT_BYTES = 256 * 1_048_576;

export interface MemoryCgroup {
  /** A process that writes its PID to this file becomes a member. */
  readonly processes: string;
  /** The most memory so far: of the processes, of the kernel for them, and of the files that they were the first to read. */
  readonly peakBytes: () => number;
  /** Number of processes that the kernel killed at the limit. */
  readonly kills: () => number;
  /** Only after its processes have ended. */
  readonly remove: () => void;
}

/** The files of a version of cgroups (cgroups(7)). */
interface Version {
  readonly root: string;
  readonly limit: string;
  readonly peak: string;
  /** With a line `oom_kill COUNT`. */
  readonly events: string;
}

const VERSIONS: readonly Version[] = [
  {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    peak: 'memory.max_usage_in_bytes',
    events: 'memory.oom_control',
  },
  { root: '/sys/fs/cgroup', limit: 'memory.max', peak: 'memory.peak', events: 'memory.events' },
];

function createIn({ root, limit, peak, events }: Version, name: string): MemoryCgroup | undefined {
  const folder = join(root, name);
  const remove = (): void => rmdirSync(folder);
  try {
    mkdirSync(folder);
  } catch {
    return undefined;
  }
  try {
    writeFileSync(join(folder, limit), String(LIMIT_BYTES));
    if (!existsSync(join(folder, peak))) throw new Error('this kernel does not count the peak');
  } catch {
    remove();
    return undefined;
  }
  return {
    processes: join(folder, 'cgroup.procs'),
    peakBytes: () => Number(readFileSync(join(folder, peak), 'utf8')),
    kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, events), 'utf8'))?.[1] ?? 0),
    remove,
  };
}

let made = 0;

/** Undefined if this machine does not allow one. */
export function createMemoryCgroup(): MemoryCgroup | undefined {
  made += 1;
  for (const version of VERSIONS) {
    const cgroup = createIn(version, `satoken-${process.pid}-${made}`);
    if (cgroup !== undefined) return cgroup;
  }
  return undefined;
}
