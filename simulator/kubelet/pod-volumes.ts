/**
 * The volumes of one pod on disk: mounting, filling, subPath binds and removal.
 *
 * Source of paths, modes and owners: k8s.io/kubernetes/pkg/volume/projected and /secret.
 */
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../cluster.ts';
import type { KeyToPath, Pod, Volume, VolumeProjection } from '../objects.ts';
import type { MountFailure } from '../pod-events.ts';
import { err, ok, type Result } from '../result.ts';
import { type Payload, type VolumeFile, writeAtomically } from './atomic-writer.ts';
import type { Mounts } from './mounts.ts';
import type { TokenCache } from './token-cache.ts';

/** Where volumes are written, and the sources of their content. */
export interface VolumeContext {
  /** The root directory of the kubelet, which contains `pods`. */
  readonly rootDir: string;
  readonly cluster: Cluster;
  readonly mounts: Mounts;
  readonly tokens: TokenCache;
  /** The UIDs of pods whose ConfigMaps the kubelet has not registered. */
  readonly unregistered: ReadonlySet<string>;
  readonly onFailure: (failure: MountFailure) => void;
}

/** Files by path. The error is the message of the kubelet. */
type Files = Result<readonly (readonly [path: string, file: VolumeFile])[]>;

const FOLDER_MODE = 0o750;
const DEFAULT_MODE = 0o644;
const TOKEN_MODE = 0o600;

