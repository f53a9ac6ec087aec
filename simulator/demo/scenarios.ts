/**
 * Scenarios: each puts one pod into a particular state, healthy or broken.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../objects.ts';
import { type PodOptions, tokenVolume } from '../pods.ts';
import type { World } from '../world.ts';

/** Starts a pod with this name, and others if the scenario needs them. */
export type Scenario = (world: World, name: string) => void;

export const NAMESPACE = 'demo';
const ROTATION_SECONDS = 540;
const HEALTHY_PODS = 12;
const NO_DEFAULT_TOKEN: Omit<PodOptions, 'name'> = { namespace: NAMESPACE, isAutomounted: false };
const VAULT = 'vault-token';

/** A pod with one token volume and no default token. */
function singleTokenPod(
  name: string,
  volume: string,
  path: string,
  audience: string,
  expirationSeconds: number,
): PodOptions {
  const volumes = [tokenVolume(volume, { path, audience, expirationSeconds })];
  return { ...NO_DEFAULT_TOKEN, name, serviceAccount: name, volumes };
}

export function vaultPod(name: string, audience = 'vault', seconds = 600): PodOptions {
  return singleTokenPod(name, VAULT, VAULT, audience, seconds);
}

/** A pod that started `age` seconds ago and was not synced since. */
export function aged(options: (name: string) => PodOptions, age: number): Scenario {
  return (world, name) => void world.run(options(name), age);
}

/** A vault pod that started `age` seconds ago, and a change after its start. */
function changed(age: number, change: (world: World, pod: Pod) => void): Scenario {
  return (world, name) => change(world, world.run(vaultPod(name), age));
}

/**
 * With a sync every 90 s, a token of 600 s is rotated at 540 s of age. Pods started 45 s apart give one rotation every
 * 45 s, and at any time one of them is between the time its refresh is due and its rotation.
 */
export function healthy(world: World, name: string): void {
  for (let index = 0; index < HEALTHY_PODS; index += 1) {
    const age = (index * ROTATION_SECONDS) / HEALTHY_PODS;
    const options = { ...vaultPod(`${name}-${index}`), isAutomounted: true, serviceAccount: name };
    world.startSyncing(world.run(options, age), age);
  }
}

/** Damages a file of a volume without the kubelet. The kubelet repairs the file with its next write. */
type FileFault = (volume: string, path: string) => void;

/** Follows the links to the file itself. */
function realFile(volume: string, path: string): string {
  return join(volume, readlinkSync(join(volume, '..data')), path);
}

function replaceFile(create: (file: string) => void): FileFault {
  return (volume, path) => {
    const file = realFile(volume, path);
    rmSync(file, { recursive: true });
    create(file);
  };
}

function writeContent(volume: string, path: string, content: string | Buffer): void {
  writeFileSync(realFile(volume, path), content);
}

const FILE_FAULTS = {
  empty: (volume, path) => writeContent(volume, path, ''),
  garbage: (volume, path) => writeContent(volume, path, Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x7f])),
  oversized: (volume, path) => writeContent(volume, path, `eyJ${'A'.repeat(10 * 1024 * 1024)}`),
  fifo: replaceFile((file) => execFileSync('mkfifo', [file])),
  linkOutside: replaceFile((file) => symlinkSync('/etc/passwd', file)),
  missing: replaceFile(() => undefined),
  /** Root can still read the file. */
  modeZero: (volume, path) => chmodSync(realFile(volume, path), 0),
  /** What a container without mount propagation sees. */
  emptyVolume: (volume) => {
    rmSync(join(volume, readlinkSync(join(volume, '..data'))), { recursive: true });
    rmSync(join(volume, '..data'));
  },
} as const satisfies Readonly<Record<string, FileFault>>;

/** A damaged token file. */
export function fileFault(kind: keyof typeof FILE_FAULTS, age = 0): Scenario {
  return changed(age, ({ kubelet }, { metadata }) =>
    FILE_FAULTS[kind](kubelet.volumeFolder(metadata.uid, VAULT), VAULT),
  );
}

