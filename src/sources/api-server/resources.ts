/**
 * Trims Pods and ServiceAccounts of the API to the fields that matter to tokens.
 *
 * Pods can be created by untrusted users, and the API server validates little of a spec (`secretName` only has to be
 * non-empty). A field of the wrong type, or text that cannot be shown safely, is dropped with what it names: a Secret, a
 * token, a volume. Without them the rest still holds.
 */
import { posix } from 'node:path';
import type { AccountFacts, PodFacts, PodProjection, PodSecret } from '../../core/cluster-facts.ts';
import { namespaceName, objectName, objectUid, string } from '../../core/token/claim-rules.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { nameOf } from '../files/paths.ts';
import { containersOf } from './containers.ts';
import {
  array,
  boolean,
  displayName,
  nullable,
  objects,
  optional,
  parsed,
  path as pathText,
  required,
  time,
  wholeNumber,
} from './fields.ts';
import { mountedClaims, mountedVolumes } from './mounted-volumes.ts';
import type { Trimmed } from './replica.ts';

/** Where client libraries look for the token of their service account. */
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Annotation of a mirror pod, the API object of a static pod. */
const MIRROR = 'kubernetes.io/config.mirror';
/** Default of `serviceAccountToken.expirationSeconds`. */
const DEFAULT_EXPIRATION_SECONDS = 3_600;
/** Bounds of the memory that one pod can take, far beyond those in use. */
const MAX_PER_POD = 256;
const MAX_CHARACTERS_PER_POD = 64 * 1024;
/** Shows that a pod has too many. The other thousands are not read. */
const TOO_MANY = MAX_PER_POD + 1;

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];

