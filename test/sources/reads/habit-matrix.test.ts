/**
 * The habit of each kind of reader, from real events on real mounts: twelve rotations, a day, with syncs of the kubelet.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, it } from 'mocha';
import { chooseMounts } from '../../../simulator/kubelet/mounts.ts';
import type { ContainerFacts } from '../../../src/core/container-facts.ts';
import { placeOf } from '../../../src/core/origin.ts';
import { type Habit, habitOf } from '../../../src/core/reads/habits.ts';
import { createReadRaw } from '../../../src/sources/files/raw-token.ts';
import type { TokenFiles } from '../../../src/sources/files/token-files.ts';
import { createCommandOpens } from '../../../src/sources/reads/command-opens.ts';
import { createOwnOpens, type OwnOpens } from '../../../src/sources/reads/own-opens.ts';
import { createVolumes, type Volumes } from '../../../src/sources/reads/volumes.ts';
import { containerFacts, podFacts } from '../../support/cluster.ts';
import { describeWith } from '../../support/tools.ts';
import {
  createNode,
  KIND_OF_MOUNT,
  nextToken,
  type TestNode,
  type TestVolume,
} from '../files/support/test-node.ts';
import { openTokenFiles } from '../files/support/test-source.ts';
import { createWatchedNode, open, type WatchedNode } from './support/watched-node.ts';

const ROTATIONS = 12;
/** Of a generation, after which the kubelet replaces it: so long that all of them take more than a day. */
const LIFETIME = 8_000;
const START = 10_000;
const nothing = (): void => undefined;
/** Not among the constants of Node.js. */
const O_PATH = 0o10_000_000;
/** Descriptors that a reader keeps. */
const heldOpen: number[] = [];

/** What is read in a generation: by its number, 1 for the first that is complete. */
interface Reader {
  readonly it: string;
  readonly habit: Habit;
  /** All files of the volume by default: `token`, `ca.crt` and `namespace`. */
  readonly path?: string;
  readonly isAlone?: boolean;
  readonly containers?: readonly ContainerFacts[];
  readonly runtimeClass?: string;
  /** Whether a reader that opens the token as soon as it is swapped in comes before the watch. */
  readonly isFaster?: (generation: number) => boolean;
  /** Within 50 ms after the swap. */
  readonly atRotation?: (generation: number, read: () => void) => void;
  /** Between two syncs of the kubelet. */
  readonly later?: (
    generation: number,
    read: () => void,
    volume: TestVolume,
    pass: (seconds: number) => void,
  ) => void;
}

let unbind = nothing;

/** Binds the token of the generation into a container, as `subPath` does. */
function bindCopy({ location: { directory }, generation }: TestVolume): void {
  unbind();
  const pod = join(directory, '../../..');
  const mounts = chooseMounts(pod);
  const folder = join(pod, 'volume-subpaths', basename(directory), 'main');
  const to = join(folder, '0');
  mkdirSync(folder, { recursive: true });
  writeFileSync(to, '');
  mounts.bindFile(join(generation(), 'token'), to);
  unbind = () => {
    mounts.releaseFile(to);
    unbind = nothing;
  };
}

function main(overrides: Partial<ContainerFacts> = {}): ContainerFacts {
  return containerFacts({ startedAt: START + 1, ...overrides });
}

const INIT = main({ name: 'init', kind: 'init', isRunning: false, finishedAt: START + 2 * LIFETIME });

const once = (generation: number, read: () => void): void => {
  if (generation === 1) read();
};

const always = (_generation: number, read: () => void): void => read();

