/**
 * Tokens that are not replaced in time, of a node or of one pod, each for a cause of its own.
 */
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import { tokenVolume } from '../../../simulator/pods.ts';
import type { World } from '../../../simulator/world.ts';
import type { ServedWorldOptions } from '../../support/served-world.ts';
import { dayPod, dayTokens, EXPORTER, LATE, played, remove, rotate, type Trouble, uidOf } from './trouble.ts';

/** A token of a day is due at 69,120 s of age and late 600 s after that. */
const DAY_LATE = 69_720;
/** What the exporter's own pod is when its kubelet has left it alone for so long. */
const oldOwn =
  (age: number) =>
  (world: World): ReturnType<World['run']> =>
    world.run(
      {
        name: EXPORTER,
        namespace: scenarios.NAMESPACE,
        serviceAccount: EXPORTER,
        volumes: [tokenVolume('canary', { path: 'token', expirationSeconds: 600 })],
      },
      age,
    );

const LATE_CANARY: ServedWorldOptions = { runOwn: oldOwn(LATE - 8) };

/** A hundred pods and the canary, all of the same age. */
function withHundredPods(world: World): ReturnType<World['run']> {
  for (let index = 0; index < 100; index += 1) world.run(scenarios.vaultPod(`pod-${index}`), LATE - 8);
  return oldOwn(LATE - 8)(world);
}

const STALLED = ['SATokenExpired', 'SATokenRotationOverdue', 'SATokenCanaryLate'];

export const NODE_TROUBLES: readonly Trouble[] = [
  {
    name: 'node-stalled',
    options: { runOwn: withHundredPods },
    // Before it replaces the token of any.
    play: ({ world }) => world.kubelet.stop(),
    mend: ({ world }) => world.kubelet.start(),
    tells: 'SATokenNodeRotationStalled',
    severity: 'critical',
    says: /^Node node-1: 10\d tokens of several pods are late/,
    silences: STALLED,
  },
  {
    name: 'node-not-ready',
    options: LATE_CANARY,
    play: ({ world }) => {
      dayTokens(world, 3, DAY_LATE);
      world.kubelet.stop();
    },
    mend: ({ world }) => world.kubelet.start(),
    silences: ['SATokenNodeRotationStalled', ...STALLED],
    raises: ['KubeNodeNotReady'],
  },
  {
    name: 'canary-late',
    options: LATE_CANARY,
    play: ({ world }) => dayTokens(world, 3, 60),
    mend: ({ world, own }) => world.kubelet.rotate(own.metadata.uid),
    tells: 'SATokenCanaryLate',
    severity: 'warning',
    silences: ['SATokenExpired', 'SATokenRotationOverdue'],
  },
  {
    name: 'clock-jumped',
    play: played(scenarios.aged((name) => scenarios.vaultPod(name), -3_600)),
    mend: rotate,
    tells: 'SATokenNotYetValid',
    severity: 'critical',
  },
];

export const LATE_TROUBLES: readonly Trouble[] = [
  {
    name: 'pod-stuck',
    play: played(scenarios.aged(dayPod, DAY_LATE)),
    mend: rotate,
    tells: 'SATokenRotationOverdue',
    severity: 'warning',
    says: /pod demo\/victim on node node-1: .* on the node: unknown\./,
  },
  {
    name: 'sibling-volume-failed',
    play: played(scenarios.siblingVolumeFailed),
    mend: (served) => {
      served.world.kubelet.block(uidOf(served), false);
      served.world.kubelet.sync(uidOf(served));
    },
    tells: 'SATokenRotationOverdue',
    severity: 'warning',
    says: / on the node: sibling_volume_failed\./,
  },
  {
    name: 'day-used-up',
    // Three quarters of the 17,280 s between refresh and end.
    play: played(scenarios.aged(dayPod, 82_080)),
    mend: rotate,
    tells: 'SATokenRotationOverdue',
    severity: 'critical',
    silences: ['SATokenRotationOverdue'],
  },
  {
    name: 'token-expired',
    play: played(scenarios.aged((name) => scenarios.vaultPod(name), 600)),
    mend: rotate,
    tells: 'SATokenExpired',
    severity: 'critical',
    says: / on the node: unknown\./,
    silences: ['SATokenRotationOverdue'],
  },
  {
    name: 'token-without-series-expired',
    options: { args: ['--metrics.per-token=none'] },
    play: played(scenarios.aged((name) => scenarios.vaultPod(name), 600)),
    mend: rotate,
    tells: 'SATokenExpired',
    severity: 'critical',
    says: /^Tokens on node node-1 \(1\): expired/,
    silences: ['SATokenRotationOverdue'],
  },
  {
    name: 'audience-refused',
    play: played(scenarios.audienceDenied),
    mend: remove,
    tells: 'SATokenExpired',
    severity: 'critical',
    says: / on the node: audience_refused\./,
    silences: ['SATokenRotationOverdue'],
  },
  {
    name: 'default-token-stale',
    play: played(
      scenarios.aged((name) => ({ name, namespace: scenarios.NAMESPACE, serviceAccount: name }), 4_000),
    ),
    mend: rotate,
    tells: 'SATokenStale',
    severity: 'warning',
    silences: ['SATokenRotationOverdue'],
  },
  { name: 'pod-terminates', play: played(scenarios.podTerminating) },
  { name: 'pod-completed', play: played(scenarios.podCompleted) },
];
