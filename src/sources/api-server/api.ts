/**
 * What can be asked of the API server: a question with one answer, a list, a watch.
 *
 * Bounded in time and size; whatever goes wrong is a failure with a reason, never a rejection. Knows nothing of when
 * to ask, nor of what the answers mean.
 */

import { type Clock, createDeadline, type Deadline } from '../../util/clock.ts';
import type { JsonObject } from '../../util/json.ts';
import type { Connection, Question, Reply } from './connection.ts';
import { AnswerError, type Failed, failed, statusFailure } from './failures.ts';
import { linesOf, readList, readWhole } from './json-stream.ts';

export type Answer<T> = { readonly ok: true; readonly value: T } | Failed;

/** `gone`: what happened since the version that was asked from is not known any more. */
export type WatchEnd = 'ended' | 'gone';

/** Hears of a watch. */
export interface Watcher {
  /** The API server goes on from where we were. */
  readonly onOpen: () => void;
  /** Answers `gone` where the event says so. May throw an AnswerError. */
  readonly onEvent: (event: unknown) => WatchEnd | undefined;
}

export interface Api {
  readonly ask: (question: Question) => Promise<Answer<unknown>>;
  /** Calls `onItem`, which may throw an AnswerError, with every object; answers the list without them. */
  readonly list: (question: Question, onItem: (item: unknown) => void) => Promise<Answer<JsonObject>>;
  /** Until the API server ends it, or says nothing for too long. */
  readonly watch: (question: Question, watcher: Watcher) => Promise<Answer<WatchEnd>>;
}

/** For everything: to connect, to get an answer, to read it to its end. */
const MAX_MS = 30_000;
/** The API server sends a bookmark about once a minute, however little happens. */
const MAX_SILENCE_MS = 150_000;
const GONE = 410;

async function follow(reply: Reply, deadline: Deadline, { onOpen, onEvent }: Watcher): Promise<WatchEnd> {
  if (reply.status === GONE) {
    reply.discard();
    return 'gone';
  }
  onOpen();
  deadline.putOff(MAX_SILENCE_MS);
  for await (const event of linesOf(reply.body)) {
    // A whole event counts: a server that trickles bytes says nothing.
    deadline.putOff(MAX_SILENCE_MS);
    const end = onEvent(event);
    if (end !== undefined) return end;
  }
  return 'ended';
}

/** Answers the reply where it is a success or of the status `awaited`, else why it is not. */
function accept(reply: Reply | Failed, awaited: number | undefined): Reply | Failed {
  if (!reply.ok || reply.status === awaited) return reply;
  const failure = statusFailure(reply.status);
  if (failure === undefined) return reply;
  reply.discard();
  return failed(failure, reply.retryAfterMs);
}

function failedBy(error: unknown, deadline: Deadline): Failed {
  if (error instanceof AnswerError) return failed(deadline.isOver() ? 'timeout' : error.failure);
  throw error;
}

export function createApi(connection: Connection, clock: Clock): Api {
  const converse = async <T>(
    question: Question,
    read: (reply: Reply, deadline: Deadline) => Promise<T>,
    awaited?: number,
  ): Promise<Answer<T>> => {
    const deadline = createDeadline(clock, MAX_MS, question.signal);
    try {
      const reply = accept(await connection.ask({ ...question, signal: deadline.signal }), awaited);
      return reply.ok ? { ok: true, value: await read(reply, deadline) } : reply;
    } catch (error) {
      return failedBy(error, deadline);
    } finally {
      deadline.cancel();
    }
  };
  return {
    ask: (question) => converse(question, ({ body }) => readWhole(body)),
    list: (question, onItem) => converse(question, ({ body }) => readList(body, onItem)),
    watch: (question, watcher) =>
      converse(question, (reply, deadline) => follow(reply, deadline, watcher), GONE),
  };
}
