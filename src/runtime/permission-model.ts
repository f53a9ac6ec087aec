/**
 * Whether the process is locked down, and whether it can still do its work: in sentences, told before it begins.
 *
 * A folder that may not be read would look like a node without pods. Reads nothing itself.
 */

import type { Need } from './needs.ts';
import { exposingFlags, flagsGiven, isOpened, readable } from './permission-flags.ts';

/** As process.permission. */
export interface Permission {
  readonly has: (scope: string, reference?: string) => boolean;
}

export interface Launch {
  readonly execArgv: readonly string[];
  readonly nodeOptions: string | undefined;
  /** Undefined where Node allows everything. */
  readonly permission: Permission | undefined;
}

/** Why `serve` must not start like this. */
export function exposures({ execArgv, nodeOptions }: Omit<Launch, 'permission'>): readonly string[] {
  return exposingFlags(flagsGiven(execArgv, nodeOptions)).map(
    (flag) => `${flag}: serve does not start with this flag of Node, which lays open what it reads`,
  );
}

/** Nothing that is needed: where it may be read, everything may. */
const FORBIDDEN = '/proc/self/environ';

function isAllowed({ path, isFolder }: Need, permission: Permission): boolean {
  return permission.has('fs.read', isFolder ? `${path}/any` : path);
}

/** What is needed and not allowed, with what would allow it. */
export function missing(needs: readonly Need[], permission: Permission): readonly string[] {
  return needs
    .filter((need) => !isAllowed(need, permission))
    .map(
      (need) =>
        `${need.by}: Node was started without leave to read ${need.path}: start it with --allow-fs-read=${readable(need)}`,
    );
}

/** Whether nothing but reading what is listed, and the network, is left to the process. */
export function isLockedDown({ execArgv, nodeOptions, permission }: Launch): boolean {
  if (permission === undefined || permission.has('fs.read', FORBIDDEN)) return false;
  return !isOpened(flagsGiven(execArgv, nodeOptions));
}
