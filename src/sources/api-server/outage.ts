/**
 * Watches the requests of the exporter for outages of the API server.
 *
 * Any response counts as a sign of life, also one that denies the request; an error of the server or of a load balancer
 * in front of it does not. One resource that fails alone is no outage.
 */
import type { ClusterFailure, Outage } from '../../core/cluster-facts.ts';
import type { Clock } from '../../util/clock.ts';
import type { Api } from './client/api.ts';
import type { ApiRequest } from './client/connection.ts';
import type { ApiResult } from './client/failures.ts';

export interface OutageWatch {
  /** The same API, watched. */
  readonly api: Api;
  /** The last outage; the same object until it changes. */
  readonly outage: () => Outage | undefined;
}

const OUTAGE_FAILURES: ReadonlySet<ClusterFailure> = new Set<ClusterFailure>([
  'unreachable',
  'timeout',
  'tls',
  'server_error',
]);
/** If a single resource is in use, this many failures in a row count, too. */
const MIN_FAILURES = 3;
const MIN_RESOURCES = 2;

/** Distinguishes outages from failures of one resource. */
function createOutageTracker({ now }: Pick<Clock, 'now'>) {
  let outage: Outage | undefined;
  let answeredAt = 0;
  let failures = 0;
  const failedResources = new Set<string>();

  const recordAnswer = (): void => {
    answeredAt = now();
    failures = 0;
    failedResources.clear();
    if (outage !== undefined && outage.until === undefined) outage = { ...outage, until: answeredAt };
  };
  const recordFailure = (resource: string): void => {
    failures += 1;
    failedResources.add(resource);
    if (failures < MIN_FAILURES && failedResources.size < MIN_RESOURCES) return;
    if (outage === undefined || outage.until !== undefined) outage = { since: answeredAt, until: undefined };
  };
  return { recordAnswer, recordFailure, outage: () => outage };
}

/** `onChange` is called when an outage begins or ends. */
export function watchOutages(api: Api, clock: Clock, onChange: () => void): OutageWatch {
  const tracker = createOutageTracker(clock);

  const record = (change: () => void): void => {
    const before = tracker.outage();
    change();
    if (tracker.outage() !== before) onChange();
  };
  const recordAnswer = (): void => record(tracker.recordAnswer);
  const watched = async <T>(
    { resource, signal }: ApiRequest,
    response: Promise<ApiResult<T>>,
  ): Promise<ApiResult<T>> => {
    const result = await response;
    if (result.ok || !OUTAGE_FAILURES.has(result.error.failure)) recordAnswer();
    // A request that was aborted says nothing about the API server.
    else if (!signal.aborted) record(() => tracker.recordFailure(resource));
    return result;
  };
  return {
    api: {
      request: (request) => watched(request, api.request(request)),
      exists: (request) => watched(request, api.exists(request)),
      list: (request, onItem) => watched(request, api.list(request, onItem)),
      watch: (request, { onOpen, onEvent }) =>
        watched(
          request,
          api.watch(request, {
            onOpen: () => {
              recordAnswer();
              onOpen();
            },
            onEvent: (event) => {
              recordAnswer();
              return onEvent(event);
            },
          }),
        ),
    },
    outage: tracker.outage,
  };
}