const READERS: readonly Reader[] = [
  { it: 'reads never', habit: 'unread' },
  {
    it: 'reads never, in a pod with a copy of the token',
    habit: 'unread',
    later: (_at, _read, volume) => bindCopy(volume),
  },
  { it: 'reads once, at its start', habit: 'not_reread', later: once },
  {
    it: 'reads for some generations, and then no more',
    habit: 'not_reread',
    later: (at, read) => void (at < 9 && read()),
  },
  {
    it: 'reads at every request',
    habit: 'rereads',
    later: (_at, read) => {
      for (let count = 0; count < 100; count += 1) read();
    },
  },
  {
    it: 'reads every minute',
    habit: 'rereads',
    later: (_at, read, _volume, pass) => {
      for (let count = 0; count < 5; count += 1) {
        read();
        pass(60);
      }
    },
  },
  { it: 'reads once in each generation', habit: 'rereads', later: (_at, read) => read() },
  {
    it: 'reads at each rotation at once, which the watch sees once in ten times',
    habit: 'rereads',
    atRotation: always,
    isFaster: (at) => at % 10 !== 3,
  },
  {
    it: 'reads at each rotation at once, which the watch never sees',
    habit: 'unknown',
    atRotation: always,
    isFaster: () => true,
  },
  {
    it: 'reads at its start, and then at each rotation at once, which the watch never sees',
    habit: 'unknown',
    atRotation: always,
    isFaster: () => true,
    later: once,
  },
  {
    it: 'reads at its start only, although a faster reader could have come before all watches but one',
    habit: 'not_reread',
    isFaster: (at) => at !== 4,
    later: once,
  },
  {
    it: 'reads at each rotation, a few milliseconds later',
    habit: 'rereads',
    atRotation: always,
  },
  {
    it: 'lists the directory, as find does',
    habit: 'unread',
    later: (_at, _read, { location }) => void execFileSync('find', [location.directory]),
  },
  {
    it: 'only stats the file and opens it by path, as ls -l and realpath do',
    habit: 'unread',
    later: (_at, _read, { location }) => {
      statSync(join(location.directory, 'token'));
      realpathSync(join(location.directory, 'token'));
      closeSync(openSync(join(location.directory, 'token'), O_PATH));
    },
  },
  {
    it: 'has its disk usage taken, as the kubelet and du do',
    habit: 'unread',
    later: (_at, _read, { location }) => void execFileSync('du', [location.directory]),
  },
  {
    it: 'has all its files archived in each generation, by a backup or by itself',
    habit: 'unknown',
    later: (_at, _read, { location }) =>
      void execFileSync('tar', ['-cf', '-', '-C', location.directory, '.']),
  },
  {
    it: 'has all its files copied once, by a person or by itself',
    habit: 'unknown',
    later: (at, _read, { location }) => {
      if (at !== 5) return;
      const copy = mkdtempSync(join(tmpdir(), 'satoken-copied-'));
      execFileSync('cp', ['-r', location.directory, copy]);
      rmSync(copy, { recursive: true });
    },
  },
  {
    it: 'reads in each generation, and has all its files archived as well',
    habit: 'rereads',
    later: (_at, read, { location }) => {
      execFileSync('tar', ['-cf', '-', '-C', location.directory, '.']);
      read();
    },
  },
  {
    it: 'opens the file by the path of its generation',
    habit: 'rereads',
    later: (_at, _read, volume) => void readFileSync(join(volume.generation(), 'token')),
  },
  {
    it: 'opens the file once and reads it from the start again and again',
    habit: 'not_reread',
    later: (at, _read, { location }) => {
      if (at === 1) heldOpen.push(openSync(join(location.directory, 'token'), 'r'));
      for (const descriptor of heldOpen) readSync(descriptor, Buffer.alloc(16), 0, 16, 0);
    },
  },
  {
    it: 'opens every file once, right after the disk usage scan, which looks like a sync',
    habit: 'unknown',
    later: (at, read, { location }) => {
      execFileSync('du', [location.directory]);
      if (at !== 5) return;
      read();
      for (const name of ['ca.crt', 'namespace']) readFileSync(join(location.directory, name));
    },
  },
  {
    it: 'opens every file once in each generation',
    habit: 'rereads',
    later: (_at, read, { location }) => {
      read();
      for (const name of ['ca.crt', 'namespace']) readFileSync(join(location.directory, name));
    },
  },
  {
    it: 'lists the directory and then reads the token, as a person does once',
    habit: 'unknown',
    later: (at, read, volume) => {
      if (at !== 5) return;
      readdirSync(volume.generation());
      read();
    },
  },
  {
    it: 'reads once through kubectl exec, as far as a copy may be held',
    habit: 'not_reread',
    later: (at, read) => void (at === 5 && read()),
  },
  {
    it: 'reads once, at its start, and is read through kubectl exec many generations later',
    habit: 'unknown',
    later: (at, read) => void ((at === 1 || at === 11) && read()),
  },
  { it: 'reads in an init container only', habit: 'unknown', containers: [INIT, main()], later: once },
  {
    it: 'reads in one of two containers',
    habit: 'rereads',
    containers: [main(), main({ name: 'sidecar' })],
    later: (_at, read) => read(),
  },
  {
    it: 'reads in two containers, once in each',
    habit: 'not_reread',
    containers: [main(), main({ name: 'sidecar' })],
    later: (at, read) => {
      if (at !== 1) return;
      read();
      read();
    },
  },
  {
    it: 'reads nothing in a container that started before the watch',
    habit: 'unknown',
    containers: [main({ startedAt: START - 1 })],
  },
  { it: 'reads nothing that is seen, in a virtual machine', habit: 'unknown', runtimeClass: 'kata' },
  {
    it: 'reads a nested path in each generation',
    habit: 'rereads',
    path: 'sub/dir/token',
    later: (_at, read) => read(),
  },
  {
    it: 'reads the only file of the volume in each generation',
    habit: 'rereads',
    isAlone: true,
    later: (_at, read) => read(),
  },
  {
    it: 'does not read the only file of the only volume of the pod, where ls and cat equal a visit',
    habit: 'unknown',
    isAlone: true,
  },
];

