/**
 * What a Pod of the API comes down to here: what its tokens hang on.
 *
 * A field of the wrong kind makes the pod none. A text that no label or line can show is left out with what it names,
 * since whoever may make pods chooses it. Knows nothing of how the pod came here.
 */
import { posix } from 'node:path';
import { namespaceName, objectName, objectUid, string } from '../../core/claim-rules.ts';
import type { AccountFacts, PodFacts, PodProjection, PodSecret } from '../../core/cluster-facts.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { nameOf } from '../files/paths.ts';
import { anyText, boolean, objects, optional, parsed, required, time, wholeNumber } from './fields.ts';
import type { Trimmed } from './replica.ts';

/** Where clients look for the token of their account. */
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
/** On the copy of a pod that the kubelet reads from a file. */
const MIRROR = 'kubernetes.io/config.mirror';
/** What the API server adds where the spec does not say. */
const DEFAULT_SECONDS = 3_600;
/** Bounds what one pod, which anybody may have made, takes of our memory. */
const MAX_PER_POD = 256;

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];

export function podsPath(nodeName: string): string {
  return `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${nodeName}`)}`;
}

/** A path in a volume by the name it has on disk, where the kubelet cleans it and we show only what can be shown. */
function pathOnDisk(path: string): string {
  const parts = posix.normalize(path).replace(/\/$/, '').split('/');
  return parts.map((part) => nameOf(Buffer.from(part).toString('latin1')).name).join('/');
}

function projectionOf(volume: string, source: JsonObject): readonly PodProjection[] {
  const projection = optional(source, 'serviceAccountToken', object);
  if (projection === undefined) return [];
  const path = pathOnDisk(required(projection, 'path', anyText));
  const audience = optional(projection, 'audience', anyText) || undefined;
  const expirationSeconds = optional(projection, 'expirationSeconds', wholeNumber) ?? DEFAULT_SECONDS;
  if (audience !== undefined && string(audience) === undefined) return [];
  return [{ volume, path, audience, expirationSeconds }];
}

function sourcesOf(volume: JsonObject): readonly JsonObject[] {
  const projected = optional(volume, 'projected', object);
  return projected === undefined ? [] : (optional(projected, 'sources', objects) ?? []);
}

/** The names of the volumes that a container mounts where clients look for their token. */
function volumesAtTokenPath(spec: JsonObject): ReadonlySet<string> {
  const containers = CONTAINER_LISTS.flatMap((key) => optional(spec, key, objects) ?? []);
  const mounts = containers.flatMap((container) => optional(container, 'volumeMounts', objects) ?? []);
  const found = mounts.filter((mount) => {
    return posix.resolve('/', required(mount, 'mountPath', anyText)) === TOKEN_PATH;
  });
  return new Set(found.map((mount) => required(mount, 'name', objectName)));
}

/** The Secrets in a volume: the one it is made of, or those among its sources. */
function secretsOf(volume: JsonObject, name: string, isAtTokenPath: boolean): readonly PodSecret[] {
  const secretBy = (source: JsonObject, key: string): PodSecret => ({
    volume: name,
    secretName: required(source, key, objectName),
    isOptional: optional(source, 'optional', boolean) ?? false,
    isAtTokenPath,
  });
  const whole = optional(volume, 'secret', object);
  const sources = sourcesOf(volume).map((source) => optional(source, 'secret', object));
  return [
    ...(whole === undefined ? [] : [secretBy(whole, 'secretName')]),
    ...sources.filter((source) => source !== undefined).map((source) => secretBy(source, 'name')),
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
  return { projections: projections.slice(0, MAX_PER_POD), secrets: secrets.slice(0, MAX_PER_POD) };
}

function podFacts(metadata: JsonObject, spec: JsonObject, status: JsonObject): PodFacts {
  const annotations = optional(metadata, 'annotations', object) ?? {};
  return {
    namespace: required(metadata, 'namespace', namespaceName),
    name: required(metadata, 'name', objectName),
    uid: required(metadata, 'uid', objectUid),
    // A mirror pod has none.
    serviceAccount: optional(spec, 'serviceAccountName', objectName) ?? '',
    phase: optional(status, 'phase', string) ?? 'Pending',
    isTerminating: optional(metadata, 'deletionTimestamp', time) !== undefined,
    isStatic: annotations[MIRROR] !== undefined,
    isAutomounted: optional(spec, 'automountServiceAccountToken', boolean),
    startedAt: optional(status, 'startTime', time),
    ...volumeFacts(spec),
  };
}

/** The pod by its uid; undefined where the object is none. */
export function trimPod(pod: JsonObject): Trimmed<PodFacts> | undefined {
  return parsed(() => {
    const [metadata, spec] = [required(pod, 'metadata', object), required(pod, 'spec', object)];
    const value = podFacts(metadata, spec, optional(pod, 'status', object) ?? {});
    return { key: value.uid, value };
  });
}

export const ACCOUNTS_PATH = '/api/v1/serviceaccounts';

/** The account by `namespace/name`; undefined where the object is none. */
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
