/**
 * Reads the kubelet's FailedMount events of a pod: which volume could not be mounted, and why.
 */
import { objectName } from '../../core/claim-rules.ts';
import type { MountFailure, PodRef } from '../../core/cluster-facts.ts';
import type { EpochSeconds } from '../../core/token.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { ok } from '../../util/result.ts';
import type { Api } from './api.ts';
import { type ApiResult, failed } from './failures.ts';
import { anyText, array, displayName, optional, time } from './fields.ts';
import type { ApiServerCallbacks } from './health.ts';

/** Few are needed: an event lives for an hour, and the kubelet counts up the same event if a failure repeats. */
const MAX_EVENTS = 50;
const MAX_VOLUMES = 64;
const MAX_MESSAGE_LENGTH = 16_384;
export const MOUNT_FAILURES_TTL_MS = 120_000;

const SET_UP = /^MountVolume\.SetUp failed for volume "([^"]{1,253})"/;
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
  const names = volume === undefined ? (UNMOUNTED.exec(message)?.[1] ?? '').split(' ') : [volume];
  const valid = names.filter((name) => objectName(name) !== undefined).slice(0, MAX_VOLUMES);
  return valid.length === 0 ? [''] : valid;
}

const FETCH = 'failed to fetch token';

/** The kubelet appends the API server's message to its own. */
function kindOf(message: string): MountFailure['kind'] {
  const at = message.indexOf(FETCH);
  if (at < 0) return 'other';
  const reason = message.slice(at);
  if (/audience "[^"]*"/.test(reason)) return 'audience_refused';
  return /serviceaccounts? "[^"]*" not found/.test(reason) ? 'account_missing' : 'token_refused';
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
  const message = optional(event, 'message', anyText)?.slice(0, MAX_MESSAGE_LENGTH);
  const seenAt = lastSeenAt(event);
  if (message === undefined || seenAt === undefined) return undefined;
  const kind = kindOf(message);
  return volumesOf(message).map((volume) => ({ volume, kind, lastSeenAt: seenAt }));
}

/** Keeps the last failure of each kind for each volume. */
function latest(failures: readonly MountFailure[]): readonly MountFailure[] {
  const sorted = failures.toSorted((a, b) => a.lastSeenAt - b.lastSeenAt);
  return [...new Map(sorted.map((failure) => [`${failure.kind} ${failure.volume}`, failure])).values()];
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
