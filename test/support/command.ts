/**
 * Commands that run next to a test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Starts a command and waits until it logs that it is ready. */
export async function startCommand(
  command: string,
  ready: string,
  ...args: readonly string[]
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  // Its output ends then.
  child.once('error', () => undefined);
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (line.includes(ready)) {
      child.stderr.resume();
      return child;
    }
  }
  throw new Error(`${command} did not start: ${lines.join('\n')}`);
}

/** Or has not started. */
export function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

export async function stopCommand(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
