/**
 * The system calls of the exporter in a trace of strace.
 */
import { readFileSync } from 'node:fs';

export interface Call {
  readonly pid: string;
  readonly name: string;
  readonly args: string;
}

/** Whether Node.js creates the folder for coverage data, or one of its parents. */
export function isOfCoverage({ args }: Call): boolean {
  const folder = process.env['NODE_V8_COVERAGE'];
  const [, path] = /^"([^"]*)"/.exec(args) ?? [];
  return path !== undefined && folder !== undefined && `${folder}/`.startsWith(`${path}/`);
}

/** Returns the system calls from the start of the program on. */
export function callsIn(file: string): readonly Call[] {
  const calls = readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, pid = '', name = '', args = ''] = /^(\d+) +(\w+)\((.*)/.exec(line) ?? [];
      return name === '' ? [] : [{ pid, name, args }];
    });
  return calls.slice(
    calls.findIndex(({ name, args }) => name === 'execve' && args.startsWith('"/nodejs/bin/node"')),
  );
}
