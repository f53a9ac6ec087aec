/**
 * What belongs into a volume, by its pod's spec: paths, contents, modes and owners.
 *
 * Rules: k8s.io/kubernetes/pkg/volume/projected and /secret. Knows nothing of how it is written.
 */

import type { Cluster } from './cluster.ts';
import type { Payload, VolumeFile } from './kubelet/atomic-writer.ts';
import type { TokenCache } from './kubelet/token-cache.ts';
import type { Pod, Volume, VolumeProjection } from './objects.ts';

export type PayloadAnswer =
  | { readonly ok: true; readonly payload: Payload }
  | { readonly ok: false; readonly message: string };

type Files = readonly (readonly [string, VolumeFile])[];

const DEFAULT_MODE = 0o644;
const TOKEN_MODE = 0o600;

/** Ends the making of a payload with the kubelet's words; never leaves this file. */
class Refused extends Error {}

/** The user all containers run as, where they agree on one (k8s.io/kubernetes/pkg/volume/util, FsUserFrom). */
function fsUserOf({ spec }: Pod): number | undefined {
  const users = spec.containers.map(
    (one) => one.securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

function tokenFiles(pod: Pod, source: VolumeProjection, mode: number, tokens: TokenCache): Files {
  const projection = source.serviceAccountToken;
  if (projection === undefined) return [];
  const answer = tokens.get(pod, projection);
  if (!answer.ok) throw new Refused(`failed to fetch token: ${answer.message}`);
  const uid = fsUserOf(pod);
  const isOwned = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  return [[projection.path, { content: answer.token, mode: isOwned ? TOKEN_MODE : mode, uid }]];
}

function configFiles(pod: Pod, { configMap }: VolumeProjection, mode: number, cluster: Cluster): Files {
  if (configMap === undefined) return [];
  const data = cluster.configMap(pod.metadata.namespace, configMap.name);
  if (data === undefined) throw new Refused(`configmap "${configMap.name}" not found`);
  const items = configMap.items ?? Object.keys(data).map((key) => ({ key, path: key }));
  return items.map(({ key, path }) => [path, { content: data[key] ?? '', mode, uid: undefined }]);
}

function fieldText({ metadata }: Pod, fieldPath: string): string {
  if (fieldPath === 'metadata.namespace') return metadata.namespace;
  if (fieldPath !== 'metadata.labels') throw new Refused(`unsupported field path: ${fieldPath}`);
  return Object.entries(metadata.labels ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

function fieldFiles(pod: Pod, { downwardAPI }: VolumeProjection, mode: number): Files {
  return (downwardAPI?.items ?? []).map(({ path, fieldRef }) => {
    return [path, { content: fieldText(pod, fieldRef.fieldPath), mode, uid: undefined }];
  });
}

function secretFiles(pod: Pod, name: string, mode: number, cluster: Cluster): Files {
  const secret = cluster.secret(pod.metadata.namespace, name);
  if (secret === undefined) throw new Refused(`secret "${name}" not found`);
  return Object.entries(secret.data).map(([path, content]) => [path, { content, mode, uid: undefined }]);
}

function filesOf(pod: Pod, { projected, secret }: Volume, cluster: Cluster, tokens: TokenCache): Files {
  if (secret !== undefined)
    return secretFiles(pod, secret.secretName, secret.defaultMode ?? DEFAULT_MODE, cluster);
  const mode = projected?.defaultMode ?? DEFAULT_MODE;
  return (projected?.sources ?? []).flatMap((source) => [
    ...tokenFiles(pod, source, mode, tokens),
    ...configFiles(pod, source, mode, cluster),
    ...fieldFiles(pod, source, mode),
  ]);
}

/** The payload of a pod's volume as of now, or why it cannot be had, as the kubelet words it. */
export function payloadOf(pod: Pod, volume: Volume, cluster: Cluster, tokens: TokenCache): PayloadAnswer {
  try {
    return { ok: true, payload: new Map(filesOf(pod, volume, cluster, tokens)) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, message: error.message };
    throw error;
  }
}
