/**
 * Reads the kubelet's FailedMount events of a pod: which volume could not be mounted, and why.
 */

import type { MountFailure, MountFailureKind, PodRef } from '../../core/cluster-facts.ts';
import { objectName } from '../../core/token/claim-rules.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { ok } from '../../util/result.ts';
import { printable } from '../../util/sanitize.ts';
import type { Api } from './client/api.ts';
import { type ApiResult, failed } from './client/failures.ts';
import { anyText, array, copied, displayName, optional, time } from './fields.ts';
import type { ApiServerCallbacks } from './health.ts';

/** Few are needed: an event lives for an hour, and the kubelet counts up the same event if a failure repeats. */
const MAX_EVENTS = 50;
const MAX_VOLUMES = 64;
const MAX_FAILURES = 64;
export const MOUNT_FAILURES_TTL_MS = 120_000;

const SET_UP = /^MountVolume\.SetUp failed for volume "([^"]{1,253})"/;
/** The volumes that failed, and those that wait for them. */
const FAILED = /failed to process volumes=\[([^\]]{1,8192})\]/;
const UNMOUNTED = /unmounted volumes=\[([^\]]{0,8192})\]/;

/** Restricted to the namespace, because events are not indexed by pod and a cluster may have a million of them. */
function eventsPath({ uid, namespace }: PodRef): string {
  const fieldSelector = `involvedObject.uid=${uid},reason=FailedMount`;
  const query = new URLSearchParams({ fieldSelector, limit: String(MAX_EVENTS) });
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/events?${query.toString()}`;
}

/** The volumes that the message names, or an empty name if it names none. */
function volumesOf(message: string): readonly string[] {
  const volume = SET_UP.exec(message)?.[1];
  const names =
    volume === undefined
      ? ((FAILED.exec(message) ?? UNMOUNTED.exec(message))?.[1] ?? '').split(' ')
      : [volume];
  const valid = names.filter((name) => objectName(name) !== undefined).slice(0, MAX_VOLUMES);
  return valid.length === 0 ? [''] : valid;
}

const FETCH = 'failed to fetch token';

type Kinds = readonly (readonly [RegExp, MountFailureKind])[];

/** Words of the API server (NodeRestriction since v1.32 and v1.37 for audiences) and of the network, after FETCH. */
const FETCH_KINDS: Kinds = [
  [/serviceaccounts? "[^"]*" not found/, 'account_missing'],
  [/\baudience "[^"]*"|\baudiences? .*not authorized|may only request 0 or 1 audiences/, 'audience_refused'],
  [
    /dial tcp|connection (?:refused|reset|lost)|timeout|timed out|deadline exceeded|no route to host|no such host|\bEOF\b|unable to handle the request|too many requests|etcdserver/i,
    'unreachable',
  ],
];

/** Words of the kubelet. */
const OTHER_KINDS: Kinds = [
  [/persistentvolumeclaims? "[^"]*" not found/, 'claim_missing'],
  [/PVC is being deleted/, 'volume_source'],
  [/(?:configmap|secret)s? "[^"]*" (?:not found|is forbidden)/, 'volume_source'],
  [/object "[^"]*"\/"[^"]*" not registered/, 'volume_source'],
  [/references non-existent (?:config|secret) key/, 'volume_source'],
  [/failed to sync (?:configmap|secret) cache/, 'volume_source'],
];

/** The kubelet appends the API server's message to its own. */
function kindOf(message: string): MountFailureKind {
  const at = message.indexOf(FETCH);
  const [kinds, fallback] =
    at < 0 ? [OTHER_KINDS, 'other' as const] : [FETCH_KINDS, 'token_refused' as const];
  const reason = at < 0 ? message : message.slice(at);
  return kinds.find(([words]) => words.test(reason))?.[1] ?? fallback;
}

const MAX_SHOWN = 512;
/** Anything that looks like a JWT: events can be created by users. */
const JWT = /\beyJ[\w-]+(?:\.[\w-]*)*/g;

/** Makes the message safe to show: bounded, on one line, and without tokens. */
function shown(message: string): string {
  const text = printable(
    message
      .slice(0, MAX_SHOWN * 2)
      .replace(/\s+/g, ' ')
      .replace(JWT, '(token)'),
  ).trim();
  return copied(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text);
}

/** Which field holds the time of the last occurrence depends on the client that recorded the event. */
function lastSeenAt(event: JsonObject): EpochSeconds | undefined {
  const series = optional(event, 'series', object) ?? {};
  const metadata = optional(event, 'metadata', object) ?? {};
  return (
    optional(series, 'lastObservedTime', time) ??
    optional(event, 'lastTimestamp', time) ??
    optional(event, 'eventTime', time) ??
    optional(metadata, 'creationTimestamp', time)
  );
}

/** Without a message or a time an event proves nothing. */
function failuresOf(event: JsonObject): readonly MountFailure[] | undefined {
  const message = optional(event, 'message', anyText);
  const seenAt = lastSeenAt(event);
  if (message === undefined || seenAt === undefined) return undefined;
  const kind = kindOf(message);
  const text = shown(message);
  return volumesOf(message).map((volume) => ({
    volume: copied(volume),
    kind,
    lastSeenAt: seenAt,
    message: text,
  }));
}

/** Keeps the last failure of each kind for each volume, as far as there is room. */
function latest(failures: readonly MountFailure[]): readonly MountFailure[] {
  const sorted = failures.toSorted((a, b) => a.lastSeenAt - b.lastSeenAt);
  const byKind = new Map(sorted.map((failure) => [`${failure.kind} ${failure.volume}`, failure]));
  return [...byKind.values()].slice(-MAX_FAILURES);
}

/** Calls `onDropped` with each event that is malformed. Returns undefined if the list is. */
export function parseMountFailures(
  list: unknown,
  onDropped: (event: unknown) => void = () => undefined,
): readonly MountFailure[] | undefined {
  const events = array(object(list)?.['items']);
  if (events === undefined) return undefined;
  return latest(
    events.slice(0, MAX_EVENTS).flatMap((item) => {
      const event = object(item);
      const failures = event && failuresOf(event);
      if (failures === undefined) onDropped(item);
      return failures ?? [];
    }),
  );
}

/** Returns a function that fetches the mount failures of one pod. */
export function createMountFailureFetcher(api: Api, { onDropped }: Pick<ApiServerCallbacks, 'onDropped'>) {
  const onDroppedEvent = (event: unknown): void => onDropped('events', 'malformed', displayName(event));
  return async (pod: PodRef, signal: AbortSignal): Promise<ApiResult<readonly MountFailure[]>> => {
    const events = await api.request({ resource: 'events', path: eventsPath(pod), signal });
    if (!events.ok) return events;
    const failures = parseMountFailures(events.value, onDroppedEvent);
    return failures === undefined ? failed('bad_answer') : ok(failures);
  };
}
