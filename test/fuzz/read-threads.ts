/**
 * The thread that watches, the exporter, a kubelet, a command and a workload on a real volume, each of which may be interrupted at
 * every step: between two system calls, and between two messages of the threads.
 *
 * Opens and closes of one file are a single step, because the kernel merges those of two processes that overlap.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeOf } from '../../src/core/origin.ts';
import type { Visits } from '../../src/sources/files/pods/pods-root.ts';
import { createCommandOpens } from '../../src/sources/reads/command-opens.ts';
import { createOwnOpens, type OwnOpens } from '../../src/sources/reads/own-opens.ts';
import type { Report } from '../../src/sources/reads/protocol.ts';
import { createVolumes, type Volumes } from '../../src/sources/reads/volumes.ts';
import { errorCode } from '../../src/util/error-code.ts';
import { createWatchedNode, type WatchedNode } from '../sources/reads/support/watched-node.ts';
import { token } from '../support/tokens.ts';
import { createRandom, type Random } from './random.ts';

/** Ends with the step that it does when it is resumed. */
type Actor = Generator<undefined, void>;

const FILES = ['token', 'ca.crt', 'namespace'];
/** Of one volume. In each of them, the actors are interleaved twice. */
const GENERATIONS = 5;
export const INTERLEAVINGS_PER_VOLUME = 2 * GENERATIONS;
const MAX_SLEEP = 40;
/** More than a visit of the kubelet may take. */
const SETTLE_DRAINS = 4;
const DRAIN_SECONDS = 2;
const TOKEN = token({ identity: { volume: 'vault-token', path: 'token' } });

interface Stage {
  readonly random: Random;
  readonly folder: string;
  readonly opens: OwnOpens;
  readonly watched: WatchedNode;
  readonly volumes: Volumes;
  readonly reports: Report[];
  seconds: number;
  generation: number;
  isSwapped: boolean;
  /** Whether the thread could watch the generation by now. */
  isWatched: boolean;
  hasFolder: boolean;
  /** Number of steps of the thread that are left out, as if it got no CPU. */
  sleep: number;
  /** Whether the exporter opens a file, and takes no report meanwhile. */
  isOpening: boolean;
  /** The generations with a read. */
  readonly read: Set<number>;
  /** The last one with a read that did not come before any watch; 0 without one. */
  lastSeen: number;
  readonly log: string[];
}

const name = (generation: number): string => `..generation_${generation}`;

function touch(path: string): void {
  closeSync(openSync(path, 'r'));
}

