/**
 * Everything that can go wrong, as it is done to a simulated node, and who is told what of it.
 *
 * Knows the simulator's ways of going wrong and the names of alerts, nothing of how one leads to the other.
 */
import * as plays from '../../src/simulator/demo-plays.ts';
import { type PodOptions, tokenVolume } from '../../src/simulator/pods.ts';
import type { World } from '../../src/simulator/world.ts';
import type { ServedWorld, ServedWorldOptions } from '../support/served-world.ts';

export interface Trouble {
  /** As a person would tell it; short, since it names the cluster. */
  readonly name: string;
  readonly options?: ServedWorldOptions;
  /** Called while all is well. */
  readonly play: (served: ServedWorld) => unknown;
  /** Makes all well again; nothing where the trouble stays. */
  readonly mend?: (served: ServedWorld) => unknown;
  /** The one alert that is told of, where any is. */
  readonly tells?: string;
  readonly severity?: 'critical' | 'warning';
  /** What its description must say. */
  readonly says?: RegExp;
  /** Alerts that fire and are not told of. */
  readonly silences?: readonly string[];
  /** Alerts of others, without the labels of the place. */
  readonly raises?: readonly string[];
}

const VICTIM = 'victim';
const EXPORTER = 'sa-token-exporter';
const DAY = 86_400;
/** A token of a day is due at 69,120 s of age and late 600 s after that. */
const DAY_LATE = 69_720;
/** A token of ten minutes is late at 582 s of age and expires at 600 s. */
const LATE = 582;

const played =
  (play: plays.Play): Trouble['play'] =>
  ({ world }) =>
    play(world, VICTIM);

const uidOf = ({ podNamed }: ServedWorld): string => podNamed(VICTIM).metadata.uid;
/** Makes a new token. */
const rotate: Trouble['mend'] = (served) => served.world.kubelet.rotate(uidOf(served));
/** The workload is rolled out without the trouble. */
const remove: Trouble['mend'] = (served) => served.world.kubelet.remove(uidOf(served));

function rotateAll({ kubelet }: World): void {
  for (const { metadata } of kubelet.pods()) kubelet.rotate(metadata.uid);
}

/** An account that is going, which a finalizer holds: it is still listed, and its tokens are refused. */
function markAccountDeleted({ cluster }: World, deletionTimestamp: string | undefined): void {
  const { metadata, ...rest } = cluster.createServiceAccount(plays.NAMESPACE, VICTIM);
  const { deletionTimestamp: _before, ...kept } = metadata;
  cluster.addServiceAccount({
    ...rest,
    metadata: deletionTimestamp === undefined ? kept : { ...kept, deletionTimestamp },
  });
}

/** A pod with a token of a day and no other. */
function dayPod(name: string): PodOptions {
  const volumes = [tokenVolume('token', { path: 'token', audience: 'partner', expirationSeconds: DAY })];
  return { name, namespace: plays.NAMESPACE, serviceAccount: name, isAutomounted: false, volumes };
}

/** Some of them, so many seconds old. */
function dayTokens(world: World, count: number, age: number): void {
  for (let index = 0; index < count; index += 1) world.run(dayPod(`${VICTIM}-${index}`), age);
}

/** What the exporter's own pod is when its kubelet has left it alone for so long. */
const oldOwn =
  (age: number) =>
  (world: World): ReturnType<World['run']> =>
    world.run(
      {
        name: EXPORTER,
        namespace: plays.NAMESPACE,
        serviceAccount: EXPORTER,
        volumes: [tokenVolume('canary', { path: 'token', expirationSeconds: 600 })],
      },
      age,
    );

const LATE_CANARY: ServedWorldOptions = { runOwn: oldOwn(LATE - 8) };

/** A hundred pods and the canary, and the kubelet stops before it replaces the token of any. */
function stopKubelet({ world }: ServedWorld): void {
  world.kubelet.stop();
}

function withHundredPods(world: World): ReturnType<World['run']> {
  for (let index = 0; index < 100; index += 1) world.run(plays.vault(`pod-${index}`), LATE - 8);
  return oldOwn(LATE - 8)(world);
}

