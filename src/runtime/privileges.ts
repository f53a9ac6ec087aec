/**
 * What the kernel allows the process beyond what it needs: from what /proc says of it to warnings.
 *
 * Text in, names out (proc_pid_status(5), proc_pid_mountinfo(5), capabilities(7)). Reads nothing itself.
 */

/** By bit, as Kubernetes spells them. */
const CAPABILITIES = `
  CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
  SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
  MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
`
  .trim()
  .split(/\s+/);
const NEEDED = 'DAC_READ_SEARCH';

/** Capabilities in effect that reading does not take; one that has no name yet goes by its bit. */
export function superfluousCapabilities(status: string): readonly string[] {
  const [, hexadecimal = '0'] = /^CapEff:\s*([\da-f]+)$/m.exec(status) ?? [];
  const mask = BigInt(`0x${hexadecimal}`);
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => (mask >> BigInt(bit)) & 1n)
    .map((bit) => CAPABILITIES[bit] ?? `bit ${bit}`)
    .filter((name) => name !== NEEDED);
}

interface Mount {
  readonly point: string;
  readonly isWritable: boolean;
}

function mountOf(line: string): readonly Mount[] {
  const [, , , , point, options] = line.split(' ');
  if (point === undefined || options === undefined) return [];
  const plain = point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return [{ point: plain, isWritable: options.split(',').includes('rw') }];
}

/** Whether the mount that a folder lies in can be written to; later mounts cover earlier ones. */
export function isWritable(mountinfo: string, folder: string): boolean {
  const holding = mountinfo
    .split('\n')
    .flatMap(mountOf)
    .filter(({ point }) => point === '/' || `${folder}/`.startsWith(`${point}/`));
  const longest = Math.max(...holding.map(({ point }) => point.length));
  return holding.findLast(({ point }) => point.length === longest)?.isWritable ?? false;
}
