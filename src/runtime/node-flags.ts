/**
 * How Node is to run a program that stays for months on every node of a fleet: small rather than quick.
 *
 * Such settings are read when a process starts, so the process is replaced by itself, once and in place: same pid, same
 * descriptors. Figures are in docs/decisions/0009-memory-over-speed.md. Knows nothing of the program.
 */

/** Without a compiler for hot code, and with a heap that is tidied up sooner. */
export const FLAGS = ['--max-semi-space-size=1', '--optimize-for-size', '--no-opt', '--no-maglev'];
/** glibc keeps a pool of memory for each thread; one serves us. */
export const ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

export interface Launched {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  /** As process.argv: the first is the path of Node. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whether the process was started with the flags. */
export function isLean(execArgv: Launched['execArgv']): boolean {
  return FLAGS.every((flag) => execArgv.includes(flag));
}

/** The command line and environment to go on with; flags that were given win over these, and over `more`. */
export function leaner({ execPath, execArgv, argv, env }: Launched, more: readonly string[] = []) {
  return {
    argv: [execPath, ...FLAGS, ...more, ...execArgv, ...argv.slice(1)],
    env: { ...env, ...ENVIRONMENT },
  };
}
