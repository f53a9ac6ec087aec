/**
 * Restarts `serve` in place, with less memory and without permission for anything that it does not need.
 */
import type { CommandLine } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import { hasMemoryFlags, withMemoryFlags } from './node-flags.ts';
import {
  exposureProblems,
  flagNames,
  isLockedDown,
  type Permission,
  permissionFlags,
  permissionProblems,
  READS_FLAGS,
  readsProblems,
} from './permission-model.ts';
import { findRequiredPaths, type RequiredPath } from './required-paths.ts';

/** The parts of Node's `process` that are used here; only `main.ts` passes the real one. */
export interface NodeProcess
  extends Pick<
    NodeJS.Process,
    'allowedNodeEnvironmentFlags' | 'argv' | 'env' | 'execArgv' | 'execPath' | 'execve' | 'version'
  > {
  /** Undefined if Node was started without its permission model. */
  readonly permission: Permission | undefined;
}

export interface LockDownOptions extends Pick<CommandLine, 'command' | 'config'> {
  readonly process: NodeProcess;
  /** The folder of the program's own files. */
  readonly program: string;
  /** Whether this Node.js has a module. */
  readonly isBuiltin: (name: string) => boolean;
}

const DEMO_WRITES =
  "demo: Node's permission model denies writing files; start it without --permission: node main.js demo";

function launchOf({ execArgv, env, permission }: NodeProcess) {
  return { execArgv, nodeOptions: env['NODE_OPTIONS'], permission };
}

export function isProcessLockedDown(process: NodeProcess): boolean {
  return isLockedDown(launchOf(process));
}

function requiredPaths(
  { process, program }: LockDownOptions,
  config: Config,
): Promise<readonly RequiredPath[]> {
  return findRequiredPaths({ config, environment: process.env, program });
}

/** Does not return if the process is replaced. `--no-permission` keeps the permission model off. */
async function replaceProcess(options: LockDownOptions): Promise<void> {
  const { process, config } = options;
  const isKnown = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);
  const isOptedOut = flagNames(process.execArgv).includes('--no-permission');
  if (isOptedOut && hasMemoryFlags(process.execArgv)) return;
  const more = config.areReadsWatched ? READS_FLAGS : [];
  const flags = isOptedOut ? [] : permissionFlags(await requiredPaths(options, config), isKnown, more);
  const { argv, env } = withMemoryFlags(process, flags);
  process.execve?.(process.execPath, argv, env);
}

/** Not all versions and platforms of Node.js have foreign functions, and they can be disabled. */
function foreignFunctionProblems({ process, config, isBuiltin }: LockDownOptions): readonly string[] {
  if (!config.areReadsWatched || isBuiltin('node:ffi')) return [];
  return [
    `--reads.watch: Node.js ${process.version} has no foreign functions (node:ffi) here; use Node.js 26.1 or later, as in the project's image, without --no-experimental-ffi, or remove --reads.watch`,
  ];
}

/** What the permission model denies and the command needs. */
async function deniedProblems(options: LockDownOptions, permission: Permission): Promise<readonly string[]> {
  const { command, config } = options;
  const reads = command === 'serve' && config.areReadsWatched ? readsProblems(permission) : [];
  return [...permissionProblems(await requiredPaths(options, config), permission), ...reads];
}

/** Returns why the command cannot run in a process that was started like this one. */
export async function lockDown(options: LockDownOptions): Promise<readonly string[]> {
  const { process, command } = options;
  const { permission } = process;
  if (command === 'demo') return permission === undefined ? foreignFunctionProblems(options) : [DEMO_WRITES];
  if (command === 'serve') {
    const problems = [...exposureProblems(launchOf(process)), ...foreignFunctionProblems(options)];
    if (problems.length > 0) return problems;
    if (permission === undefined) await replaceProcess(options);
  }
  return permission === undefined ? [] : deniedProblems(options, permission);
}
