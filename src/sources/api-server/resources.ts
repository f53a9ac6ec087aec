/**
 * Trims Pods and ServiceAccounts of the API to the fields that matter to tokens.
 *
 * An object with a field of the wrong type is malformed. Pods can be created by untrusted users: text that cannot be
 * shown safely is omitted, together with what it names.
 */
import { posix } from 'node:path';
import { namespaceName, objectName, objectUid, string } from '../../core/claim-rules.ts';
import type { AccountFacts, PodFacts, PodProjection, PodSecret } from '../../core/cluster-facts.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { nameOf } from '../files/paths.ts';
import { anyText, boolean, objects, optional, parsed, required, time, wholeNumber } from './fields.ts';
import { mountedVolumes } from './mounted-volumes.ts';
import type { Trimmed } from './replica.ts';

/** Where client libraries look for the token of their service account. */
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Annotation of a mirror pod, the API object of a static pod. */
const MIRROR = 'kubernetes.io/config.mirror';
/** Default of `serviceAccountToken.expirationSeconds`. */
const DEFAULT_EXPIRATION_SECONDS = 3_600;
/** Bounds the memory that one pod can take. */
const MAX_PER_POD = 256;

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];

export function podsPath(nodeName: string): string {
  return `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${nodeName}`)}`;
}

/** The path of a token as `files` names it: cleaned as the kubelet does on disk, and escaped to be shown. */
function pathOnDisk(path: string): string {
  const parts = posix.normalize(path).replace(/\/$/, '').split('/');
  return parts.map((part) => nameOf(Buffer.from(part).toString('latin1')).name).join('/');
}

function projectionOf(volume: string, source: JsonObject): readonly Omit<PodProjection, 'isMounted'>[] {
  const projection = optional(source, 'serviceAccountToken', object);
  if (projection === undefined) return [];
  const path = pathOnDisk(required(projection, 'path', anyText));
  const audience = optional(projection, 'audience', anyText) || undefined;
  const expirationSeconds =
    optional(projection, 'expirationSeconds', wholeNumber) ?? DEFAULT_EXPIRATION_SECONDS;
  if (audience !== undefined && string(audience) === undefined) return [];
  return [{ volume, path, audience, expirationSeconds }];
}

function sourcesOf(volume: JsonObject): readonly JsonObject[] {
  const projected = optional(volume, 'projected', object);
  return projected === undefined ? [] : (optional(projected, 'sources', objects) ?? []);
}

/** Names of the volumes that a container mounts at TOKEN_PATH. */
function volumesAtTokenPath(spec: JsonObject): ReadonlySet<string> {
  const containers = CONTAINER_LISTS.flatMap((key) => optional(spec, key, objects) ?? []);
  const mounts = containers.flatMap((container) => optional(container, 'volumeMounts', objects) ?? []);
  const found = mounts.filter((mount) => {
    return posix.resolve('/', required(mount, 'mountPath', anyText)) === TOKEN_PATH;
  });
  return new Set(found.map((mount) => required(mount, 'name', objectName)));
}

/** The Secret of a Secret volume, or the Secrets among the sources of a projected one. */
function secretsOf(
  volume: JsonObject,
  name: string,
  isAtTokenPath: boolean,
): readonly Omit<PodSecret, 'isMounted'>[] {
  const toSecret = (source: JsonObject, key: string): Omit<PodSecret, 'isMounted'> => ({
    volume: name,
    secretName: required(source, key, objectName),
    isOptional: optional(source, 'optional', boolean) ?? false,
    isAtTokenPath,
  });
  const secret = optional(volume, 'secret', object);
  const sources = sourcesOf(volume).map((source) => optional(source, 'secret', object));
  return [
    ...(secret === undefined ? [] : [toSecret(secret, 'secretName')]),
    ...sources.filter((source) => source !== undefined).map((source) => toSecret(source, 'name')),
  ];
}

function volumeFacts(spec: JsonObject): Pick<PodFacts, 'projections' | 'secrets'> {
  const atTokenPath = volumesAtTokenPath(spec);
  const volumes = (optional(spec, 'volumes', objects) ?? []).map((volume) => {
    return { volume, name: required(volume, 'name', objectName) };
  });
  const projections = volumes.flatMap(({ volume, name }) =>
    sourcesOf(volume).flatMap((source) => projectionOf(name, source)),
  );
  const secrets = volumes.flatMap(({ volume, name }) => secretsOf(volume, name, atTokenPath.has(name)));
  const mounted = mountedVolumes(spec);
  const marked = <T extends { readonly volume: string }>(items: readonly T[]) =>
    items.slice(0, MAX_PER_POD).map((item) => ({ ...item, isMounted: mounted.has(item.volume) }));
  return { projections: marked(projections), secrets: marked(secrets) };
}

function podFacts(metadata: JsonObject, spec: JsonObject, status: JsonObject): PodFacts {
  const annotations = optional(metadata, 'annotations', object) ?? {};
  return {
    namespace: required(metadata, 'namespace', namespaceName),
    name: required(metadata, 'name', objectName),
    uid: required(metadata, 'uid', objectUid),
    // A mirror pod has no service account.
    serviceAccount: optional(spec, 'serviceAccountName', objectName) ?? '',
    phase: optional(status, 'phase', string) ?? 'Pending',
    isTerminating: optional(metadata, 'deletionTimestamp', time) !== undefined,
    isStatic: annotations[MIRROR] !== undefined,
    isAutomounted: optional(spec, 'automountServiceAccountToken', boolean),
    startedAt: optional(status, 'startTime', time),
    ...volumeFacts(spec),
  };
}

/** Keyed by uid. Returns undefined if the pod is malformed. */
export function trimPod(pod: JsonObject): Trimmed<PodFacts> | undefined {
  return parsed(() => {
    const [metadata, spec] = [required(pod, 'metadata', object), required(pod, 'spec', object)];
    const value = podFacts(metadata, spec, optional(pod, 'status', object) ?? {});
    return { key: value.uid, value };
  });
}

export const ACCOUNTS_PATH = '/api/v1/serviceaccounts';

/** Keyed by `namespace/name`. Returns undefined if the service account is malformed. */
export function trimAccount(account: JsonObject): Trimmed<AccountFacts> | undefined {
  return parsed(() => {
    const metadata = required(account, 'metadata', object);
    const namespace = required(metadata, 'namespace', namespaceName);
    const name = required(metadata, 'name', objectName);
    const uid = required(metadata, 'uid', objectUid);
    const isAutomounted = optional(account, 'automountServiceAccountToken', boolean);
    return { key: `${namespace}/${name}`, value: { uid, isAutomounted } };
  });
}
