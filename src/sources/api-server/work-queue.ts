/**
 * What is wanted to be known, what of it is known, and what to ask about next.
 *
 * What nobody wants to know any more is forgotten, and so is an answer that has grown old. Knows nothing of how it is
 * asked; times are milliseconds of one clock.
 */
import { isDeepStrictEqual } from 'node:util';
import { sameEntries } from '../../util/stable.ts';

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
