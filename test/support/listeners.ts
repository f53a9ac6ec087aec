/**
 * Listening sockets and blocked signals of a process, from /proc (proc_net(5), proc_pid_status(5)).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTENING = '0A';

/** Returns the number of listening TCP sockets. */
export function listenersOf(pid: number | undefined): number {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`)),
  );
  const lines = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1),
  );
  const rows = lines.map((line) => line.trim().split(/\s+/));
  return rows.filter(([, , , state, , , , , , inode]) => state === LISTENING && own.has(`socket:[${inode}]`))
    .length;
}

/** SIGUSR1 is signal 10. */
const SIGUSR1 = 1n << 9n;

/** Whether SIGUSR1 is blocked and pending. */
export function isKeptFromDebugger(pid: number | undefined): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const has = (mask: string): boolean => {
    const [, value = '0'] = new RegExp(`^${mask}:\\s*([\\da-f]+)$`, 'm').exec(status) ?? [];
    return (BigInt(`0x${value}`) & SIGUSR1) !== 0n;
  };
  return has('SigBlk') && has('ShdPnd');
}
