/**
 * How each pod of the demo comes to be as it is.
 *
 * Knows the kubelet's and the API server's ways of going wrong, nothing of how they are found out.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BREAKS, writeContent } from '../breakage.ts';
import type { Pod } from '../objects.ts';
import { type PodOptions, tokenVolume } from '../pods.ts';
import type { World } from '../world.ts';

export type Play = (world: World, name: string) => void;

export const NAMESPACE = 'demo';
const CYCLE_SECONDS = 540;
const FRESH_PODS = 12;
const NO_TOKEN: Omit<PodOptions, 'name'> = { namespace: NAMESPACE, isAutomounted: false };

/** A pod with one volume of its own and no default token. */
function single(
  name: string,
  volume: string,
  path: string,
  audience: string,
  expirationSeconds: number,
): PodOptions {
  const volumes = [tokenVolume(volume, { path, audience, expirationSeconds })];
  return { ...NO_TOKEN, name, serviceAccount: name, volumes };
}

export function vault(name: string, audience = 'vault', seconds = 600): PodOptions {
  return single(name, 'vault-token', 'vault-token', audience, seconds);
}

/** A pod as it is so many seconds after its start, left alone since. */
export function aged(options: (name: string) => PodOptions, age: number): Play {
  return (world, name) => void world.run(options(name), age);
}

/** A pod as it is so many seconds after its start, and after something has happened to it. */
function troubled(age: number, trouble: (world: World, pod: Pod) => void): Play {
  return (world, name) => trouble(world, world.run(vault(name), age));
}

/** Breaks the token file of a pod, which nobody then refreshes. */
export function broken(kind: keyof typeof BREAKS, age = 0): Play {
  return troubled(age, ({ kubelet }, { metadata }) =>
    BREAKS[kind](kubelet.volumeFolder(metadata.uid, 'vault-token'), 'vault-token'),
  );
}

/**
 * Synced every 90 s from its start, a token of 600 s is replaced at 540 s of age. Pods started 45 s apart make one
 * rotation every 45 s, and at any moment one of them is between its refresh being due and its being done.
 */
export function healthy(world: World, name: string): void {
  for (let index = 0; index < FRESH_PODS; index += 1) {
    const age = (index * CYCLE_SECONDS) / FRESH_PODS;
    const options = { ...vault(`${name}-${index}`), isAutomounted: true, serviceAccount: name };
    world.keepFresh(world.run(options, age), age);
  }
}

function tokenFile({ kubelet }: World, { metadata }: Pod): string {
  return join(kubelet.volumeFolder(metadata.uid, 'vault-token'), 'vault-token');
}

export function copied(world: World, name: string): void {
  const source = { ...vault(`${name}-source`), serviceAccount: name };
  const [from, to] = [world.run(source), world.run(vault(name))];
  const volume = world.kubelet.volumeFolder(to.metadata.uid, 'vault-token');
  writeContent(volume, 'vault-token', readFileSync(tokenFile(world, from)));
}

export const forged: Play = troubled(60, (world, pod) => {
  const token = readFileSync(tokenFile(world, pod), 'latin1');
  const at = token.lastIndexOf('.') + 10;
  const other = token[at] === 'A' ? 'B' : 'A';
  const volume = world.kubelet.volumeFolder(pod.metadata.uid, 'vault-token');
  writeContent(volume, 'vault-token', token.slice(0, at) + other + token.slice(at + 1));
});

/** Its account goes, and the kubelet gets no other token. */
export function doomed(age: number): Play {
  return troubled(age, ({ cluster, kubelet }, { metadata }) => {
    cluster.deleteServiceAccount(NAMESPACE, metadata.name);
    kubelet.sync(metadata.uid);
  });
}

export const reborn: Play = troubled(120, ({ cluster }, { metadata }) => {
  cluster.deleteServiceAccount(NAMESPACE, metadata.name);
  cluster.createServiceAccount(NAMESPACE, metadata.name);
});

/** Signed with a key that is withdrawn afterwards. */
export const withdrawn: Play = troubled(120, ({ cluster }) => cluster.changeKey(false));

/** Issued by another issuer than there is afterwards. */
export function migrated({ cluster, run }: World, name: string): void {
  const issuer = cluster.issuer();
  cluster.changeIssuer('https://former.example');
  run(vault(name), 120);
  cluster.changeIssuer(issuer);
}

export function refusedAudience({ cluster, kubelet, run }: World, name: string): void {
  const { uid } = run(single(name, 'partner-token', 'token', 'partner', 600), 900).metadata;
  cluster.refuseAudience('partner');
  kubelet.sync(uid);
}

/** Another volume of the pod does not mount. */
export function heldUp({ kubelet, run }: World, name: string): void {
  const { uid } = run(single(name, 'aws-iam-token', 'token', 'sts.amazonaws.com', 86_400), 70_020).metadata;
  kubelet.block(uid, true);
  kubelet.sync(uid);
}

export const terminating: Play = troubled(900, ({ kubelet }, { metadata }) =>
  kubelet.terminate(metadata.uid),
);
export const completed: Play = troubled(900, ({ kubelet }, { metadata }) => kubelet.complete(metadata.uid));

function legacyPod({ run }: World, name: string, secretName: string): Pod {
  const volumes = [{ name: 'legacy', secret: { secretName } }];
  return run({ ...NO_TOKEN, name, serviceAccount: name, volumes }, 300);
}

export function legacy(world: World, name: string): void {
  world.cluster.createLegacySecret(NAMESPACE, `${name}-token`, name);
  legacyPod(world, name, `${name}-token`);
}

export function legacyGone(world: World, name: string): void {
  legacy(world, name);
  world.cluster.deleteSecret(NAMESPACE, `${name}-token`);
}

/** Since v1.24 nobody makes the Secret it waits for. */
export function waiting(world: World, name: string): void {
  const pod = legacyPod(world, name, `${name}-token-x2k4z`);
  world.kubelet.remove(pod.metadata.uid);
  world.cluster.setPod({ ...pod, status: { ...pod.status, phase: 'Pending' } });
}

export function tokenless({ run }: World, name: string): void {
  run({ ...NO_TOKEN, name, serviceAccount: name });
}

export function tokenlessByAccount({ cluster, run }: World, name: string): void {
  const account = cluster.createServiceAccount(NAMESPACE, name);
  cluster.addServiceAccount({ ...account, automountServiceAccountToken: false });
  run({ name, namespace: NAMESPACE, serviceAccount: name });
}

/** The exporter itself, with the short-lived token that shows a broken refresh within minutes. */
export function exporter(world: World, name: string): Pod {
  const canary = { path: 'token', audience: 'canary', expirationSeconds: 600 };
  const pod = world.run({
    name,
    namespace: NAMESPACE,
    serviceAccount: name,
    volumes: [tokenVolume('canary', canary)],
  });
  world.keepFresh(pod);
  return pod;
}
