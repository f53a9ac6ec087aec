/**
 * A scripted hour of a simulated node: healthy at first, then one problem after another.
 *
 * It becomes longer than an hour if the demo gets more pods with problems.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_PODS, type DemoPod } from '../../simulator/demo/pods.ts';
import * as scenarios from '../../simulator/demo/scenarios.ts';
import { plainFolders } from '../../simulator/kubelet/mounts.ts';
import type { Pod } from '../../simulator/objects.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { type Facts, NO_FACTS } from '../../src/core/facts.ts';
import type { Observation, ReadFailure } from '../../src/core/observation.ts';
import { createTokenFiles, type TokenFiles } from '../../src/sources/files/token-files.ts';
import type { Rotation } from '../../src/sources/files/volume.ts';
import { createDatedMounts } from '../support/dated-mounts.ts';
import { factsOf, UNREACHABLE } from './api-facts.ts';

/** At an even hour, so that Prometheus keeps up to two hours in one block. */
export const START = Date.UTC(2026, 0, 1, 12) / 1_000;
/** Seconds between two scrapes. */
export const STEP = 30;
const MINUTE = 60;
/** Queries are evaluated between two scrapes. */
const QUERY_OFFSET = 10;

/** Problems that are not in the files of the node. */
type Condition =
  | 'API server down'
  | 'second exporter down'
  | 'third node joined'
  | 'first exporter restarted'
  | 'internal error'
  | 'passwords guessed'
  | 'web configuration invalid'
  | 'watches limited';

export interface Stage {
  readonly world: World;
  readonly active: Set<Condition>;
}

interface Scene {
  readonly name: string;
  readonly minute: number;
  readonly play: (stage: Stage) => void;
  /** Seconds after which its effect is visible. */
  readonly visibleAfter: number;
}

function scene(name: string, minute: number, play: Scene['play'], visibleAfter = 90): Scene {
  return { name, minute, play, visibleAfter };
}

function starts(condition: Condition, minute: number, visibleAfter = 90): Scene {
  return scene(condition, minute, ({ active }) => void active.add(condition), visibleAfter);
}

/** One minute for each pod, then what affects the whole node, for any number of pods. */
export function createScenes(pods: readonly DemoPod[]): readonly Scene[] {
  const first = 16;
  const end = first + pods.length;
  return [
    scene('healthy', 0, () => undefined, 13 * MINUTE),
    scene('kubelet restarted', 14, ({ world }) => {
      world.kubelet.stop();
      world.kubelet.start();
    }),
    ...pods.map(({ name, scenario }, index) =>
      scene(name, first + index, ({ world }) => scenario(world, name)),
    ),
    starts('API server down', end + 3),
    scene('API server up', end + 5, ({ active }) => void active.delete('API server down')),
    starts('second exporter down', end + 6, 180),
    starts('third node joined', end + 6),
    starts('first exporter restarted', end + 7),
    starts('internal error', end + 7),
    starts('passwords guessed', end + 7),
    starts('web configuration invalid', end + 7),
    starts('watches limited', end + 7),
    scene('kubelet stopped', end + 8, ({ world }) => world.kubelet.stop(), 570),
    scene('signing key changed', end + 15, ({ world }) => world.cluster.changeKey(false), 150),
  ];
}

/** `shop` is healthy, and `oldkey` changes the signing key, which comes last here. */
const SCENES = createScenes(DEMO_PODS.filter(({ name }) => name !== 'shop' && name !== 'oldkey'));

function visibleAt({ minute, visibleAfter }: Scene): number {
  return START + minute * MINUTE + visibleAfter + QUERY_OFFSET;
}

/** The last scrape: after every scene has become visible. */
export const END = START + MINUTE * Math.ceil((Math.max(...SCENES.map(visibleAt)) - START) / MINUTE);

function sceneOf(name: string): Scene {
  const found = SCENES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no scene ${name}`);
  return found;
}

/** When a scene starts. */
export function startOf(name: string): number {
  return START + sceneOf(name).minute * MINUTE;
}

/** When the effect of a scene is visible to a query. */
export function instantOf(name: string): number {
  return visibleAt(sceneOf(name));
}

/** The facts of the exporter at one scrape. */
export interface Moment {
  readonly now: number;
  readonly facts: Facts;
  readonly stage: Stage;
}

interface Listeners {
  readonly onRotation: (rotation: Rotation) => void;
  readonly onReadFailure: (reason: ReadFailure) => void;
  readonly onMoment: (moment: Moment) => Promise<void>;
}

function momentOf(stage: Stage, observation: Observation, exporter: Pod, now: number): Moment {
  const { tokens } = observation;
  const { uid } = exporter.metadata;
  const own = tokens.find(
    ({ identity }) => identity.podUid === uid && identity.volume.startsWith('kube-api-access-'),
  );
  const { world, active } = stage;
  const cluster = active.has('API server down') ? UNREACHABLE : factsOf(world.cluster, tokens, now);
  const self = { podUid: uid, mountedToken: own?.claims };
  return { now, facts: { ...NO_FACTS, observation, cluster, self }, stage };
}

async function play(stage: Stage, files: TokenFiles, setTime: (now: number) => void, listeners: Listeners) {
  scenarios.healthy(stage.world, 'shop');
  const exporter = scenarios.runExporter(stage.world, 'sa-token-exporter');
  for (let now = START; now <= END; now += STEP) {
    setTime(now);
    for (const { minute, play: act } of SCENES) if (START + minute * MINUTE === now) act(stage);
    stage.world.tick();
    await files.scan();
    await listeners.onMoment(momentOf(stage, files.observe(), exporter, now));
  }
}

/** Plays all scenes, and removes its files. */
export async function playHour(listeners: Listeners): Promise<void> {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-hour-'));
  let time = START;
  const now = () => time;
  const { mounts, statRoot } = createDatedMounts(plainFolders, now);
  const world = createWorld({ rootDir, mounts, now });
  const files = createTokenFiles({
    rootDir,
    statRoot,
    isWatching: true,
    now,
    onNudge: () => undefined,
    onWatchFailure: () => undefined,
    ...listeners,
  });
  const setTime = (at: number): void => {
    time = at;
  };
  try {
    await play({ world, active: new Set() }, files, setTime, listeners);
  } finally {
    files.close();
    world.kubelet.close();
    rmSync(rootDir, { recursive: true, force: true });
  }
}
