/**
 * How Node is told to allow nothing but what is needed, and which of its flags undo that.
 *
 * The choice is explained in docs/decisions/0011-node-permission-model.md. Knows nothing of what is needed, or of the process.
 */
import type { Need } from './needs.ts';

/**
 * No writing, programs, threads, addons or debugger, and no reading but what is listed. The network is left open; that
 * Node calls this an experiment at every start is not for our log.
 */
const LOCKED = [
  '--permission',
  '--allow-net',
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
] as const;

/** What is asked of `--allow-fs-read`. A folder is allowed with what it will hold only where it ends in a star. */
export function readable({ path, isFolder }: Pick<Need, 'path' | 'isFolder'>): string {
  return isFolder ? `${path}/*` : path;
}

/** Flags for a process with these needs. `isKnown`: whether this Node has the flag; 24 does not restrict networks. */
export function lockingFlags(needs: readonly Need[], isKnown: (flag: string) => boolean): readonly string[] {
  const reads = needs.map((need) => `--allow-fs-read=${readable(need)}`);
  return [...LOCKED.filter((flag) => isKnown(flag.replace(/=.*/, ''))), ...reads];
}

/** Flags of the command line and of NODE_OPTIONS, as Node spells them. */
export function flagsGiven(execArgv: readonly string[], nodeOptions = ''): readonly string[] {
  return [...execArgv, ...nodeOptions.split(/\s+/)]
    .map((word) => word.replaceAll('"', '').replace(/=.*/s, '').replaceAll('_', '-'))
    .filter((word) => word.startsWith('--'));
}

/** They put what is in memory into a file, hand it to a debugger, or only note what should have been forbidden. */
const EXPOSING =
  /^--(?:abort-on-uncaught-exception|allow-inspector|heapsnapshot-.*|permission-audit|report-(?:on-.*|uncaught-exception))$/;
const OPENING = /^--allow-(?!net$|fs-read$)/;

export function exposingFlags(flags: readonly string[]): readonly string[] {
  return flags.filter((flag) => EXPOSING.test(flag));
}

/** Whether anything is allowed beyond reading and the network. */
export function isOpened(flags: readonly string[]): boolean {
  return flags.some((flag) => OPENING.test(flag));
}
