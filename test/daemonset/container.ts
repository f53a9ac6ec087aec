/**
 * A container without a container engine: the files of the image in a separate root, started with the entrypoint of the
 * image and with the security context and the mounts of a manifest.
 *
 * Implements these few fields in a mount namespace. Node.js and libraries are those of this machine, mounted read-only.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SCANNED } from '../support/program.ts';
import type { Image } from './image.ts';
import type { Container, PodSpec } from './manifests.ts';

/** Arguments: the new root, the files of the image, Node.js, then pairs of source folder and mount point. */
const PREPARE = `
root=$1 files=$2 node=$3; shift 3
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir -p "$root/usr" "$root/app" "$root/nodejs/bin" "$root/proc"
mount --rbind /usr "$root/usr"; mount --bind "$files/app" "$root/app"; mount --rbind /proc "$root/proc"
mount --bind "$files/usr/local/bin" "$root/usr/local/bin"
for folder in bin lib lib64 sbin; do
  if [ -L "/$folder" ]; then cp -P "/$folder" "$root/$folder"
  elif [ -d "/$folder" ]; then mkdir "$root/$folder"; mount --rbind "/$folder" "$root/$folder"; fi
done
touch "$root/nodejs/bin/node"; mount --bind "$node" "$root/nodejs/bin/node"
while [ "$1" != -- ]; do
  mkdir -p "$root$2"; mount --rbind "$1" "$root$2"; mount -o remount,bind,ro "$root$2"; shift 2
done
for folder in usr app nodejs/bin/node; do mount -o remount,bind,ro "$root/$folder"; done
mount -o remount,ro "$root"
shift
exec chroot "$root" "$@"
`;

export interface ContainerOptions {
  readonly image: Image;
  readonly pod: PodSpec;
  /** Values of the field references in the environment. */
  readonly fields: Readonly<Record<string, string>>;
  /** Source folders of the volumes of the pod. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Writes a trace of system calls to `file`. Those that are not in `allowed` fail with ENOSYS. */
  readonly trace?: { readonly file: string; readonly allowed: readonly string[] };
}

export interface Running {
  readonly process: ChildProcess;
  readonly url: string;
  /** The log up to the end of the initial scan. */
  readonly log: string;
  /** Runs a command like `kubectl exec` and returns its output. */
  readonly exec: (command: readonly string[]) => string;
  /** Reads a file from /proc of the process. */
  readonly procFile: (file: string) => string;
  readonly stop: () => Promise<readonly unknown[]>;
}

/** Options of setpriv: UID 0 gets the capabilities of the bounding set, as in container runtimes. */
function privileges({ securityContext }: Container): readonly string[] {
  const { capabilities, allowPrivilegeEscalation } = securityContext;
  const added = (capabilities.add ?? []).map((name) => `,+${name.toLowerCase()}`);
  return [
    '/usr/bin/setpriv',
    `--bounding-set=-all${added.join('')}`,
    '--inh-caps=-all',
    ...(allowPrivilegeEscalation ? [] : ['--no-new-privs']),
  ];
}

/** Runs in the container, so that the calls that prepare it are not denied. The file is open, as descriptor 3. */
function traced({ allowed }: NonNullable<ContainerOptions['trace']>): readonly string[] {
  const denied = `inject=!${allowed.map((name) => `?${name}`).join(',')}:error=ENOSYS`;
  return ['/usr/bin/strace', '-D', '-f', '-qq', '-e', denied, '-o', '/proc/self/fd/3'];
}

function commandOf({ image, pod, volumes, trace }: ContainerOptions, root: string): readonly string[] {
  const [container] = pod.containers;
  const propagation = container.volumeMounts.some((one) => one.mountPropagation === 'HostToContainer');
  const mounts = container.volumeMounts.flatMap(({ name, mountPath }) => [volumes[name] ?? '', mountPath]);
  return [
    ...['unshare', '--mount', `--propagation=${propagation ? 'slave' : 'private'}`],
    ...['sh', '-euc', PREPARE, 'prepare', root, image.folder, process.execPath, ...mounts, '--'],
    ...(trace === undefined ? [] : traced(trace)),
    ...privileges(container),
    ...image.entrypoint,
    ...container.args,
    '--web.listen-address=127.0.0.1:0',
    '--scan.interval=1s',
  ];
}

/** Starts the container and waits for the end of the initial scan. */
export async function startContainer(options: ContainerOptions): Promise<Running> {
  const root = mkdtempSync(join(tmpdir(), 'satoken-root-'));
  const [command = '', ...args] = commandOf(options, root);
  const variables = options.pod.containers[0].env.map(({ name, value, valueFrom }) => [
    name,
    value ?? options.fields[valueFrom?.fieldRef.fieldPath ?? ''],
  ]);
  // The container has no folder for coverage data, and Node.js would inherit the variable.
  const env = {
    NODE_V8_COVERAGE: '',
    PATH: process.env['PATH'],
    ...options.image.environment,
    ...Object.fromEntries(variables),
  };
  const output = options.trace === undefined ? 'ignore' : openSync(options.trace.file, 'w');
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe', output] });
  if (output !== 'ignore') closeSync(output);
  const { stderr } = child;
  if (stderr === null) throw new Error('no standard error');
  const ended = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface(stderr)) {
    lines.push(line);
    if (SCANNED.test(line)) break;
  }
  stderr.resume();
  const port = /msg=listening .*port=(\d+)/.exec(lines.join('\n'))?.[1];
  if (port === undefined) throw new Error(`did not start: ${lines.join('\n')}`);
  return {
    process: child,
    url: `http://127.0.0.1:${port}`,
    log: lines.join('\n'),
    exec: (command) =>
      execFileSync('nsenter', ['--mount', '--root', `--target=${child.pid}`, ...command], {
        encoding: 'utf8',
        env,
      }),
    procFile: (file) => readFileSync(`/proc/${child.pid}/${file}`, 'utf8'),
    stop: async () => {
      child.kill('SIGTERM');
      const end = await ended;
      rmSync(root, { recursive: true });
      return end;
    },
  };
}
