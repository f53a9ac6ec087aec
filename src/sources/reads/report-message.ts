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

/** The loops over all events leave no garbage: array.forEach, not an iterator. */
export function packReport({ drained, ...report }: Report): ReportMessage {
  // Equal events may have several numbers, the same object has one.
  const numbers = new Map<ReadEvent, number>();
  const events: ReadEvent[] = [];
  const length = drained.reduce((sum, one) => sum + HEADER + one.events.length, 0);
  const words = new Float64Array(length);
  let end = 0;
  const pushEvent = (event: ReadEvent): void => {
    let number = numbers.get(event);
    if (number === undefined) {
      number = events.push(event) - 1;
      numbers.set(event, number);
    }
    words[end] = number;
    end += 1;
  };
  drained.forEach(({ watch, isLossy, hasEnded, sinceSwapMs, events: own }) => {
    words[end] = watch;
    words[end + 1] = Number(isLossy) * LOSSY + Number(hasEnded) * ENDED;
    words[end + 2] = sinceSwapMs ?? Number.NaN;
    words[end + 3] = own.length;
    end += HEADER;
    own.forEach(pushEvent);
  });
  return { ...report, words, events };
}

function unpackFolder({ words, events }: ReportMessage, start: number): Drained {
  const own: ReadEvent[] = [];
  const end = start + HEADER + (words[start + 3] ?? 0);
  for (let index = start + HEADER; index < end; index += 1) {
    const event = events[words[index] ?? -1];
    if (event !== undefined) own.push(event);
  }
  const flags = words[start + 1] ?? 0;
  const sinceSwapMs = words[start + 2] ?? Number.NaN;
  return {
    watch: words[start] ?? 0,
    events: own,
    isLossy: (flags & LOSSY) !== 0,
    hasEnded: (flags & ENDED) !== 0,
    sinceSwapMs: Number.isNaN(sinceSwapMs) ? undefined : sinceSwapMs,
  };
}

export function unpackReport(message: ReportMessage): Report {
  const { words, readAt, started, losses, folders, isLimited, tookMs } = message;
  const drained: Drained[] = [];
  for (let start = 0; start < words.length; ) {
    const folder = unpackFolder(message, start);
    drained.push(folder);
    start += HEADER + folder.events.length;
  }
  return { drained, readAt, started, losses, folders, isLimited, tookMs };
}
