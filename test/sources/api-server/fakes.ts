/**
 * Fakes for the parts of the API server source: a clock that only moves when advanced, callbacks that record their
 * calls, and an API whose responses a test defines.
 */
import type { ClusterFailure } from '../../../src/core/cluster-facts.ts';
import type { Api, WatchEnd, Watcher } from '../../../src/sources/api-server/client/api.ts';
import type { ApiRequest } from '../../../src/sources/api-server/client/connection.ts';
import { type ApiResult, failed, ResponseError } from '../../../src/sources/api-server/client/failures.ts';
import type { ApiServerCallbacks } from '../../../src/sources/api-server/health.ts';
import type { Clock } from '../../../src/util/clock.ts';
import type { JsonObject } from '../../../src/util/json.ts';
import { ok } from '../../../src/util/result.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { NOW } from '../../support/tokens.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

export interface TestClock extends FakeClock, Clock {}

/** A clock whose wall time begins at NOW. */
export function createClock(): TestClock {
  const clock = createFakeClock();
  return { ...clock, now: () => NOW + clock.monotonicMs() / SECOND };
}

export interface RecordedCallbacks extends ApiServerCallbacks {
  readonly changes: () => number;
  readonly failures: readonly ClusterFailure[];
  readonly recoveries: () => number;
  /** Reason and name of each dropped object. */
  readonly dropped: readonly string[];
  readonly errors: readonly unknown[];
}

export function createCallbacks(): RecordedCallbacks {
  const failures: ClusterFailure[] = [];
  const errors: unknown[] = [];
  const dropped: string[] = [];
  let recoveries = 0;
  let changes = 0;
  return {
    changes: () => changes,
    failures,
    recoveries: () => recoveries,
    dropped,
    errors,
    onChange: () => {
      changes += 1;
    },
    onFailure: (_resource, failure) => failures.push(failure),
    onRecovery: () => {
      recoveries += 1;
    },
    onDropped: (_resource, reason, name) => dropped.push(`${reason} ${name}`),
    onError: (error) => errors.push(error),
  };
}

export interface RecordedRequest {
  readonly resource: ApiRequest['resource'];
  readonly path: string;
  readonly atMs: number;
  readonly body: string | undefined;
}

/** An open watch, in which the test plays the API server. */
export interface OpenWatch {
  readonly path: string;
  /** Sends an event. Ends the watch if the watcher says so. */
  readonly send: (event: unknown) => void;
  readonly end: (result?: ApiResult<WatchEnd>) => void;
}

export interface FakeApi extends Api {
  readonly requests: readonly RecordedRequest[];
  readonly openWatches: () => readonly OpenWatch[];
}

export interface FakeList {
  readonly items: readonly unknown[];
  readonly [field: string]: unknown;
}

/** A missing response is `unreachable`; a missing `watch` opens each watch. */
export interface FakeResponses {
  readonly request?: (request: ApiRequest) => ApiResult<unknown>;
  /** A list with its objects. */
  readonly list?: (request: ApiRequest) => ApiResult<FakeList>;
  /** Undefined to open the watch. */
  readonly exists?: (request: ApiRequest) => ApiResult<boolean>;
  readonly watch?: (request: ApiRequest) => ApiResult<WatchEnd> | undefined;
}

/** Turns a ResponseError into a failure. Anything else that is thrown is a bug. */
function attempt<T>(read: () => ApiResult<T>): ApiResult<T> {
  try {
    return read();
  } catch (error) {
    if (error instanceof ResponseError) return failed(error.failure);
    throw error;
  }
}

/** Keeps the contract of the real API: a watch ends when its signal aborts. */
export function createFakeApi(clock: Clock, responses: FakeResponses): FakeApi {
  const requests: RecordedRequest[] = [];
  const openWatches = new Set<OpenWatch>();
  const record = ({ resource, path, body }: ApiRequest): void => {
    requests.push({ resource, path, atMs: clock.monotonicMs(), body: body?.toString() });
  };

  const watch = (request: ApiRequest, watcher: Watcher): Promise<ApiResult<WatchEnd>> => {
    record(request);
    const refused = responses.watch?.(request);
    if (refused !== undefined) return Promise.resolve(refused);
    const { promise, resolve } = Promise.withResolvers<ApiResult<WatchEnd>>();
    const opened: OpenWatch = {
      path: request.path,
      send: (event) => {
        const end = attempt(() => ok(watcher.onEvent(event)));
        if (!end.ok) opened.end(end);
        else if (end.value !== undefined) opened.end(ok(end.value));
      },
      end: (result = ok('ended')) => {
        openWatches.delete(opened);
        resolve(result);
      },
    };
    openWatches.add(opened);
    request.signal.addEventListener('abort', () => opened.end(failed('timeout')), { once: true });
    watcher.onOpen();
    return promise;
  };

  return {
    requests,
    openWatches: () => [...openWatches],
    request: (request) => {
      record(request);
      return Promise.resolve(responses.request?.(request) ?? failed('unreachable'));
    },
    exists: (request) => {
      record(request);
      return Promise.resolve(responses.exists?.(request) ?? failed('unreachable'));
    },
    list: (request, onItem) => {
      record(request);
      const list = responses.list?.(request) ?? failed('unreachable');
      if (!list.ok) return Promise.resolve(list);
      const { items, ...frame } = list.value;
      const readItems = (): ApiResult<JsonObject> => {
        items.forEach(onItem);
        return ok(frame);
      };
      return Promise.resolve(attempt(readItems));
    },
    watch,
  };
}