const ROWS = READERS.flatMap((reader) => [false, true].map((isExplained) => [reader, isExplained] as const));

describeWith(['foreign functions'], `the habit of a workload (${KIND_OF_MOUNT})`, () => {
  let node: TestNode;
  let watched: WatchedNode;
  let opens: OwnOpens;
  let files: TokenFiles;
  let volumes: Volumes;
  let seconds = START;
  let blindMs = 0;
  /** Whether an engineer runs `explain` in each generation. */
  let areExplained = false;
  /** Whether the volumes were found that were there before the exporter. */
  let hasScanned = false;

  beforeEach(() => {
    node = createNode();
    seconds = START;
    startExporter();
    hasScanned = true;
  });
  afterEach(() => {
    unbind();
    areExplained = false;
    for (const descriptor of heldOpen.splice(0)) closeSync(descriptor);
    stopExporter();
    node.remove();
  });

  function startExporter(): void {
    opens = createOwnOpens(node.rootDir);
    watched = createWatchedNode(opens.shared);
    volumes = createVolumes(node.rootDir);
    opens.follow((one) => volumes.addOpen(one, seconds * 1_000));
    files = openTokenFiles({ rootDir: node.rootDir, now: () => seconds, opens });
    hasScanned = false;
  }

  function stopExporter(): void {
    files.close();
    watched.close();
  }

  /**
   * Takes the events, so long after the swap. Whether a watch was placed before it depends on the machine, so each case
   * says it.
   */
  function drain(sinceSwapMs: number): void {
    const { started, drained, losses } = watched.step();
    const seen = started.map((one) => (one.blindMs === undefined ? one : { ...one, blindMs }));
    const [, folders] = watched.counts();
    const changed = drained.map((one) => ({
      ...one,
      sinceSwapMs: one.hasEnded ? LIFETIME * 1_000 : sinceSwapMs,
    }));
    const rest = { losses, readAt: seconds, folders, isLimited: false, tookMs: 0 };
    volumes.addReport(
      { started: seen, drained: changed, ...rest },
      { at: seconds, monotonicMs: seconds * 1_000 },
    );
  }

  /** The thread reports each second. More than a few of these reports make no difference. */
  function pass(duration: number, sinceSwapMs = 60_000): void {
    const steps = duration > 9 ? [1, 4, 4, duration - 9] : [duration];
    for (const step of steps) {
      seconds += step;
      drain(sinceSwapMs);
    }
  }

  /** The kubelet opens the directories that hold the file, and each file in them. */
  function sync(pod: readonly TestVolume[], path = 'token'): void {
    const folder = join('..data', path, '..');
    for (const volume of pod)
      for (const name of readdirSync(join(volume.location.directory, folder)))
        open(volume, join(folder, name));
    pass(1);
  }

  function issue(name = ''): string {
    return nextToken({ jti: `${seconds}${name}`, iat: seconds, exp: seconds + LIFETIME / 0.8 });
  }

  function rotate(volume: TestVolume, { path = 'token', isAlone }: Partial<Reader> = {}): void {
    const others = isAlone === true ? {} : { 'ca.crt': 'x', namespace: 'x' };
    volume.write({ ...others, [path]: issue() });
  }

  async function scan(): Promise<void> {
    await files.scan();
    const commands = volumes.setTokens(files.observe().tokens, seconds * 1_000, hasScanned);
    for (const command of commands) watched.obey(command);
    hasScanned = true;
    drain(20);
  }

  /** As `explain` does, which reads all files and then each token again, to verify its signature. */
  async function explain(): Promise<void> {
    const commandOpens = createCommandOpens(watched.program);
    const readRaw = createReadRaw(node.rootDir, commandOpens);
    const command = openTokenFiles({ rootDir: node.rootDir, now: () => seconds, opens: commandOpens });
    const before = volumes.facts().lastVisitAt;
    await command.scan();
    for (const token of command.observe().tokens)
      if (token.copy === undefined) assert.ok(readRaw(token, () => true));
    command.close();
    pass(1);
    assert.equal(volumes.facts().lastVisitAt, before);
  }

  /** The rest of a generation: the reader comes between two syncs of the kubelet. */
  async function pastSyncs(pod: readonly TestVolume[], read: () => void, path = 'token'): Promise<void> {
    await scan();
    pass(60);
    sync(pod, path);
    pass(LIFETIME / 2);
    read();
    if (areExplained) await explain();
    pass(1);
    pass(60);
    sync(pod, path);
    pass(LIFETIME / 2);
  }

  async function live(volume: TestVolume, reader: Reader, generation: number): Promise<void> {
    const { path = 'token', isFaster = nothing, atRotation = nothing, later = nothing } = reader;
    const read = (): void => open(volume, path);
    const isMissed = isFaster(generation) === true;
    blindMs = Number(isMissed);
    rotate(volume, reader);
    if (isMissed) atRotation(generation, read);
    watched.follow();
    if (!isMissed) atRotation(generation, read);
    await pastSyncs([volume], () => later(generation, read, volume, pass), path);
  }

  /** The habit of each token, by its volume and path. */
  function habits({ containers = [main()], runtimeClass }: Partial<Reader> = {}) {
    const tokens = files.observe().tokens.filter(({ copy }) => copy === undefined);
    return tokens.map((token) => {
      const reads = volumes.facts().tokens.get(placeOf(token.identity));
      assert.ok(reads);
      const { identity, claims } = token;
      const context = { pod: podFacts({ containers, runtimeClass }), arePodsCurrent: true };
      const habit = habitOf(reads, { identity, claims }, context, seconds);
      return [identity.volume, identity.path, habit];
    });
  }

  const verdicts = () => habits().map(([, , habit]) => habit);

  /** A kubelet that is restarted requests all tokens, and syncs so many seconds later. */
  async function restartKubelet(volume: TestVolume, duration: number): Promise<void> {
    rotate(volume);
    watched.follow();
    await scan();
    pass(duration);
    sync([volume]);
  }

  for (const [reader, isExplained] of ROWS)
    it(`is ${reader.habit} for one that ${reader.it}${isExplained ? ', and is explained' : ''}`, async () => {
      areExplained = isExplained;
      const volume = node.volume();
      for (let generation = 0; generation <= ROTATIONS; generation += 1)
        await live(volume, reader, generation);
      const { path = 'token' } = reader;
      assert.deepEqual(habits(reader), [[volume.location.volume, path, reader.habit]]);
    });

  it('is that of each token in a volume with several, and is explained', async () => {
    areExplained = true;
    const volume = node.volume();
    for (let generation = 0; generation <= ROTATIONS; generation += 1) {
      blindMs = 0;
      const tokens = ['again', 'never', 'once'].map((name) => [name, issue(name)]);
      volume.write({ 'ca.crt': 'x', ...Object.fromEntries(tokens) });
      await pastSyncs([volume], () => {
        open(volume, 'again');
        if (generation === 1) open(volume, 'once');
      });
    }
    const { volume: name } = volume.location;
    assert.deepEqual(habits().toSorted(), [
      [name, 'again', 'rereads'],
      [name, 'never', 'unread'],
      [name, 'once', 'not_reread'],
    ]);
  });

  it('is that of each volume of a pod with several, and is explained', async () => {
    areExplained = true;
    const [read, unread] = [node.volume({ name: 'read' }), node.volume({ name: 'unread' })];
    for (let generation = 0; generation <= ROTATIONS; generation += 1) {
      blindMs = 0;
      for (const volume of [read, unread]) rotate(volume);
      await pastSyncs([read, unread], () => open(read, 'token'));
    }
    assert.deepEqual(habits().toSorted(), [
      ['read', 'token', 'rereads'],
      ['unread', 'token', 'unread'],
    ]);
  });

  for (const { it: title, isRead, before, after } of [
    { it: 'never', isRead: () => false, before: 'unread', after: 'unknown' },
    { it: 'once, at its start', isRead: (at: number) => at === 1, before: 'not_reread', after: 'unknown' },
    { it: 'in each generation', isRead: () => true, before: 'rereads', after: 'rereads' },
  ] as const)
    it(`is ${after} after a restart of the exporter for one that reads ${title}`, async () => {
      const volume = node.volume();
      const reader = {
        it: title,
        habit: before,
        later: (at: number, read: () => void) => void (isRead(at) && read()),
      };
      for (let at = 0; at <= ROTATIONS; at += 1) await live(volume, reader, at);
      assert.deepEqual(verdicts(), [before]);
      stopExporter();
      startExporter();
      await scan();
      for (let at = ROTATIONS + 1; at <= 2 * ROTATIONS; at += 1) await live(volume, reader, at);
      assert.deepEqual(verdicts(), [after]);
    });

  it('is unread if the kubelet is restarted, which looks at all files, requests all tokens and rotates at once', async () => {
    const volume = node.volume();
    await live(volume, { it: '', habit: 'unread' }, 0);
    for (let generation = 1; generation <= 2 * ROTATIONS; generation += 1) {
      await live(volume, { it: '', habit: 'unread' }, generation);
      sync([volume]);
      await restartKubelet(volume, 1);
    }
    assert.deepEqual(verdicts(), ['unread']);
  });

  it('is still rereads if the kubelet is restarted again and again, in less time than a generation takes', async () => {
    const volume = node.volume();
    const reader: Reader = { it: '', habit: 'rereads', later: always };
    for (let generation = 0; generation <= 3; generation += 1) await live(volume, reader, generation);
    for (let restart = 0; restart < 5; restart += 1) await restartKubelet(volume, 60);
    assert.deepEqual(verdicts(), ['rereads']);
  });
});
