/**
 * What the parts of the cluster source are given, as tests want it: a clock that goes when told to, an API server that
 * says what it is told to say, and somebody who notes what is heard.
 */

import type { ClusterFailure } from '../../../src/core/cluster-facts.ts';
import type { Answer, Api, WatchEnd, Watcher } from '../../../src/sources/api-server/api.ts';
import type { Question } from '../../../src/sources/api-server/connection.ts';
import { AnswerError, failed } from '../../../src/sources/api-server/failures.ts';
import type { Listener } from '../../../src/sources/api-server/health.ts';
import type { Clock } from '../../../src/util/clock.ts';
import type { JsonObject } from '../../../src/util/json.ts';
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

export interface Notes extends Listener {
  readonly changes: () => number;
  readonly failures: readonly ClusterFailure[];
  readonly errors: readonly unknown[];
}

export function createNotes(): Notes {
  const failures: ClusterFailure[] = [];
  const errors: unknown[] = [];
  let changes = 0;
  return {
    changes: () => changes,
    failures,
    errors,
    onChange: () => {
      changes += 1;
    },
    onFailure: (_resource, failure) => failures.push(failure),
    onError: (error) => errors.push(error),
  };
}

/** What is asked, and when. */
export interface Asked {
  readonly resource: Question['resource'];
  readonly path: string;
  readonly atMs: number;
  readonly body: string | undefined;
}

/** A watch that is open, where the test plays the API server. */
export interface OpenWatch {
  readonly path: string;
  /** Sends an event; ends the watch where the watcher has had enough. */
  readonly send: (event: unknown) => void;
  readonly end: (answer?: Answer<WatchEnd>) => void;
}

export interface FakeApi extends Api {
  readonly asked: readonly Asked[];
  /** The watches that are open. */
  readonly open: () => readonly OpenWatch[];
}

export interface FakeList {
  readonly items: readonly unknown[];
  readonly [field: string]: unknown;
}

export interface FakeAnswers {
  readonly ask?: (question: Question) => Answer<unknown>;
  /** A list with its objects. */
  readonly list?: (question: Question) => Answer<FakeList>;
  /** Undefined where the watch opens. */
  readonly watch?: (question: Question) => Answer<WatchEnd> | undefined;
}

/** An answer that is not worth reading on is a failure; anything else that is thrown is a bug. */
function attempt<T>(read: () => Answer<T>): Answer<T> {
  try {
    return read();
  } catch (error) {
    if (error instanceof AnswerError) return failed(error.failure);
    throw error;
  }
}

/** Keeps the contract of the real one: whatever it is asked ends with the signal. */
export function createFakeApi(clock: Clock, answers: FakeAnswers): FakeApi {
  const asked: Asked[] = [];
  const open = new Set<OpenWatch>();
  const note = ({ resource, path, body }: Question): void => {
    asked.push({ resource, path, atMs: clock.monotonicMs(), body: body?.toString() });
  };

  const watch = (question: Question, watcher: Watcher): Promise<Answer<WatchEnd>> => {
    note(question);
    const refused = answers.watch?.(question);
    if (refused !== undefined) return Promise.resolve(refused);
    const { promise, resolve } = Promise.withResolvers<Answer<WatchEnd>>();
    const one: OpenWatch = {
      path: question.path,
      send: (event) => {
        const end = attempt(() => ({ ok: true, value: watcher.onEvent(event) }));
        if (!end.ok) one.end(end);
        else if (end.value !== undefined) one.end({ ok: true, value: end.value });
      },
      end: (answer = { ok: true, value: 'ended' }) => {
        open.delete(one);
        resolve(answer);
      },
    };
    open.add(one);
    question.signal.addEventListener('abort', () => one.end(failed('timeout')), { once: true });
    watcher.onOpen();
    return promise;
  };

  return {
    asked,
    open: () => [...open],
    ask: (question) => {
      note(question);
      return Promise.resolve(answers.ask?.(question) ?? failed('unreachable'));
    },
    list: (question, onItem) => {
      note(question);
      const answer = answers.list?.(question) ?? failed('unreachable');
      if (!answer.ok) return Promise.resolve(answer);
      const { items, ...frame } = answer.value;
      const take = (): Answer<JsonObject> => {
        items.forEach(onItem);
        return { ok: true, value: frame };
      };
      return Promise.resolve(attempt(take));
    },
    watch,
  };
}