/** Returns the user if all containers run as the same one (k8s.io/kubernetes/pkg/volume/util, FsUserFrom). */
function fsUserOf({ spec }: Pod): number | undefined {
  const users = spec.containers.map(
    (one) => one.securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

function tokenFiles(pod: Pod, source: VolumeProjection, mode: number, tokens: TokenCache): Files {
  const projection = source.serviceAccountToken;
  if (projection === undefined) return ok([]);
  const result = tokens.get(pod, projection);
  if (!result.ok) return err(`failed to fetch token: ${result.error}`);
  const uid = fsUserOf(pod);
  const isOwned = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  return ok([[projection.path, { content: result.value.token, mode: isOwned ? TOKEN_MODE : mode, uid }]]);
}

function filesOf(
  data: Readonly<Record<string, string>>,
  mode: number,
  items: readonly KeyToPath[] = Object.keys(data).map((key) => ({ key, path: key })),
): Files {
  return ok(items.map(({ key, path }) => [path, { content: data[key] ?? '', mode, uid: undefined }]));
}

type ObjectSource = NonNullable<VolumeProjection['configMap']>;

/** A kubelet that has not registered the pod's ConfigMaps with its cache cannot read them. */
function configMapFiles(
  { cluster, unregistered }: VolumeContext,
  { metadata }: Pod,
  source: ObjectSource,
  mode: number,
): Files {
  const { namespace, uid } = metadata;
  if (unregistered.has(uid)) return err(`object "${namespace}"/"${source.name}" not registered`);
  const data = cluster.configMap(namespace, source.name);
  return data === undefined ? err(`configmap "${source.name}" not found`) : filesOf(data, mode, source.items);
}

function secretFiles(
  { cluster }: VolumeContext,
  { metadata }: Pod,
  source: ObjectSource,
  mode: number,
): Files {
  const secret = cluster.secret(metadata.namespace, source.name);
  return secret === undefined
    ? err(`secret "${source.name}" not found`)
    : filesOf(secret.data, mode, source.items);
}

/** Returns undefined if the field path is not supported. */
function fieldText({ metadata }: Pod, fieldPath: string): string | undefined {
  if (fieldPath === 'metadata.namespace') return metadata.namespace;
  const annotation = /^metadata\.annotations\['(?<key>[^']+)'\]$/.exec(fieldPath)?.groups?.['key'];
  if (annotation !== undefined) return metadata.annotations?.[annotation] ?? '';
  if (fieldPath !== 'metadata.labels') return undefined;
  return Object.entries(metadata.labels ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

function downwardFiles(pod: Pod, { downwardAPI }: VolumeProjection, mode: number): Files {
  const files: [string, VolumeFile][] = [];
  for (const { path, fieldRef } of downwardAPI?.items ?? []) {
    const content = fieldText(pod, fieldRef.fieldPath);
    if (content === undefined) return err(`unsupported field path: ${fieldRef.fieldPath}`);
    files.push([path, { content, mode, uid: undefined }]);
  }
  return ok(files);
}

function sourceFiles(context: VolumeContext, pod: Pod, source: VolumeProjection, mode: number): Files {
  const { configMap, secret } = source;
  if (configMap !== undefined) return configMapFiles(context, pod, configMap, mode);
  if (secret !== undefined) return secretFiles(context, pod, secret, mode);
  return source.downwardAPI === undefined
    ? tokenFiles(pod, source, mode, context.tokens)
    : downwardFiles(pod, source, mode);
}

/** Returns the files in order, up to the first error. */
function projectedFiles(context: VolumeContext, pod: Pod, { projected }: Volume): Files {
  const mode = projected?.defaultMode ?? DEFAULT_MODE;
  const steps = (projected?.sources ?? []).map((source) => () => sourceFiles(context, pod, source, mode));
  const files: (readonly [string, VolumeFile])[] = [];
  for (const step of steps) {
    const result = step();
    if (!result.ok) return result;
    files.push(...result.value);
  }
  return ok(files);
}

function payloadOf(context: VolumeContext, pod: Pod, volume: Volume): Result<Payload> {
  const { secret, configMap } = volume;
  const mode = (secret ?? configMap)?.defaultMode ?? DEFAULT_MODE;
  const files = (): Files => {
    if (secret !== undefined) return secretFiles(context, pod, { name: secret.secretName }, mode);
    return configMap === undefined
      ? projectedFiles(context, pod, volume)
      : configMapFiles(context, pod, configMap, mode);
  };
  const result = files();
  return result.ok ? ok(new Map(result.value)) : result;
}

function podFolder({ rootDir }: VolumeContext, podUid: string): string {
  return join(rootDir, 'pods', podUid);
}

/** Returns the mounted volumes that are written as files. The kubelet does not set up those that no container mounts. */
export function volumesOf({ spec }: Pod): readonly Volume[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  return (spec.volumes ?? []).filter(
    ({ name, projected, secret, configMap }) =>
      (projected ?? secret ?? configMap) !== undefined && mounts.includes(name),
  );
}

function pluginOf({ secret, configMap }: Volume): string {
  if (secret !== undefined) return 'secret';
  return configMap === undefined ? 'projected' : 'configmap';
}

export function volumeFolder(context: VolumeContext, { metadata }: Pod, volume: Volume): string {
  return join(podFolder(context, metadata.uid), 'volumes', `kubernetes.io~${pluginOf(volume)}`, volume.name);
}

export function createPodFolder(context: VolumeContext, podUid: string): void {
  mkdirSync(join(podFolder(context, podUid), 'volumes'), { recursive: true, mode: FOLDER_MODE });
}

/**
 * Writes the current content of a volume, and mounts the volume the first time. If the content is not available, nothing
 * is mounted and the files on disk stay as they are.
 */
export function setUpVolume(context: VolumeContext, pod: Pod, volume: Volume, mounted: Set<string>): void {
  const { cluster, onFailure } = context;
  const payload = payloadOf(context, pod, volume);
  if (!payload.ok) {
    onFailure({ pod, message: `MountVolume.SetUp failed for volume "${volume.name}" : ${payload.error}` });
    return;
  }
  const folder = volumeFolder(context, pod, volume);
  if (!mounted.has(volume.name)) context.mounts.mount(folder);
  mounted.add(volume.name);
  const { fsGroup } = pod.spec.securityContext ?? {};
  const isRoot = process.getuid?.() === 0;
  writeAtomically(folder, payload.value, { now: cluster.now(), fsGroup, isRoot });
}

/** Binds the files that containers mount by subPath. Returns the bound files. */
export function bindSubPaths(context: VolumeContext, pod: Pod): readonly string[] {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return containers.flatMap(({ name, volumeMounts = [] }) =>
    volumeMounts.flatMap(({ name: volumeName, subPath }, index) => {
      const volume = volumesOf(pod).find((one) => one.name === volumeName);
      if (subPath === undefined || volume === undefined) return [];
      const folder = join(podFolder(context, pod.metadata.uid), 'volume-subpaths', volumeName, name);
      const to = join(folder, String(index));
      mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
      closeSync(openSync(to, 'w'));
      context.mounts.bindFile(join(volumeFolder(context, pod, volume), subPath), to);
      return [to];
    }),
  );
}

export function removePodFolder(context: VolumeContext, podUid: string): void {
  rmSync(podFolder(context, podUid), { recursive: true, force: true });
}
