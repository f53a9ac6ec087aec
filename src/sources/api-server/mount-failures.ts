/**
 * Asks for the kubelet's events on one pod's volumes, and reads what each says is wrong.
 *
 * Knows nothing of which pods give reason to ask, nor of how often.
 */
import { objectName } from '../../core/claim-rules.ts';
import type { MountFailure, PodRef } from '../../core/cluster-facts.ts';
import type { EpochSeconds } from '../../core/token.ts';
import { type JsonObject, object } from '../../util/json.ts';
import type { Answer, Api } from './api.ts';
import { failed } from './failures.ts';
import { anyText, objects, optional, parsed, required, time } from './fields.ts';

/** An event lives for an hour; the kubelet tells of one failure again by counting it up. */
const MAX_EVENTS = 50;
const MAX_VOLUMES = 64;
export const MOUNT_FAILURES_GOOD_FOR_MS = 120_000;

const SET_UP = /^MountVolume\.SetUp failed for volume "([^"]{1,253})"/;
const UNMOUNTED = /unmounted volumes=\[([^\]]{0,8192})\]/;

/** Within its namespace: events are not indexed by what they are about, and a cluster may have a million. */
function eventsPath({ uid, namespace }: PodRef): string {
  const fieldSelector = `involvedObject.uid=${uid},reason=FailedMount`;
  const query = new URLSearchParams({ fieldSelector, limit: String(MAX_EVENTS) });
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/events?${query.toString()}`;
}

/** The volumes a message names; one without a name where it names none. */
function volumesOf(message: string): readonly string[] {
  const one = SET_UP.exec(message)?.[1];
  const names = one === undefined ? (UNMOUNTED.exec(message)?.[1] ?? '').split(' ') : [one];
  const known = names.filter((name) => objectName(name) !== undefined).slice(0, MAX_VOLUMES);
  return known.length === 0 ? [''] : known;
}

const FETCH = 'failed to fetch token';

/** Words of the API server, which the kubelet hands on behind its own. */
function kindOf(message: string): MountFailure['kind'] {
  const fetched = message.indexOf(FETCH);
  if (fetched < 0) return 'other';
  const reason = message.slice(fetched);
  if (/audience "[^"]*"/.test(reason)) return 'audience_refused';
  return /serviceaccounts? "[^"]*" not found/.test(reason) ? 'account_missing' : 'token_refused';
}

/** Counted up, an event has its last time in one of two places, by the kind of its recorder. */
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

function failuresOf(event: JsonObject): readonly MountFailure[] {
  const message = optional(event, 'message', anyText) ?? '';
  const seenAt = lastSeenAt(event);
  if (seenAt === undefined) return [];
  const kind = kindOf(message);
  return volumesOf(message).map((volume) => ({ volume, kind, lastSeenAt: seenAt }));
}

/** The last of every kind for every volume. */
function lastOf(failures: readonly MountFailure[]): readonly MountFailure[] {
  const inTime = failures.toSorted((a, b) => a.lastSeenAt - b.lastSeenAt);
  return [...new Map(inTime.map((one) => [`${one.kind} ${one.volume}`, one])).values()];
}

/** The failures in a list of events; undefined where it is none. */
export function parseMountFailures(list: unknown): readonly MountFailure[] | undefined {
  return parsed(() => {
    const events = required(object(list) ?? {}, 'items', objects);
    return lastOf(events.slice(0, MAX_EVENTS).flatMap(failuresOf));
  });
}

/** Makes the function that asks about one pod. */
export function createMountInquirer(api: Api) {
  return async (pod: PodRef, signal: AbortSignal): Promise<Answer<readonly MountFailure[]>> => {
    const answer = await api.ask({ resource: 'events', path: eventsPath(pod), signal });
    if (!answer.ok) return answer;
    const value = parseMountFailures(answer.value);
    return value === undefined ? failed('bad_answer') : { ok: true, value };
  };
}
