/**
 * Node's permission model (nodejs.org/api/permissions.html): the flags that lock the process down, the flags that undo
 * that, and whether a process that was started with other flags can do its work.
 *
 * The choice is explained in docs/decisions/0011-node-permission-model.md.
 */
import type { RequiredPath } from './required-paths.ts';

/** As `process.permission`. */
export interface Permission {
  readonly has: (scope: string, reference?: string) => boolean;
}

export interface Launch {
  readonly execArgv: readonly string[];
  readonly nodeOptions: string | undefined;
  /** Undefined if Node allows everything. */
  readonly permission: Permission | undefined;
}

/**
 * No writing, child processes, workers, addons or debugger; reading is allowed path by path, and the network as a whole.
 * SQLite is off because Node does not check which files it opens.
 * Node would otherwise warn at every start that `--allow-net` is experimental, and of `url.parse`, with which Express
 * parses targets such as `http://x/metrics`.
 */
const LOCKED = [
  '--permission',
  '--allow-net',
  '--disable-sigusr1',
  '--no-experimental-sqlite',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=DEP0169',
] as const;

/**
 * For `--reads.watch`: a thread that calls functions of the C library. Node.js would otherwise warn of both at every
 * start; the exporter logs `locked_down=false` instead. The last two save memory: V8 does not map its built-in functions a
 * second time near the code that it compiles, which are 2 MB once there is a thread, and the thread can collect garbage.
 */
export const READS_FLAGS = [
  '--allow-ffi',
  '--allow-worker',
  '--disable-warning=PERM0003',
  '--disable-warning=PERM0006',
  '--no-short-builtin-calls',
  '--expose-gc',
] as const;

/** The value for `--allow-fs-read`. Without the star, files that appear in a folder later are denied. */
function fsReadValue({ path, isFolder }: RequiredPath): string {
  return isFolder ? `${path}/*` : path;
}

/** Flags for a process that reads only these paths. `isKnown`: whether this version of Node has the flag. */
export function permissionFlags(
  paths: readonly RequiredPath[],
  isKnown: (flag: string) => boolean,
  more: readonly string[] = [],
): readonly string[] {
  const reads = paths.map((path) => `--allow-fs-read=${fsReadValue(path)}`);
  // Node 24 has no `--allow-net`: it does not restrict the network.
  return [...LOCKED.filter((flag) => isKnown(flag.replace(/=.*/, ''))), ...more, ...reads];
}

/** Names of the flags on the command line and in NODE_OPTIONS, in Node's own spelling. */
export function flagNames(execArgv: readonly string[], nodeOptions = ''): readonly string[] {
  return [...execArgv, ...nodeOptions.split(/\s+/)]
    .map((word) => word.replaceAll('"', '').replace(/=.*/s, '').replaceAll('_', '-'))
    .filter((word) => word.startsWith('--') || word === '-r');
}

/** These write memory to files, expose it to a debugger, or only report what the permission model would deny. */
const EXPOSING =
  /^--(?:abort-on-uncaught-exception|allow-inspector|heapsnapshot-.*|permission-audit|report-(?:on-.*|uncaught-exception))$/;
/** Names of the flags that load further code into the process. */
const LOADING = /^(?:-r|--require|--import|--loader|--experimental-loader)$/;
const ALLOWING = /^--allow-(?!net$|fs-read$)/;

/** Returns one problem for each flag with which `serve` refuses to start. */
export function exposureProblems({ execArgv, nodeOptions }: Omit<Launch, 'permission'>): readonly string[] {
  const exposing = flagNames(execArgv, nodeOptions)
    .filter((flag) => EXPOSING.test(flag))
    .map((flag) => `${flag}: serve does not start with this Node flag, which can expose tokens; remove it`);
  const loading = flagNames([], nodeOptions)
    .filter((flag) => LOADING.test(flag))
    .map(
      (flag) =>
        `NODE_OPTIONS: serve does not start with ${flag}, which loads other code into the exporter; remove it, or exclude the pod from the webhook that sets it`,
    );
  return [...exposing, ...loading];
}

function isAllowed({ path, isFolder }: RequiredPath, permission: Permission): boolean {
  return permission.has('fs.read', isFolder ? `${path}/any` : path);
}

/** Returns one problem for each path that Node denies. A pods folder that cannot be read looks like a node without pods. */
export function permissionProblems(
  paths: readonly RequiredPath[],
  permission: Permission,
): readonly string[] {
  return paths
    .filter((path) => !isAllowed(path, permission))
    .map(
      (required) =>
        `${required.requiredBy}: Node's permission model denies reading ${required.path}; add --allow-fs-read=${fsReadValue(required)}`,
    );
}

/** Returns the problem with `--reads.watch` under the permission model, if there is one. */
export function readsProblems(permission: Permission): readonly string[] {
  if (permission.has('ffi') && permission.has('worker')) return [];
  return [
    `--reads.watch: Node's permission model denies foreign functions or threads; add ${READS_FLAGS.slice(0, 2).join(' ')}`,
  ];
}

/** A path that is never required: if it may be read, everything may. */
const FORBIDDEN = '/proc/self/environ';

/** Whether the process can only read the listed paths and use the network. */
export function isLockedDown({ execArgv, nodeOptions, permission }: Launch): boolean {
  if (permission === undefined || permission.has('fs.read', FORBIDDEN)) return false;
  return !flagNames(execArgv, nodeOptions).some((flag) => ALLOWING.test(flag));
}