function tokenFile({ kubelet }: World, { metadata }: Pod): string {
  return join(kubelet.volumeFolder(metadata.uid, VAULT), VAULT);
}

export function tokenOfAnotherPod(world: World, name: string): void {
  const source = { ...vaultPod(`${name}-source`), serviceAccount: name };
  const [from, to] = [world.run(source), world.run(vaultPod(name))];
  const volume = world.kubelet.volumeFolder(to.metadata.uid, VAULT);
  writeContent(volume, VAULT, readFileSync(tokenFile(world, from)));
}

export const signatureAltered: Scenario = changed(60, (world, pod) => {
  const token = readFileSync(tokenFile(world, pod), 'latin1');
  const at = token.lastIndexOf('.') + 10;
  const other = token[at] === 'A' ? 'B' : 'A';
  const volume = world.kubelet.volumeFolder(pod.metadata.uid, VAULT);
  writeContent(volume, VAULT, token.slice(0, at) + other + token.slice(at + 1));
});

/** The service account is deleted, so the kubelet cannot rotate the token. */
export function accountDeleted(age: number): Scenario {
  return changed(age, ({ cluster, kubelet }, { metadata }) => {
    cluster.deleteServiceAccount(NAMESPACE, metadata.name);
    kubelet.sync(metadata.uid);
  });
}

export const accountRecreated: Scenario = changed(120, ({ cluster }, { metadata }) => {
  cluster.deleteServiceAccount(NAMESPACE, metadata.name);
  cluster.createServiceAccount(NAMESPACE, metadata.name);
});

/** The signing key of the token is withdrawn after the token was issued. */
export const keyWithdrawn: Scenario = changed(120, ({ cluster }) => cluster.changeKey(false));

/** The token is from a former issuer. */
export function issuerChanged({ cluster, run }: World, name: string): void {
  const issuer = cluster.issuer();
  cluster.changeIssuer('https://former.example');
  run(vaultPod(name), 120);
  cluster.changeIssuer(issuer);
}

export function audienceDenied({ cluster, kubelet, run }: World, name: string): void {
  const { uid } = run(singleTokenPod(name, 'partner-token', 'token', 'partner', 600), 900).metadata;
  cluster.denyAudience('partner');
  kubelet.sync(uid);
}

/** A container mounts the token with `subPath`, and so did an init container. The volume was rotated since. */
export function subPathCopy({ kubelet, run }: World, name: string): void {
  const mount = { name: VAULT, mountPath: '/etc/token', subPath: VAULT };
  const { uid } = run(
    {
      ...vaultPod(name),
      initContainers: [{ name: 'init', volumeMounts: [mount] }],
      containers: [{ name: 'main', volumeMounts: [mount] }],
    },
    300,
  ).metadata;
  kubelet.rotate(uid);
}

/** Longer than the clocks of a mount and of a container differ. */
const BEFORE_MOUNT_SECONDS = 90;

/** A kubelet that runs in a container was restarted, and mounted the volume over the one that the container sees. */
export function mountedAgain({ cluster, kubelet, run }: World, name: string): void {
  const containersAt = cluster.now() - BEFORE_MOUNT_SECONDS;
  const { uid } = run({ ...vaultPod(name), containersAt }, BEFORE_MOUNT_SECONDS).metadata;
  kubelet.mountAgain(uid);
}

/** A pod whose only token is valid for a day. */
export function dayPod(name: string): PodOptions {
  return singleTokenPod(name, 'aws-iam-token', 'token', 'sts.amazonaws.com', 86_400);
}

/** A token of a day is 15 minutes overdue at this age. */
const DAY_OVERDUE = 70_020;

/** Another volume of the pod cannot be mounted. */
export function siblingVolumeFailed({ kubelet, run }: World, name: string): void {
  const { uid } = run(dayPod(name), DAY_OVERDUE).metadata;
  kubelet.block(uid, true, 'mount failed: exit status 32');
  kubelet.sync(uid);
}