export function podsPath(nodeName: string): string {
  return `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${nodeName}`)}`;
}

/** The path of a token as `files` names it: cleaned as the kubelet does on disk, and escaped to be shown. */
function pathOnDisk(path: string): string {
  const parts = posix.normalize(path).replace(/\/$/, '').split('/');
  return parts.map((part) => nameOf(Buffer.from(part).toString('latin1')).name).join('/');
}

/** The empty audience is the default one. */
function audience(value: unknown): string | undefined {
  return value === '' ? '' : string(value);
}

type Projection = Omit<PodProjection, 'isMounted'>;
type Sourced = Omit<Projection, 'isOverwritable'>;

function projectionOf(volume: string, source: JsonObject): Sourced | undefined {
  const projection = optional(source, 'serviceAccountToken', object);
  if (projection === undefined) return undefined;
  return parsed(() => ({
    volume,
    path: pathOnDisk(required(projection, 'path', pathText)),
    audience: nullable(projection, 'audience', audience) || undefined,
    expirationSeconds: optional(projection, 'expirationSeconds', wholeNumber) ?? DEFAULT_EXPIRATION_SECONDS,
  }));
}

function sourcesOf(volume: JsonObject): readonly JsonObject[] {
  return optional(optional(volume, 'projected', object) ?? {}, 'sources', objects) ?? [];
}

/** Whether a Secret or ConfigMap source lists no `items`: each of its keys, which only the kubelet reads, is a path. */
function isOverwritable(volume: JsonObject): boolean {
  return sourcesOf(volume).some((source) =>
    ['secret', 'configMap'].some((key) => {
      const found = object(source[key]);
      return found !== undefined && (optional(found, 'items', objects) ?? []).length === 0;
    }),
  );
}

/** Names of the volumes that a container mounts at TOKEN_PATH. */
function volumesAtTokenPath(spec: JsonObject): ReadonlySet<string> {
  const containers = CONTAINER_LISTS.flatMap((key) => optional(spec, key, objects) ?? []);
  const mounts = containers.flatMap((container) => optional(container, 'volumeMounts', objects) ?? []);
  const atTokenPath = mounts.filter((mount) => {
    const mountPath = optional(mount, 'mountPath', pathText);
    return mountPath !== undefined && posix.resolve('/', mountPath) === TOKEN_PATH;
  });
  return new Set(atTokenPath.flatMap((mount) => optional(mount, 'name', objectName) ?? []));
}

/** The Secret of a Secret volume, or the Secrets among the sources of a projected one. */
function secretsOf(
  volume: JsonObject,
  name: string,
  isAtTokenPath: boolean,
): readonly Omit<PodSecret, 'isMounted'>[] {
  const toSecret = (source: JsonObject | undefined, key: string): Omit<PodSecret, 'isMounted'> | undefined =>
    source &&
    parsed(() => ({
      volume: name,
      secretName: required(source, key, objectName),
      isOptional: nullable(source, 'optional', boolean) ?? false,
      isAtTokenPath,
    }));
  const secrets = [
    toSecret(optional(volume, 'secret', object), 'secretName'),
    ...sourcesOf(volume).map((source) => toSecret(optional(source, 'secret', object), 'name')),
  ];
  return secrets.filter((secret) => secret !== undefined);
}

interface NamedVolume {
  readonly volume: JsonObject;
  readonly name: string;
}

/** Without its volumes a pod would seem to request no tokens, so they are not optional as a whole. */
function namedVolumes(spec: JsonObject): readonly NamedVolume[] {
  const volumes = objects(nullable(spec, 'volumes', array)) ?? [];
  return volumes.flatMap((volume) => {
    const name = optional(volume, 'name', objectName);
    return name === undefined ? [] : [{ volume, name }];
  });
}

/** Those of a volume, TOO_MANY at most. */
function projectionsOf({ volume, name }: NamedVolume): readonly Projection[] {
  const all = sourcesOf(volume).values();
  const found = all.map((source) => projectionOf(name, source)).filter((one) => one !== undefined);
  const read = found.take(TOO_MANY).toArray();
  // Once for the volume, which may have thousands of sources.
  const isVolumeOverwritable = read.length > 0 && isOverwritable(volume);
  return read.map((one) => ({ ...one, isOverwritable: isVolumeOverwritable }));
}

function isBounded(items: readonly object[]): boolean {
  if (items.length > MAX_PER_POD) return false;
  const values = items.flatMap((item): readonly unknown[] => Object.values(item));
  const strings = values.filter((value) => typeof value === 'string');
  return strings.reduce((length, { length: more }) => length + more, 0) <= MAX_CHARACTERS_PER_POD;
}

function volumeFacts(spec: JsonObject): Pick<PodFacts, 'projections' | 'secrets' | 'isOversized'> {
  const atTokenPath = volumesAtTokenPath(spec);
  const volumes = namedVolumes(spec);
  const projections = volumes.values().flatMap(projectionsOf).take(TOO_MANY).toArray();
  const secrets = volumes.flatMap(({ volume, name }) => secretsOf(volume, name, atTokenPath.has(name)));
  // Without some of its tokens, the others would seem to be all.
  if (!isBounded(projections) || !isBounded(secrets))
    return { projections: [], secrets: [], isOversized: true };
  const mounted = mountedVolumes(spec);
  const marked = <T extends { readonly volume: string }>(items: readonly T[]) =>
    items.map((item) => ({ ...item, isMounted: mounted.has(item.volume) }));
  return { projections: marked(projections), secrets: marked(secrets) };
}

function containersWith(
  spec: JsonObject,
  status: JsonObject,
  { projections, isOversized }: Pick<PodFacts, 'projections' | 'isOversized'>,
): Pick<PodFacts, 'containers' | 'hasUnknownContainers'> {
  const found = containersOf(spec, status, new Set(projections.map(({ volume }) => volume)));
  // Which of its volumes hold tokens is not known.
  return isOversized === undefined ? found : { ...found, hasUnknownContainers: true };
}

function podFacts({ metadata, namespace, name, uid }: Identified, pod: JsonObject): PodFacts {
  const spec = required(pod, 'spec', object);
  const status = optional(pod, 'status', object) ?? {};
  const annotations = optional(metadata, 'annotations', object) ?? {};
  const volumes = volumeFacts(spec);
  return {
    namespace,
    name,
    uid,
    // A mirror pod has no service account.
    serviceAccount: optional(spec, 'serviceAccountName', objectName) ?? '',
    phase: optional(status, 'phase', string) ?? 'Pending',
    // Its presence is what counts.
    isTerminating: (metadata['deletionTimestamp'] ?? undefined) !== undefined,
    deletedAt: optional(metadata, 'deletionTimestamp', time),
    isStatic: annotations[MIRROR] !== undefined,
    isAutomounted: optional(spec, 'automountServiceAccountToken', boolean),
    startedAt: optional(status, 'startTime', time),
    ...volumes,
    runtimeClass: optional(spec, 'runtimeClassName', objectName),
    ...containersWith(spec, status, volumes),
    claims: mountedClaims(spec, required(metadata, 'name', objectName)),
  };
}

interface Identified {
  readonly metadata: JsonObject;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

function identify(metadata: JsonObject): Identified | undefined {
  return parsed(() => ({
    metadata,
    namespace: required(metadata, 'namespace', namespaceName),
    name: required(metadata, 'name', objectName),
    uid: required(metadata, 'uid', objectUid),
  }));
}

/** Keyed by uid. Returns undefined if the pod cannot be identified. */
export function trimPod(pod: JsonObject): Trimmed<PodFacts> | undefined {
  const metadata = optional(pod, 'metadata', object) ?? {};
  const uid = optional(metadata, 'uid', objectUid);
  if (uid === undefined) return undefined;
  const identified = identify(metadata);
  return { key: uid, value: identified && parsed(() => podFacts(identified, pod)) };
}

export const ACCOUNTS_PATH = '/api/v1/serviceaccounts';
export const MAX_ACCOUNTS = 100_000;

/** Keyed by `namespace/name`. Returns undefined if the service account cannot be identified. */
export function trimAccount(account: JsonObject): Trimmed<AccountFacts> | undefined {
  const metadata = optional(account, 'metadata', object) ?? {};
  const key = displayName(account);
  if (key === '') return undefined;
  const uid = optional(metadata, 'uid', objectUid);
  const isAutomounted = optional(account, 'automountServiceAccountToken', boolean);
  return { key, value: uid === undefined ? undefined : { uid, isAutomounted } };
}
