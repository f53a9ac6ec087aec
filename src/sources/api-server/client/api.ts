/**
 * The API client: single requests, lists and watches, bounded in time and size.
 *
 * Every expected failure is an ApiError. A promise rejects only if a callback throws something other than a
 * ResponseError, which is a bug.
 */

import { type Clock, createDeadline, type Deadline } from '../../../util/clock.ts';
import type { JsonObject } from '../../../util/json.ts';
import { type Err, ok } from '../../../util/result.ts';
import type { ApiRequest, Connection, HttpResponse } from './connection.ts';
import { type ApiError, type ApiResult, failed, ResponseError, statusFailure } from './failures.ts';
import { parseJson, parseLines, parseList } from './json-stream.ts';

/** `gone`: the resource version is too old; a new list is needed. */
export type WatchEnd = 'ended' | 'gone';

/** Callbacks of a watch. */
export interface Watcher {
  /** The API server has accepted the watch. */
  readonly onOpen: () => void;
  /** Returns `gone` if the event says so, which ends the watch. May throw a ResponseError. */
  readonly onEvent: (event: unknown) => WatchEnd | undefined;
}

export interface Api {
  readonly request: (request: ApiRequest) => Promise<ApiResult<unknown>>;
  /** Whether the object exists: false for the status 404. Its content is not read. */
  readonly exists: (request: ApiRequest) => Promise<ApiResult<boolean>>;
  /** Calls `onItem`, which may throw a ResponseError, with each object. Returns the list without its objects. */
  readonly list: (request: ApiRequest, onItem: (item: unknown) => void) => Promise<ApiResult<JsonObject>>;
  /** Resolves when the API server ends the watch, or sends no event for too long. */
  readonly watch: (request: ApiRequest, watcher: Watcher) => Promise<ApiResult<WatchEnd>>;
}

/** Covers the whole request: connection, response and body. */
const TIMEOUT_MS = 30_000;
/** The API server sends a bookmark about once a minute even if nothing changes. */
const WATCH_IDLE_TIMEOUT_MS = 150_000;
const GONE = 410;
const NOT_FOUND = 404;

async function readWatch(
  response: HttpResponse,
  deadline: Deadline,
  { onOpen, onEvent }: Watcher,
): Promise<WatchEnd> {
  if (response.status === GONE) {
    response.discard();
    return 'gone';
  }
  onOpen();
  deadline.extend(WATCH_IDLE_TIMEOUT_MS);
  for await (const event of parseLines(response.body)) {
    // Only a complete event counts: a server that trickles bytes is idle.
    deadline.extend(WATCH_IDLE_TIMEOUT_MS);
    const end = onEvent(event);
    if (end !== undefined) return end;
  }
  return 'ended';
}

/** Turns an unsuccessful response into an error, unless it has the status `accepted`. */
function checkStatus(
  response: ApiResult<HttpResponse>,
  { notFound }: ApiRequest,
  accepted: number | undefined,
): ApiResult<HttpResponse> {
  if (!response.ok || response.value.status === accepted) return response;
  const { status, discard, retryAfterMs } = response.value;
  const failure = (status === NOT_FOUND ? notFound : undefined) ?? statusFailure(status);
  if (failure === undefined) return response;
  discard();
  return failed(failure, retryAfterMs);
}

/** Rethrows a bug. */
function failedBy(error: unknown, deadline: Deadline): Err<ApiError> {
  if (error instanceof ResponseError) return failed(deadline.isExpired() ? 'timeout' : error.failure);
  throw error;
}

export function createApi(connection: Connection, clock: Clock): Api {
  const perform = async <T>(
    request: ApiRequest,
    read: (response: HttpResponse, deadline: Deadline) => Promise<T>,
    accepted?: number,
  ): Promise<ApiResult<T>> => {
    const deadline = createDeadline(clock, TIMEOUT_MS, request.signal);
    try {
      const sent = await connection.send({ ...request, signal: deadline.signal });
      const response = checkStatus(sent, request, accepted);
      return response.ok ? ok(await read(response.value, deadline)) : response;
    } catch (error) {
      return failedBy(error, deadline);
    } finally {
      deadline.cancel();
    }
  };
  return {
    request: (request) => perform(request, ({ body }) => parseJson(body)),
    exists: (request) =>
      perform(
        request,
        async ({ status, discard }) => {
          discard();
          return status !== NOT_FOUND;
        },
        NOT_FOUND,
      ),
    list: (request, onItem) => perform(request, ({ body }) => parseList(body, onItem)),
    watch: (request, watcher) =>
      perform(request, (response, deadline) => readWatch(response, deadline, watcher), GONE),
  };
}
