/**
 * The pods of the demo: a row for each thing that is worth seeing, and how it comes about.
 *
 * Knows what the exporter should find, not how it does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BREAKS, writeContent } from './breakage.ts';
import { type PodOptions, tokenVolume } from './pods.ts';
import type { World } from './world.ts';

export interface DemoPod {
  readonly name: string;
  /** What there is to see, in a few words. */
  readonly shows: string;
  /** A query or a line of the metrics that shows it. */
  readonly lookFor: string;
  readonly play: (world: World, name: string) => void;
}

const NAMESPACE = 'demo';
const CYCLE_SECONDS = 540;
const FRESH_PODS = 12;

/** A pod with one volume of its own and no default token. */
function single(
  name: string,
  volume: string,
  path: string,
  audience: string,
  expirationSeconds: number,
): PodOptions {
  return {
    name,
    namespace: NAMESPACE,
    serviceAccount: name,
    isAutomounted: false,
    volumes: [tokenVolume(volume, { path, audience, expirationSeconds })],
  };
}

const vault = (name: string, audience = 'vault', seconds = 600): PodOptions =>
  single(name, 'vault-token', 'vault-token', audience, seconds);

/** Breaks the token file of a fresh pod, which nobody then refreshes. */
function broken(kind: keyof typeof BREAKS): DemoPod['play'] {
  return (world, name) => {
    const { uid } = world.run(vault(name)).metadata;
    BREAKS[kind](world.kubelet.volumeFolder(uid, 'vault-token'), 'vault-token');
  };
}

/**
 * Synced every 90 s from its start, a token of 600 s is replaced at 540 s of age. Pods started 45 s apart make one
 * rotation every 45 s, and at any moment one of them is between its refresh being due and its being done.
 */
function healthy(world: World, name: string): void {
  for (let index = 0; index < FRESH_PODS; index += 1) {
    const age = (index * CYCLE_SECONDS) / FRESH_PODS;
    const options = { ...vault(`${name}-${index}`), isAutomounted: true, serviceAccount: name };
    world.keepFresh(world.run(options, age), age);
  }
}

function copied(world: World, name: string): void {
  const { kubelet } = world;
  const [from, to] = [world.run(vault(`${name}-source`)), world.run(vault(name))].map(({ metadata }) =>
    kubelet.volumeFolder(metadata.uid, 'vault-token'),
  ) as [string, string];
  writeContent(to, 'vault-token', readFileSync(join(from, 'vault-token')));
}

function doomed(world: World, name: string): void {
  world.run(vault(name), 900);
  world.cluster.deleteServiceAccount(NAMESPACE, name);
}

function legacy(world: World, name: string): void {
  world.cluster.createLegacySecret(NAMESPACE, `${name}-token`, name);
  const volumes = [{ name: 'legacy', secret: { secretName: `${name}-token` } }];
  world.run({ name, namespace: NAMESPACE, serviceAccount: name, isAutomounted: false, volumes });
}

function aged(options: (name: string) => PodOptions, age: number): DemoPod['play'] {
  return (world, name) => void world.run(options(name), age);
}

const problem = (reason: string): string => `satoken_problem{reason="${reason}"}`;
const unreadable = (reason: string): string => `satoken_unreadable{reason="${reason}"}`;

export const DEMO_PODS: readonly DemoPod[] = [
  {
    name: 'shop',
    shows: 'twelve healthy pods, one token replaced every 45 s',
    lookFor: 'satoken_rotations_total',
    play: healthy,
  },
  {
    name: 'uploader',
    shows: 'a day-long token that the kubelet should have replaced 15 minutes ago',
    lookFor: problem('rotation_overdue'),
    play: aged((name) => single(name, 'aws-iam-token', 'token', 'sts.amazonaws.com', 86_400), 70_020),
  },
  {
    name: 'controller',
    shows: 'a default token past the hour that was asked for, accepted for a year',
    lookFor: problem('stale'),
    play: aged((name) => ({ name, namespace: NAMESPACE, serviceAccount: name }), 4_000),
  },
  {
    name: 'payments',
    shows: 'a token that expired after its account was deleted',
    lookFor: problem('expired'),
    play: doomed,
  },
  {
    name: 'clock',
    shows: 'a token issued in the future, as after a jump of the clock',
    lookFor: problem('not_yet_valid'),
    play: aged((name) => vault(name), -3_600),
  },
  {
    name: 'typo',
    shows: 'a token for the audience valut',
    lookFor: problem('audience_mismatch'),
    play: aged((name) => vault(name, 'valut', 7_200), 60),
  },
  {
    name: 'copied',
    shows: 'a token that is bound to another pod',
    lookFor: problem('pod_mismatch'),
    play: copied,
  },
  {
    name: 'legacy',
    shows: 'a token that never ends, out of a Secret',
    lookFor: problem('legacy_token'),
    play: legacy,
  },
  {
    name: 'garbage',
    shows: 'bytes that are no token',
    lookFor: unreadable('not_a_jwt'),
    play: broken('garbage'),
  },
  { name: 'emptied', shows: 'an empty file', lookFor: unreadable('empty'), play: broken('emptied') },
  {
    name: 'huge',
    shows: '10 MB where a token belongs',
    lookFor: unreadable('too_large'),
    play: broken('oversized'),
  },
  {
    name: 'fifo',
    shows: 'a named pipe in place of the file',
    lookFor: unreadable('not_a_file'),
    play: broken('fifo'),
  },
  {
    name: 'escape',
    shows: 'a link out of the volume',
    lookFor: unreadable('bad_link'),
    play: broken('linkOut'),
  },
  {
    name: 'locked',
    shows: 'a file of mode 0000, which root reads all the same',
    lookFor: 'satoken_unreadable{reason="permission_denied"}',
    play: broken('locked'),
  },
  {
    name: 'unmounted',
    shows: 'a volume that looks empty, as without mount propagation',
    lookFor: unreadable('not_mounted'),
    play: broken('emptyFolder'),
  },
];

/** Runs them all. */
export function playDemo(world: World): void {
  for (const { name, play } of DEMO_PODS) play(world, name);
}
