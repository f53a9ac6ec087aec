/**
 * Pods whose containers read their tokens in different ways: processes that see the volume through a read-only bind mount
 * in a mount namespace of their own, as containers do.
 *
 * Their volumes are rotated every few seconds, so that a habit shows within minutes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../world.ts';
import { NAMESPACE } from './scenarios.ts';

export interface ReaderPod {
  readonly name: string;
  /** A short description, printed by the demo. */
  readonly shows: string;
  /** What the exporter says about it, and when. */
  readonly lookFor: string;
  readonly rotationSeconds: number;
  /** A shell script. `$1` is the directory of the token, `$2` the file of Node.js. */
  readonly script: string;
}

/** A read right after each swap of the volume. Sooner, the exporter might not see it. */
const AT_ROTATION = `
const { readFileSync, watch } = require('node:fs');
const [, directory] = process.argv;
const read = () => readFileSync(directory + '/token');
read();
watch(directory, (_event, name) => void (name === '..data' && setTimeout(read, 10)));`;

const READ = 'cat "$1/token" > /dev/null';
const NODE = process.execPath;
const ROTATION_SECONDS = 8;

export const READER_PODS: readonly ReaderPod[] = [
  {
    name: 'eager',
    shows: 'reads its token at every request, once a second',
    lookFor: 'rereads in /tokens, within a minute',
    rotationSeconds: ROTATION_SECONDS,
    script: `while ${READ}; do sleep 1; done &`,
  },
  {
    name: 'regular',
    shows: 'reads its token every minute',
    lookFor: 'rereads in /tokens, within two minutes',
    // The third rotation after a read would make it `not_reread`.
    rotationSeconds: 40,
    script: `while ${READ}; do sleep 60; done &`,
  },
  {
    name: 'prompt',
    shows: 'reads its token 10 ms after each rotation',
    lookFor: 'rereads in /tokens, within a minute',
    rotationSeconds: ROTATION_SECONDS,
    script: `"$2" -e "${AT_ROTATION.replaceAll('"', '\\"')}" "$1" &`,
  },
  {
    name: 'cached',
    shows: 'reads its token once, at its start',
    lookFor: 'satoken_problem{reason="not_reread"}, within two minutes',
    rotationSeconds: ROTATION_SECONDS,
    script: READ,
  },
  {
    name: 'idle',
    shows: 'never reads its token',
    lookFor: 'satoken_problem{reason="unread"}, after a day',
    rotationSeconds: ROTATION_SECONDS,
    script: '',
  },
];

export interface Readers {
  /** Whether the processes have mount namespaces of their own. */
  readonly areIsolated: boolean;
  /** Starts the pods a while after the first call, and rotates their volumes. Call it about once per second. */
  readonly tick: () => void;
  /** Ends the processes. */
  readonly stop: () => Promise<void>;
}

export interface ReadersOptions {
  readonly world: World;
  /** For mount points. */
  readonly folder: string;
  /** Whether volumes are mounts. */
  readonly areMountsReal: boolean;
}

/** The exporter has to be watching when the volumes appear: it cannot know who read them before. */
const DELAY_SECONDS = 3;
/**
 * Containers start after their volumes are mounted, as if an image was pulled. An open within 5 s of the first watch may be
 * the rest of a visit of the kubelet.
 */
const PULL_SECONDS = 7;

/** The process ends with the demo, however that ends: its input is closed then. */
const UNTIL_STOPPED = 'cat > /dev/null; kill 0';
const IN_CONTAINER =
  'mount --bind "$1" "$2" && mount -o remount,bind,ro "$2" && exec sh -c "$4" sh "$2" "$3"';

function hasNamespaces(): boolean {
  return spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0;
}

/** `mountPoint`: undefined without a namespace. */
function startReader({ script }: ReaderPod, volume: string, mountPoint: string | undefined): ChildProcess {
  const text = `sleep ${PULL_SECONDS}\n${script}\n${UNTIL_STOPPED}`;
  const [file, args]: readonly [string, readonly string[]] =
    mountPoint === undefined
      ? ['sh', ['-c', text, 'sh', volume, NODE]]
      : [
          'unshare',
          [
            '--mount',
            '--propagation=private',
            'sh',
            '-c',
            IN_CONTAINER,
            'sh',
            volume,
            mountPoint,
            NODE,
            text,
          ],
        ];
  // A process group of its own, which ends as a whole.
  return spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

interface Running {
  readonly uid: string;
  readonly reader: ReaderPod;
  readonly child: ChildProcess;
  readonly startedAt: number;
}

function startPod({ world, folder }: ReadersOptions, reader: ReaderPod, isIsolated: boolean): Running {
  const { name } = reader;
  const startedAt = world.cluster.now();
  const containersAt = startedAt + PULL_SECONDS;
  const { metadata, spec } = world.run({ name, namespace: NAMESPACE, serviceAccount: name, containersAt });
  const volume = spec.volumes?.find((one) => one.name.startsWith('kube-api-access-'))?.name ?? '';
  const mountPoint = isIsolated ? join(folder, name) : undefined;
  if (mountPoint !== undefined) mkdirSync(mountPoint, { recursive: true });
  const { uid } = metadata;
  const child = startReader(reader, world.kubelet.volumeFolder(uid, volume), mountPoint);
  return { uid, reader, child, startedAt };
}

async function end({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}

export function createReaders(options: ReadersOptions): Readers {
  const { world, areMountsReal } = options;
  const { cluster, kubelet } = world;
  const areIsolated = areMountsReal && hasNamespaces();
  const running: Running[] = [];
  const rotated = new Map<string, number>();
  let firstTickAt: number | undefined;

  const rotateIfDue = ({ uid, reader, startedAt }: Running): void => {
    const now = cluster.now();
    if (now - (rotated.get(uid) ?? startedAt) < reader.rotationSeconds) return;
    rotated.set(uid, now);
    kubelet.rotate(uid);
  };

  return {
    areIsolated,
    tick: () => {
      firstTickAt ??= cluster.now();
      const isDue = running.length === 0 && cluster.now() - firstTickAt >= DELAY_SECONDS;
      if (isDue) running.push(...READER_PODS.map((reader) => startPod(options, reader, areIsolated)));
      running.forEach(rotateIfDue);
    },
    stop: async () => {
      await Promise.all(running.map(end));
    },
  };
}
