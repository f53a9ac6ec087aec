/**
 * What a command is: a file of this folder with a function `run`, and the process as `main.ts` passes it on.
 */
import type { ServeOptions } from '../app/serve.ts';
import type { Terminal } from './terminal.ts';

/** Exit codes. Public contract. */
export const EXIT = {
  ok: 0,
  /** A check fails, or a token is missing. */
  failing: 1,
  /** The command line, the configuration or the environment is wrong. */
  usage: 2,
  /** Nothing could be read. */
  unreadable: 3,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export interface Context extends Omit<ServeOptions, 'signal' | 'onListening'> {
  readonly operands: readonly string[];
  readonly isLockedDown: boolean;
  readonly print: (text: string) => void;
  /** The terminal on which `print` shows its text; undefined for a pipe or a file. */
  readonly terminal: Terminal | undefined;
  /** Prints each problem on a line of standard error. Returns `usage`, or `ok` without problems. */
  readonly complain: (problems: readonly string[]) => Exit;
  /** Aborts on SIGINT, SIGTERM and SIGHUP; once this is called, they no longer end the process by themselves. */
  readonly stopSignal: () => AbortSignal;
}

/** Runs a command. Rejects on a bug, or if the operating system denies something that the command needs. */
export type Run = (context: Context) => Promise<Exit>;
