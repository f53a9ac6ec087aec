/**
 * An hour of a node in virtual time: healthy at first, then one trouble after another.
 *
 * Knows when what happens, nothing of how it is recorded or asked about.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_PODS } from '../../simulator/demo/pods.ts';
import * as scenarios from '../../simulator/demo/scenarios.ts';
import { plainFolders } from '../../simulator/kubelet/mounts.ts';
import type { Pod } from '../../simulator/objects.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { type Facts, NO_FACTS } from '../../src/core/facts.ts';
import type { Observation, ReadFailure } from '../../src/core/observation.ts';
import { createTokenFiles, type TokenFiles } from '../../src/sources/files/token-files.ts';
import type { Rotation } from '../../src/sources/files/volume.ts';
import { factsOf, UNREACHABLE } from './api-facts.ts';

/** A whole hour of the clock, so that Prometheus keeps it in one block. */
export const START = Date.UTC(2026, 0, 1, 12) / 1_000;
export const STEP = 30;
const MINUTE = 60;
const END = START + 60 * MINUTE;
const RESTART_MINUTE = 49;
export const RESTARTED_AT = START + RESTART_MINUTE * MINUTE;
/** Nobody asks just when a scrape comes in. */
const OFF_BEAT = 10;

/** What goes on beside the node's files. */
type Condition =
  | 'API server gone'
  | 'second agent gone'
  | 'third node joined'
  | 'first agent restarted'
  | 'bug'
  | 'passwords guessed'
  | 'web configuration broken'
  | 'watches limited';

export interface Stage {
  readonly world: World;
  readonly goingOn: Set<Condition>;
}

interface Scene {
  readonly name: string;
  readonly minute: number;
  readonly play: (stage: Stage) => void;
  /** How long after that there is something to see. */
  readonly seenAfter: number;
}

function scene(name: string, minute: number, play: Scene['play'], seenAfter = 90): Scene {
  return { name, minute, play, seenAfter };
}

function starts(condition: Condition, minute: number, seenAfter = 90): Scene {
  return scene(condition, minute, ({ goingOn }) => void goingOn.add(condition), seenAfter);
}

/** Pods of the demo that are in trouble, a minute apart. The first of them changes keys: that comes last here. */
const TROUBLES = DEMO_PODS.filter(({ name }) => name !== 'shop' && name !== 'oldkey');

const SCENES: readonly Scene[] = [
  scene('healthy', 0, () => undefined, 13 * MINUTE),
  scene('kubelet restarted', 14, ({ world }) => {
    world.kubelet.stop();
    world.kubelet.start();
  }),
  ...TROUBLES.map(({ name, scenario }, index) =>
    scene(name, 16 + index, ({ world }) => scenario(world, name)),
  ),
  starts('API server gone', 45),
  scene('API server back', 47, ({ goingOn }) => void goingOn.delete('API server gone')),
  starts('second agent gone', 48, 180),
  starts('third node joined', 48),
  starts('first agent restarted', RESTART_MINUTE),
  starts('bug', 49),
  starts('passwords guessed', 49),
  starts('web configuration broken', 49),
  starts('watches limited', 49),
  scene('kubelet stopped', 50, ({ world }) => world.kubelet.stop(), 570),
  scene('burning', 57, ({ world }) => world.cluster.changeKey(false), 150),
];

export function instantOf(name: string): number {
  const found = SCENES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no scene ${name}`);
  return START + found.minute * MINUTE + found.seenAfter + OFF_BEAT;
}

/** What the exporter knows at one scrape. */
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
  const { world, goingOn } = stage;
  const cluster = goingOn.has('API server gone') ? UNREACHABLE : factsOf(world.cluster, tokens, now);
  const self = { podUid: uid, mountedTokenId: own?.claims.id };
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

/** Plays the hour; leaves nothing behind. */
export async function playHour(listeners: Listeners): Promise<void> {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-hour-'));
  let time = START;
  const now = () => time;
  const world = createWorld({ rootDir, mounts: plainFolders, now });
  const files = createTokenFiles({
    rootDir,
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
    await play({ world, goingOn: new Set() }, files, setTime, listeners);
  } finally {
    files.close();
    world.kubelet.close();
    rmSync(rootDir, { recursive: true, force: true });
  }
}