const STALLED = ['SATokenExpired', 'SATokenRotationOverdue', 'SATokenCanaryLate'];

const NODE_TROUBLES: readonly Trouble[] = [
  {
    name: 'node-stalled',
    options: { runOwn: withHundredPods },
    play: stopKubelet,
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
    play: played(plays.aged((name) => plays.vault(name), -3_600)),
    mend: rotate,
    tells: 'SATokenNotYetValid',
    severity: 'critical',
  },
];

const LATE_TROUBLES: readonly Trouble[] = [
  {
    name: 'pod-stuck',
    play: played(plays.aged(dayPod, DAY_LATE)),
    mend: rotate,
    tells: 'SATokenRotationOverdue',
    severity: 'warning',
    says: /pod demo\/victim on node node-1: .* on the node: unknown\./,
  },
  {
    name: 'sibling-volume-failed',
    play: played(plays.heldUp),
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
    play: played(plays.aged(dayPod, 82_080)),
    mend: rotate,
    tells: 'SATokenRotationOverdue',
    severity: 'critical',
    silences: ['SATokenRotationOverdue'],
  },
  {
    name: 'token-expired',
    play: played(plays.aged((name) => plays.vault(name), 600)),
    mend: rotate,
    tells: 'SATokenExpired',
    severity: 'critical',
    says: / on the node: unknown\./,
    silences: ['SATokenRotationOverdue'],
  },
  {
    name: 'token-without-series-expired',
    options: { args: ['--metrics.per-token=none'] },
    play: played(plays.aged((name) => plays.vault(name), 600)),
    mend: rotate,
    tells: 'SATokenExpired',
    severity: 'critical',
    says: /^Tokens on node node-1 \(1\): expired/,
    silences: ['SATokenRotationOverdue'],
  },
  {
    name: 'audience-refused',
    play: played(plays.refusedAudience),
    mend: remove,
    tells: 'SATokenExpired',
    severity: 'critical',
    says: / on the node: audience_refused\./,
    silences: ['SATokenRotationOverdue'],
  },
  {
    name: 'default-token-stale',
    play: played(plays.aged((name) => ({ name, namespace: plays.NAMESPACE, serviceAccount: name }), 4_000)),
    mend: rotate,
    tells: 'SATokenStale',
    severity: 'warning',
    silences: ['SATokenRotationOverdue'],
  },
  { name: 'pod-terminates', play: played(plays.terminating) },
  { name: 'pod-completed', play: played(plays.completed) },
];

const IDENTITY_TROUBLES: readonly Trouble[] = [
  {
    name: 'account-deleted',
    play: played(plays.doomed(900)),
    mend: (served) => {
      served.world.cluster.createServiceAccount(plays.NAMESPACE, VICTIM);
      served.world.kubelet.sync(uidOf(served));
    },
    tells: 'SATokenServiceAccountMissing',
    severity: 'critical',
    says: /^Service account demo\/victim \(tokens: 1\)/,
    silences: ['SATokenExpired', 'SATokenRotationOverdue'],
  },
  {
    name: 'account-recreated',
    play: (served) => {
      played(plays.aged((name) => plays.vault(name), LATE))(served);
      served.world.cluster.deleteServiceAccount(plays.NAMESPACE, VICTIM);
      served.world.cluster.createServiceAccount(plays.NAMESPACE, VICTIM);
    },
    mend: rotate,
    tells: 'SATokenServiceAccountRecreated',
    severity: 'critical',
    silences: ['SATokenExpired', 'SATokenRotationOverdue'],
  },
  {
    name: 'key-changed',
    play: ({ world, own }) => {
      dayTokens(world, 10, 60);
      world.cluster.changeKey(false);
      // The first token signed with the new key tells that there is one.
      world.kubelet.rotate(own.metadata.uid);
    },
    mend: ({ world }) => rotateAll(world),
    tells: 'SATokenSigningKeyUnknown',
    severity: 'critical',
    says: /does not publish \(10\)/,
  },
  {
    name: 'issuer-changed',
    // Before the exporter starts: what it knows of the issuer it asks for twice an hour.
    options: {
      runOwn: (world) => {
        dayTokens(world, 10, 60);
        world.cluster.changeIssuer('https://other.example');
        return plays.exporter(world, EXPORTER);
      },
    },
    play: () => undefined,
    mend: ({ world }) => rotateAll(world),
    tells: 'SATokenIssuerMismatch',
    severity: 'critical',
    says: /has now \(10\)/,
  },
  {
    name: 'signature-wrong',
    play: played(plays.forged),
    mend: rotate,
    tells: 'SATokenSignatureInvalid',
    severity: 'critical',
  },
  {
    name: 'token-refused',
    options: { args: ['--cluster.token-review=all'] },
    play: (served) => {
      played(plays.aged((name) => plays.vault(name), 60))(served);
      markAccountDeleted(served.world, new Date(0).toISOString());
    },
    mend: ({ world }) => markAccountDeleted(world, undefined),
    tells: 'SATokenRefused',
    severity: 'critical',
  },
  {
    name: 'audience-wrong',
    play: played(plays.aged((name) => plays.vault(name, 'valut', 7_200), 60)),
    mend: remove,
    tells: 'SATokenAudienceMismatch',
    severity: 'critical',
    says: /^Service account demo\/victim \(tokens: 1\), volume vault-token/,
  },
  {
    name: 'token-copied',
    play: played(plays.copied),
    mend: rotate,
    tells: 'SATokenPodMismatch',
    severity: 'critical',
  },
];