/** A claim that the pod mounts was deleted: the kubelet updates no volume of the pod, and emits no event. */
export function claimDeleted({ cluster, kubelet, run }: World, name: string): void {
  const claimName = `${name}-data`;
  const { volumes = [], ...options } = dayPod(name);
  const data = { name: 'data', persistentVolumeClaim: { claimName } };
  const { uid } = run({ ...options, volumes: [...volumes, data] }, DAY_OVERDUE).metadata;
  cluster.deleteClaim(NAMESPACE, claimName);
  kubelet.sync(uid);
}

/** The ConfigMap in the volume of the default token cannot be read, so the kubelet does not update the volume. */
export function ownVolumeFailed({ kubelet, run }: World, name: string): void {
  const { uid } = run({ name, namespace: NAMESPACE, serviceAccount: name }, 3_500).metadata;
  kubelet.setRegistered(uid, false);
  kubelet.sync(uid);
}

/** No container mounts the volume that holds the token. */
export function volumeNotMounted({ cluster, run }: World, name: string): void {
  const pod = run(vaultPod(name), 560);
  cluster.setPod({ ...pod, spec: { ...pod.spec, containers: [{ name: 'main' }] } });
}

/** A terminating pod with a long grace period. */
export function longTermination(graceSeconds: number): Scenario {
  return ({ kubelet, run }, name) =>
    kubelet.terminate(run({ ...vaultPod(name), graceSeconds }, 60).metadata.uid);
}

/** Deleted by force; its containers run on, and its token is not refreshed. */
export function deletedByForce({ kubelet, run }: World, name: string): void {
  kubelet.forceDelete(run(vaultPod(name), 610).metadata.uid);
}

/** What a hard reboot leaves of a pod. */
export function orphaned({ kubelet, run }: World, name: string): void {
  kubelet.orphan(run(vaultPod(name), 60).metadata.uid, true);
}

export const podTerminating: Scenario = changed(900, ({ kubelet }, { metadata }) =>
  kubelet.terminate(metadata.uid),
);
export const podCompleted: Scenario = changed(900, ({ kubelet }, { metadata }) =>
  kubelet.complete(metadata.uid),
);

function legacyPod({ run }: World, name: string, secretName: string): Pod {
  const volumes = [{ name: 'legacy', secret: { secretName } }];
  return run({ ...NO_DEFAULT_TOKEN, name, serviceAccount: name, volumes }, 300);
}

export function legacyToken(world: World, name: string): void {
  world.cluster.createLegacySecret(NAMESPACE, `${name}-token`, name);
  legacyPod(world, name, `${name}-token`);
}

export function legacySecretDeleted(world: World, name: string): void {
  legacyToken(world, name);
  world.cluster.deleteSecret(NAMESPACE, `${name}-token`);
}

/** The pod mounts a token Secret that Kubernetes no longer creates since v1.24. */
export function legacySecretNeverCreated(world: World, name: string): void {
  const pod = legacyPod(world, name, `${name}-token-x2k4z`);
  world.kubelet.remove(pod.metadata.uid);
  world.cluster.setPod({ ...pod, status: { ...pod.status, phase: 'Pending' } });
}

export function automountOffInPod({ run }: World, name: string): void {
  run({ ...NO_DEFAULT_TOKEN, name, serviceAccount: name });
}

export function automountOffInAccount({ cluster, run }: World, name: string): void {
  const account = cluster.createServiceAccount(NAMESPACE, name);
  cluster.addServiceAccount({ ...account, automountServiceAccountToken: false });
  run({ name, namespace: NAMESPACE, serviceAccount: name });
}

/** Starts the pod of the exporter, with the short-lived canary token that shows a failed refresh within minutes. */
export function runExporter(world: World, name: string): Pod {
  const canary = { path: 'token', audience: 'canary', expirationSeconds: 600 };
  const pod = world.run({
    name,
    namespace: NAMESPACE,
    serviceAccount: name,
    volumes: [tokenVolume('canary', canary)],
  });
  world.startSyncing(pod);
  return pod;
}
