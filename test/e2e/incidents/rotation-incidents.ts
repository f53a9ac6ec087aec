/**
 * Incidents with overdue and expired tokens, of a whole node or of one pod.
 */
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import { tokenVolume } from '../../../simulator/pods.ts';
import type { World } from '../../../simulator/world.ts';
import type { ServedWorldOptions } from '../support/served-world.ts';
import {
  EXPORTER,
  type Incident,
  OVERDUE_AGE,
  removePod,
  rotate,
  runDayPods,
  scenario,
  uidOf,
  VICTIM,
} from './incident.ts';

/** A token of a day is due at 69,120 s of age and overdue past its grace period 600 s later. */
const DAY_OVERDUE_AGE = 69_720;
/** The pod of the exporter, not synced for `age` seconds. */
const agedExporterPod =
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

const CANARY_OVERDUE: ServedWorldOptions = { runExporterPod: agedExporterPod(OVERDUE_AGE - 8) };

/** 100 pods and the canary, all of the same age. */
function withHundredPods(world: World): ReturnType<World['run']> {
  for (let index = 0; index < 100; index += 1) world.run(scenarios.vaultPod(`pod-${index}`), OVERDUE_AGE - 8);
  return agedExporterPod(OVERDUE_AGE - 8)(world);
}

const STALLED = ['SATokenExpired', 'SATokenRotationOverdue', 'SATokenCanaryLate'];

export const NODE_INCIDENTS: readonly Incident[] = [
  {
    name: 'node-stalled',
    options: { runExporterPod: withHundredPods },
    // Before the kubelet rotates any token.
    start: ({ world }) => world.kubelet.stop(),
    resolve: ({ world }) => world.kubelet.start(),
    alert: 'SATokenNodeRotationStalled',
    severity: 'critical',
    description: /^Node node-1: tokens are overdue \(10\d\)/,
    inhibited: STALLED,
  },
  {
    name: 'node-not-ready',
    options: CANARY_OVERDUE,
    start: ({ world }) => {
      runDayPods(world, 3, DAY_OVERDUE_AGE);
      world.kubelet.stop();
    },
    resolve: ({ world }) => world.kubelet.start(),
    inhibited: ['SATokenNodeRotationStalled', ...STALLED],
    otherAlerts: ['KubeNodeNotReady'],
  },
  {
    name: 'canary-overdue',
    options: CANARY_OVERDUE,
    start: ({ world }) => runDayPods(world, 3, 60),
    resolve: ({ world, exporterPod }) => world.kubelet.rotate(exporterPod.metadata.uid),
    alert: 'SATokenCanaryLate',
    severity: 'warning',
    inhibited: ['SATokenExpired', 'SATokenRotationOverdue'],
  },
  {
    name: 'clock-jumped',
    start: scenario(scenarios.aged((name) => scenarios.vaultPod(name), -3_600)),
    resolve: rotate,
    alert: 'SATokenNotYetValid',
    severity: 'critical',
  },
];

export const ROTATION_INCIDENTS: readonly Incident[] = [
  {
    name: 'pod-overdue',
    start: scenario(scenarios.aged(scenarios.dayPod, DAY_OVERDUE_AGE)),
    resolve: rotate,
    alert: 'SATokenRotationOverdue',
    severity: 'warning',
    description: /pod demo\/victim on node node-1: .* Cause: unknown\./,
  },
  {
    name: 'sibling-volume-failed',
    start: (served) => {
      served.world.run(scenarios.dayPod(VICTIM), DAY_OVERDUE_AGE);
      served.world.kubelet.block(uidOf(served), true, 'mount failed: exit status 32');
      served.world.kubelet.sync(uidOf(served));
    },
    resolve: (served) => {
      served.world.kubelet.block(uidOf(served), false);
      served.world.kubelet.sync(uidOf(served));
    },
    alert: 'SATokenRotationOverdue',
    severity: 'warning',
    description: / Cause: sibling_volume_failed\./,
  },
  {
    name: 'pod-overdue-critical',
    // Three quarters of the 17,280 s between refresh and expiration.
    start: scenario(scenarios.aged(scenarios.dayPod, 82_080)),
    // Not by rotation, after which the warning fires 3 min longer than the critical alert and is no longer inhibited.
    resolve: removePod,
    alert: 'SATokenRotationOverdue',
    severity: 'critical',
    inhibited: ['SATokenRotationOverdue'],
  },
  {
    name: 'hour-token-stuck',
    // Overdue already, and critical some minutes before it expires.
    start: scenario(scenarios.aged((name) => scenarios.vaultPod(name, 'vault', 3_600), 3_180)),
    resolve: rotate,
    alert: 'SATokenRotationOverdue',
    severity: 'critical',
    isWarnedOf: true,
    // A token that has expired has no time left.
    description: / Cause: unknown\. Rejected in [1-4]m \d+s\. /,
  },
  {
    name: 'token-expired',
    start: scenario(scenarios.aged((name) => scenarios.vaultPod(name), 600)),
    resolve: rotate,
    alert: 'SATokenExpired',
    severity: 'critical',
    description: / Cause: unknown\./,
    inhibited: ['SATokenRotationOverdue'],
  },
  {
    name: 'token-without-series-expired',
    options: { args: ['--metrics.per-token=none'] },
    start: scenario(scenarios.aged((name) => scenarios.vaultPod(name), 600)),
    resolve: rotate,
    alert: 'SATokenExpired',
    severity: 'critical',
    description: /^Tokens on node node-1 \(1\): expired/,
    inhibited: ['SATokenRotationOverdue'],
  },
  {
    name: 'audience-refused',
    start: scenario(scenarios.audienceDenied),
    resolve: removePod,
    alert: 'SATokenExpired',
    severity: 'critical',
    description: / Cause: audience_refused\./,
    inhibited: ['SATokenRotationOverdue'],
  },
  {
    name: 'default-token-stale',
    start: scenario(
      scenarios.aged((name) => ({ name, namespace: scenarios.NAMESPACE, serviceAccount: name }), 4_000),
    ),
    resolve: rotate,
    alert: 'SATokenStale',
    severity: 'warning',
    inhibited: ['SATokenRotationOverdue'],
  },
  {
    name: 'pod-terminating',
    start: (served) => {
      served.world.run({ ...scenarios.dayPod(VICTIM), graceSeconds: 3_600 }, DAY_OVERDUE_AGE);
      served.world.kubelet.terminate(uidOf(served));
    },
  },
  {
    name: 'pod-terminating-for-hours',
    start: scenario(scenarios.longTermination(7_200)),
    resolve: removePod,
    alert: 'SATokenTerminating',
    severity: 'warning',
  },
  { name: 'pod-completed', start: scenario(scenarios.podCompleted) },
];