function shuffled<T>(values: readonly T[], random: Random): readonly T[] {
  return values
    .map((value) => ({ value, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
}

function* visit({ folder, random, log }: Stage, isCut: boolean): Actor {
  const generation = join(folder, readlinkSync(join(folder, '..data')));
  log.push('visit');
  readdirSync(generation);
  yield;
  for (const file of shuffled(FILES, random)) {
    touch(join(generation, file));
    log.push(`visit ${file}`);
    yield;
    if (isCut && file === 'token') return;
  }
}

function* rotate(stage: Stage): Actor {
  const { folder, generation, log, random } = stage;
  const isFirst = generation === 1;
  if (!isFirst) yield* visit(stage, true);
  mkdirSync(join(folder, name(generation)));
  stage.hasFolder = true;
  log.push('mkdir');
  yield;
  for (const file of shuffled(FILES, random)) {
    writeFileSync(join(folder, name(generation), file), `${generation}`);
    yield;
  }
  if (random.isOneIn(3)) {
    readdirSync(folder);
    readdirSync(join(folder, name(generation)));
    log.push('group');
    yield;
  }
  symlinkSync(name(generation), join(folder, '..data_tmp'));
  yield;
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  stage.isSwapped = true;
  log.push('swap');
  yield;
  rmSync(join(folder, name(generation - 1)), { recursive: true, force: true });
}

/** Opens the token at once, or a while later. */
function* read(stage: Stage): Actor {
  while (!stage.isSwapped) yield;
  for (let wait = stage.random.below(6); wait > 0; wait -= 1) yield;
  touch(join(stage.folder, '..data', 'token'));
  stage.read.add(stage.generation);
  if (stage.isWatched) stage.lastSeen = stage.generation;
  stage.log.push(`read${stage.isWatched ? '' : ' (before the watch)'}`);
}

/** Opens and announces, in one turn of the event loop of the exporter. The thread does not wait for that. */
function* openOwn(stage: Stage, generation: string, file: string): Actor {
  const { folder, opens, log } = stage;
  const path = join(folder, generation, file);
  stage.isOpening = true;
  opens.opening();
  yield;
  const descriptor = openSync(path, 'r');
  const stats = fstatSync(descriptor);
  closeSync(descriptor);
  log.push(`own ${file}`);
  yield;
  if (file === '') opens.openedDirectory(join(folder, generation));
  else opens.openedFile(path, stats);
  stage.isOpening = false;
}

/** The exporter reads the volume after the swap. */
function* scan(stage: Stage): Actor {
  while (!stage.isSwapped) yield;
  const generation = readlinkSync(join(stage.folder, '..data'));
  for (const file of ['', ...FILES]) {
    yield* openOwn(stage, generation, file);
    yield;
  }
}

/** Opens what a command opens, which may be gone. */
function* openAll({ folder, random, log }: Stage, visits: Visits): Actor {
  visits.begin();
  yield;
  try {
    const generation = join(folder, readlinkSync(join(folder, '..data')));
    readdirSync(generation);
    log.push('command');
    yield;
    for (const file of shuffled(FILES, random)) {
      touch(join(generation, file));
      log.push(`command ${file}`);
      yield;
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  visits.end();
  log.push('command ends');
}

/** An engineer runs `explain`, which reads the volume, and the token once more. */
function* explain(stage: Stage): Actor {
  while (!stage.isSwapped) yield;
  const { visits } = createCommandOpens(stage.watched.program);
  if (visits === undefined) return;
  for (let count = 0; count < 2; count += 1) {
    yield* openAll(stage, visits);
    yield;
  }
}

function follow(stage: Stage): void {
  const { hasFolder } = stage;
  stage.watched.follow();
  stage.isWatched ||= hasFolder;
  stage.log.push('thread follows');
}

function drain(stage: Stage): void {
  follow(stage);
  const { started, drained, losses } = stage.watched.step();
  const [, folders] = stage.watched.counts();
  stage.reports.push({
    started,
    drained,
    losses,
    readAt: stage.seconds,
    folders,
    isLimited: false,
    tookMs: 0,
  });
  stage.log.push(
    `thread drains ${JSON.stringify(drained.map(({ events }) => events.map(({ kind, name: file }) => `${kind} ${file}`)))} ${started.map(({ blindMs }) => `blind ${blindMs}`)}`,
  );
}

function takeReport({ reports, volumes, seconds, log }: Stage): void {
  const report = reports.shift();
  if (report === undefined) return;
  volumes.addReport(report, { at: seconds, monotonicMs: seconds * 1_000 });
  log.push('report taken');
}

/** One step of a thread of the exporter: the one that watches, which may get no CPU for a while, or the main one. */
function stepThread(stage: Stage): void {
  const step = stage.random.pick([follow, drain, takeReport]);
  if (step === takeReport) {
    if (!stage.isOpening) takeReport(stage);
    return;
  }
  if (stage.sleep > 0) stage.sleep -= 1;
  else step(stage);
}

/** Runs the actors to their ends, one step of one of them after the other. */
function interleave(stage: Stage, actors: readonly Actor[]): void {
  let running = actors;
  while (running.length > 0) {
    const actor = running[stage.random.below(running.length + 3)];
    if (actor === undefined) stepThread(stage);
    else if (actor.next().done === true) running = running.filter((one) => one !== actor);
  }
}

function settle(stage: Stage): void {
  for (let count = 0; count < SETTLE_DRAINS; count += 1) {
    stage.seconds += DRAIN_SECONDS;
    stage.watched.pass(DRAIN_SECONDS * 1_000);
    drain(stage);
    while (stage.reports.length > 0) takeReport(stage);
  }
}

function live(stage: Stage): void {
  const { random } = stage;
  stage.generation += 1;
  Object.assign(stage, {
    isSwapped: false,
    isWatched: false,
    hasFolder: false,
    sleep: random.below(MAX_SLEEP),
  });
  stage.log.push(`generation ${stage.generation}`);
  const some = (oneIn: number, actor: (stage: Stage) => Actor) =>
    random.isOneIn(oneIn) ? [actor(stage)] : [];
  interleave(stage, [rotate(stage), scan(stage), ...some(8, read), ...some(8, explain)]);
  settle(stage);
  interleave(stage, [visit(stage, false), ...some(10, read), ...some(3, explain)]);
  settle(stage);
}

/** Returns which count of reads is false; undefined if they are right. */
function mistakeIn({ volumes, generation, read: wasRead, lastSeen }: Stage): string | undefined {
  const reads = volumes.facts().tokens.get(placeOf(TOKEN.identity));
  if (reads === undefined) return 'not watched';
  const { withoutRead, surelyWithoutRead, lastReadAt, mayHideRead } = reads;
  // As long as the current generation may have been read, nothing is claimed.
  if (mayHideRead) return undefined;
  // The current generation is not counted.
  const ended = Array.from({ length: generation - 1 }, (_, index) => index + 1);
  const since = ended.filter((one) => one > lastSeen);
  if (withoutRead > since.length) return `${withoutRead} without a read`;
  const unread = since.filter((one) => !wasRead.has(one));
  if (surelyWithoutRead > unread.length) return `${surelyWithoutRead} surely without a read`;
  return wasRead.size === 0 && lastReadAt !== undefined ? 'read' : undefined;
}

function createStage(root: string, seed: number): Stage {
  const opens = createOwnOpens(root);
  const volumes = createVolumes(root);
  const { podUid, volume } = TOKEN.identity;
  const folder = join(root, 'pods', podUid, 'volumes/kubernetes.io~projected', volume);
  const stage: Stage = {
    random: createRandom(seed),
    folder,
    opens,
    watched: createWatchedNode(opens.shared),
    volumes,
    reports: [],
    seconds: 10_000,
    generation: 0,
    isSwapped: false,
    isWatched: false,
    hasFolder: false,
    sleep: 0,
    isOpening: false,
    read: new Set(),
    lastSeen: 0,
    log: [],
  };
  opens.follow((open) => volumes.addOpen(open, stage.seconds * 1_000));
  mkdirSync(folder, { recursive: true });
  return stage;
}

/** The exporter finds the volume. What was read before does not count. */
function watch({ volumes, watched, seconds, read: wasRead }: Stage): void {
  for (const command of volumes.setTokens([TOKEN], seconds * 1_000)) watched.obey(command);
  wasRead.clear();
}

function play(stage: Stage): void {
  live(stage);
  watch(stage);
  stage.lastSeen = 0;
  settle(stage);
  for (let count = 1; count < GENERATIONS; count += 1) live(stage);
}

export interface ThreadsOutcome {
  /** Interleavings in which something false is known of the reads. */
  readonly wrong: readonly string[];
  /** Generations that were found to be without a read, and those of them that were watched from before their swap. */
  readonly withoutRead: number;
  readonly surelyWithoutRead: number;
}

export function fuzzReadThreads(seed: number, count: number): ThreadsOutcome {
  const root = mkdtempSync(join(tmpdir(), 'read-threads-'));
  const wrong: string[] = [];
  let [withoutRead, surelyWithoutRead] = [0, 0];
  for (let index = 0; index < count; index += 1) {
    const stage = createStage(root, seed + index);
    play(stage);
    const mistake = mistakeIn(stage);
    const reads = stage.volumes.facts().tokens.get(placeOf(TOKEN.identity));
    withoutRead += reads?.withoutRead ?? 0;
    surelyWithoutRead += reads?.surelyWithoutRead ?? 0;
    if (mistake !== undefined) wrong.push(`seed ${seed + index}: ${mistake}\n${stage.log.join('\n')}`);
    stage.watched.close();
    rmSync(stage.folder, { recursive: true });
  }
  rmSync(root, { recursive: true });
  return { wrong, withoutRead, surelyWithoutRead };
}
