/**
 * A report as it is passed to the other thread: the events of all folders in one array of numbers.
 *
 * A hundred folders may have events each second. Objects would be copied property by property, with the names of the
 * properties.
 */
import type { ReadEvent } from '../../core/reads/read-event.ts';
import type { Drained, Report } from './protocol.ts';

export interface ReportMessage extends Omit<Report, 'drained'> {
  /**
   * For each folder: the watch, the flags, the milliseconds since the swap, the number of events, and the index of each
   * event in `events`.
   */
  readonly words: Float64Array<ArrayBuffer>;
  /** Without those that are the same object. */
  readonly events: readonly ReadEvent[];
}

const HEADER = 4;
const LOSSY = 1;
const ENDED = 2;

/** Equal events may have several numbers, the same object has one. */
function numberOf(numbers: Map<ReadEvent, number>, event: ReadEvent): number {
  const number = numbers.get(event) ?? numbers.size;
  numbers.set(event, number);
  return number;
}

export function packReport({ drained, ...report }: Report): ReportMessage {
  const numbers = new Map<ReadEvent, number>();
  const length = drained.reduce((sum, one) => sum + HEADER + one.events.length, 0);
  const words = new Float64Array(length);
  let end = 0;
  const push = (word: number): void => {
    words[end] = word;
    end += 1;
  };
  for (const { watch, isLossy, hasEnded, sinceSwapMs, events: own } of drained) {
    push(watch);
    push(Number(isLossy) * LOSSY + Number(hasEnded) * ENDED);
    push(sinceSwapMs ?? Number.NaN);
    push(own.length);
    for (const event of own) push(numberOf(numbers, event));
  }
  return { ...report, words, events: [...numbers.keys()] };
}

function unpackFolder({ words, events }: ReportMessage, start: number): Drained {
  const [watch = 0, flags = 0, sinceSwapMs = Number.NaN, count = 0] = words.subarray(start, start + HEADER);
  const own: ReadEvent[] = [];
  for (let index = start + HEADER; index < start + HEADER + count; index += 1) {
    const event = events[words[index] ?? -1];
    if (event !== undefined) own.push(event);
  }
  return {
    watch,
    events: own,
    isLossy: (flags & LOSSY) !== 0,
    hasEnded: (flags & ENDED) !== 0,
    sinceSwapMs: Number.isNaN(sinceSwapMs) ? undefined : sinceSwapMs,
  };
}

export function unpackReport(message: ReportMessage): Report {
  const { words, readAt, started, losses, folders, isLimited, tookMs } = message;
  const drained: Drained[] = [];
  let start = 0;
  while (start < words.length) {
    const folder = unpackFolder(message, start);
    drained.push(folder);
    start += HEADER + folder.events.length;
  }
  return { drained, readAt, started, losses, folders, isLimited, tookMs };
}
