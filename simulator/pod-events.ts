/**
 * The events that a kubelet records on its pods when a volume cannot be mounted, with the counting of a real kubelet.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { apiTime, parseApiTime } from './api-time.ts';
import type { ObjectStore } from './object-store.ts';
import type { Pod, PodEvent } from './objects.ts';

export interface MountFailure {
  readonly pod: Pod;
  /** The text of the kubelet's log line and of the event. */
  readonly message: string;
}

/** `--event-ttl`. */
const TTL_SECONDS = 3_600;

function newEvent({ pod, message }: MountFailure, nodeName: string, now: string): PodEvent {
  const { namespace, name, uid, resourceVersion } = pod.metadata;
  return {
    metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace, uid: randomUUID() },
    involvedObject: { kind: 'Pod', namespace, name, uid, apiVersion: 'v1', resourceVersion },
    reason: 'FailedMount',
    message,
    source: { component: 'kubelet', host: nodeName },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type: 'Warning',
    eventTime: null,
    reportingComponent: 'kubelet',
    reportingInstance: nodeName,
  };
}

/** A repeated failure of the same pod increments the count of the existing event. */
export function recordFailure(
  events: ObjectStore<PodEvent>,
  failure: MountFailure,
  nodeName: string,
  now: number,
): void {
  const existing = events
    .list()
    .find(
      ({ involvedObject, message }) =>
        involvedObject.uid === failure.pod.metadata.uid && message === failure.message,
    );
  const event = existing ?? newEvent(failure, nodeName, apiTime(now));
  const count = existing === undefined ? 1 : existing.count + 1;
  events.set({ ...event, count, lastTimestamp: apiTime(now) });
}

/** Deletes events one hour after their last occurrence. */
export function expireEvents(events: ObjectStore<PodEvent>, now: number): void {
  for (const { metadata, lastTimestamp } of events.list()) {
    if (parseApiTime(lastTimestamp) + TTL_SECONDS <= now) events.delete(metadata.namespace, metadata.name);
  }
}