const FILE_TROUBLES: readonly Trouble[] = [
  {
    name: 'token-missing',
    play: played(plays.broken('removed', 300)),
    mend: rotate,
    tells: 'SATokenMissing',
    severity: 'critical',
  },
  {
    name: 'legacy-mounted',
    play: played(plays.legacy),
    mend: remove,
    tells: 'SATokenLegacyMounted',
    severity: 'warning',
  },
  {
    name: 'legacy-secret-deleted',
    play: played(plays.legacyGone),
    mend: remove,
    tells: 'SATokenLegacySecretMissing',
    severity: 'critical',
    silences: ['SATokenLegacyMounted'],
  },
  {
    name: 'legacy-secret-awaited',
    play: played(plays.waiting),
    mend: ({ world }) => world.cluster.deletePod(plays.NAMESPACE, VICTIM),
    tells: 'SATokenLegacySecretMissing',
    severity: 'critical',
  },
  {
    name: 'token-garbage',
    play: played(plays.broken('garbage')),
    mend: rotate,
    tells: 'SATokenUnreadable',
    severity: 'warning',
    says: /cannot be read \(not_a_jwt\)/,
  },
];

const EXPORTER_TROUBLES: readonly Trouble[] = [
  {
    name: 'exporter-down',
    play: ({ stopExporter }) => stopExporter(),
    mend: ({ startExporter }) => startExporter(),
    tells: 'SATokenExporterDown',
    severity: 'warning',
  },
  {
    name: 'view-wrong',
    options: { ownUid: '00000000-0000-0000-0000-000000000000' },
    play: () => undefined,
    tells: 'SATokenSelfViewWrong',
    severity: 'warning',
    says: /Failing: folder, propagation, readable, same_content\./,
    silences: ['SATokenCanaryLate'],
  },
  {
    name: 'api-server-fails',
    play: ({ api }) => {
      api.chaos.inject({ kind: 'status', code: 500 }, { resource: 'serviceaccounts' });
      api.chaos.dropWatches();
    },
    mend: ({ api }) => api.chaos.heal(),
    tells: 'SATokenClusterBlind',
    severity: 'warning',
    says: /Failing: serviceaccounts \(server_error\)\./,
  },
  { name: 'all-is-well', play: ({ world }) => dayTokens(world, 10, 60) },
];

export const TROUBLES: readonly Trouble[] = [
  ...NODE_TROUBLES,
  ...LATE_TROUBLES,
  ...IDENTITY_TROUBLES,
  ...FILE_TROUBLES,
  ...EXPORTER_TROUBLES,
];
