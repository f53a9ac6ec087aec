/**
 * Privileges of the process beyond what it needs, from the files in /proc that describe it: proc_pid_status(5),
 * proc_pid_mountinfo(5), capabilities(7).
 */
import { readFileSync } from 'node:fs';
import type { Log } from '../util/log.ts';
import { parseMountLine } from '../util/mount-info.ts';
import { realPath } from './required-paths.ts';

/** By bit, in the spelling of Kubernetes. */
const CAPABILITIES = `
  CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
  SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
  MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
`
  .trim()
  .split(/\s+/);
const NEEDED = 'DAC_READ_SEARCH';

/** Effective capabilities other than the one that is needed; a capability without a known name is given by its bit. */
export function excessCapabilities(status: string): readonly string[] {
  const [, hexadecimal = '0'] = /^CapEff:\s*([\da-f]+)$/m.exec(status) ?? [];
  const mask = BigInt(`0x${hexadecimal}`);
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => (mask >> BigInt(bit)) & 1n)
    .map((bit) => CAPABILITIES[bit] ?? `bit ${bit}`)
    .filter((name) => name !== NEEDED);
}

/** Whether the mount that holds a folder is writable. A later mount at the same point covers earlier ones. */
export function isWritable(mountinfo: string, folder: string): boolean {
  const holding = mountinfo
    .split('\n')
    .map(parseMountLine)
    .filter((mount) => mount !== undefined)
    .filter(({ point }) => point === '/' || `${folder}/`.startsWith(`${point}/`));
  const longest = Math.max(...holding.map(({ point }) => point.length));
  const options = holding.findLast(({ point }) => point.length === longest)?.options ?? '';
  return options.split(',').includes('rw');
}

/** Empty if the file cannot be read. */
function readProcFile(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** Logs a warning for each privilege that the exporter does not need. */
export function warnOfExcessPrivileges(rootDir: string, log: Log): void {
  const capabilities = excessCapabilities(readProcFile('status')).join(',');
  if (capabilities !== '') log.warn('running with unneeded capabilities', { capabilities });
  if (isWritable(readProcFile('mountinfo'), realPath(`${rootDir}/pods`)))
    log.warn("the kubelet's pods directory is not mounted read-only");
}
