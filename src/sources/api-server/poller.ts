/**
 * Questions about single things that give reason to ask, one after another and no more than so many a minute.
 *
 * Where one fails, all wait: the API server is in trouble, or does not let us ask. Knows nothing of what is asked.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ClusterResource, ResourceState } from '../../core/cluster-facts.ts';
import { type Clock, createAlarm } from '../../util/clock.ts';
import { sameEntries } from '../../util/stable.ts';
import type { Answer } from './api.ts';
import { createHealth, type Listener, UP } from './health.ts';

export interface Entry<S> {
  readonly subject: S;
  /** When it is to be asked about. */
  readonly dueMs: number;
}

export interface AgendaOptions<S, K, A> {
  /** What tells subjects apart. */
  readonly keyOf: (subject: S) => K;
  /** How long after an answer it is asked for again, in milliseconds; after none, too. */
  readonly goodForMs: (answer: A | undefined) => number;
}

export interface Agenda<S, K, A> {
  /** What is wanted from now on, most wanted first. */
  readonly want: (subjects: readonly S[]) => void;
  /** What is due first. */
  readonly next: () => Entry<S> | undefined;
  /** Answers whether that is any different from what was known. */
  readonly note: (subject: S, answer: A | undefined, nowMs: number) => boolean;
  /** Not before that time. */
  readonly postpone: (subject: S, untilMs: number) => void;
  /** The same map while nothing is different. */
  readonly answers: (nowMs: number) => ReadonlyMap<K, A>;
}

/** `answer` is undefined where there is none. */
interface Note<S, A> extends Entry<S> {
  readonly answer: A | undefined;
  /** When the answer has grown old. */
  readonly oldMs: number;
}

/** How long an answer is kept beyond its time, for want of a newer one. */
const KEPT_MS = 300_000;
const LONG_AGO = Number.NEGATIVE_INFINITY;

function freshNote<S, A>(subject: S): Note<S, A> {
  return { subject, dueMs: LONG_AGO, answer: undefined, oldMs: LONG_AGO };
}

export function createAgenda<S, K, A>({ keyOf, goodForMs }: AgendaOptions<S, K, A>): Agenda<S, K, A> {
  let notes = new Map<K, Note<S, A>>();
  let latest: ReadonlyMap<K, A> = new Map();

  const want = (subjects: readonly S[]): void => {
    const before = notes;
    notes = new Map(subjects.map((subject) => [keyOf(subject), freshNote(subject)]));
    for (const key of notes.keys()) {
      const known = before.get(key);
      if (known !== undefined) notes.set(key, known);
    }
  };

  const next = (): Entry<S> | undefined => {
    let first: Entry<S> | undefined;
    for (const note of notes.values()) if (first === undefined || note.dueMs < first.dueMs) first = note;
    return first;
  };

  const note = (subject: S, answer: A | undefined, nowMs: number): boolean => {
    const before = notes.get(keyOf(subject));
    // Nobody wants to know it any more.
    if (before === undefined) return false;
    const isSame = isDeepStrictEqual(before.answer, answer);
    const dueMs = nowMs + goodForMs(answer);
    const kept = isSame ? before.answer : answer;
    notes.set(keyOf(subject), { subject, answer: kept, dueMs, oldMs: dueMs + KEPT_MS });
    return !isSame;
  };

  const postpone = (subject: S, untilMs: number): void => {
    const before = notes.get(keyOf(subject));
    if (before !== undefined) notes.set(keyOf(subject), { ...before, dueMs: untilMs });
  };

  const answers = (nowMs: number): ReadonlyMap<K, A> => {
    const made = new Map<K, A>();
    for (const [key, { answer, oldMs }] of notes)
      if (answer !== undefined && nowMs <= oldMs) made.set(key, answer);
    if (!sameEntries(made, latest)) latest = made;
    return latest;
  };
  return { want, next, note, postpone, answers };
}

export interface InquiryOptions<S, K, A> extends AgendaOptions<S, K, A> {
  readonly resource: ClusterResource;
  /** Answers undefined where there is nothing to be learnt just now. */
  readonly ask: (subject: S, signal: AbortSignal) => Promise<Answer<A | undefined>>;
  readonly perMinute: number;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly listener: Listener;
}

export interface Inquiry<S, K, A> {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** What is wanted from now on, most wanted first. */
  readonly want: (subjects: readonly S[]) => void;
  /** The same map while nothing is different. */
  readonly answers: () => ReadonlyMap<K, A>;
  readonly state: () => ResourceState;
}

const MINUTE_MS = 60_000;
/** After a question that failed, others have their turn first. */
const RETRY_MS = MINUTE_MS;
/** Permissions are given by hand. */
const FORBIDDEN_MS = 10 * MINUTE_MS;
/** A wait that ends when somebody rings. */
const LONG_MS = 60 * MINUTE_MS;

/** Questions by the minute. */
function createBudget(perMinute: number) {
  let spentMs: readonly number[] = [];
  return {
    spend: (nowMs: number): void => {
      spentMs = [...spentMs, nowMs].slice(-perMinute);
    },
    /** When there is room for one more. */
    roomMs: (): number => (spentMs.at(-perMinute) ?? LONG_AGO) + MINUTE_MS,
  };
}

function isForbidden(state: ResourceState): boolean {
  return !state.isUp && state.failure === 'forbidden';
}

export function createInquiry<S, K, A>(options: InquiryOptions<S, K, A>): Inquiry<S, K, A> {
  const { resource, ask, perMinute, clock, random, listener } = options;
  const health = createHealth({ resource, initially: UP, random, listener });
  const agenda = createAgenda(options);
  const alarm = createAlarm(clock);
  const budget = createBudget(perMinute);
  /** Until then nothing is asked. */
  let pausedMs = LONG_AGO;

  const pause = (subject: S, waitMs: number): void => {
    const leastMs = isForbidden(health.state()) ? FORBIDDEN_MS : 0;
    pausedMs = clock.monotonicMs() + Math.max(waitMs, leastMs);
    agenda.postpone(subject, clock.monotonicMs() + RETRY_MS);
  };

  const askAbout = async (subject: S, signal: AbortSignal): Promise<void> => {
    budget.spend(clock.monotonicMs());
    const answer = await ask(subject, signal);
    if (!answer.ok) {
      pause(subject, health.fail(answer));
      return;
    }
    health.succeed();
    health.backOff.reset();
    if (agenda.note(subject, answer.value, clock.monotonicMs())) listener.onChange();
  };

  const askOrPause = (subject: S, signal: AbortSignal): Promise<void> =>
    askAbout(subject, signal).catch((error: unknown) => pause(subject, health.failBy(error)));

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const next = agenda.next();
      const leftMs = Math.max(next?.dueMs ?? LONG_AGO, budget.roomMs(), pausedMs) - clock.monotonicMs();
      if (next === undefined) await alarm.wait(LONG_MS, signal);
      else if (leftMs > 0) await alarm.wait(leftMs, signal);
      else await askOrPause(next.subject, signal);
    }
  };

  const want = (subjects: readonly S[]): void => {
    agenda.want(subjects);
    alarm.ring();
  };
  return { run, want, answers: () => agenda.answers(clock.monotonicMs()), state: health.state };
}
