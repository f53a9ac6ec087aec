/**
 * Cuts an answer into pieces of JSON as it arrives: the lines of a watch, the objects of a list.
 *
 * However long the answer, no more than one piece of it is held. Throws an AnswerError where the answer is not of the
 * form expected. Knows nothing of what the pieces mean.
 */
import { type JsonObject, object } from '../../util/json.ts';
import { AnswerError } from './failures.ts';

/** etcd holds no object beyond 1.5 MiB; as JSON, with some around it, one may be larger. */
const MAX_PIECE_BYTES = 4 * 1024 * 1024;
/** What a list says of itself, and two bytes for every object of it. */
const MAX_FRAME_BYTES = 1024 * 1024;
const MAX_LIST_BYTES = 128 * 1024 * 1024;
const USUAL_BYTES = 64 * 1024;

interface Gatherer {
  readonly add: (part: Buffer) => void;
  /** The JSON in what was gathered, to begin anew. */
  readonly take: () => unknown;
  readonly isEmpty: () => boolean;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // The message quotes the answer.
    throw new AnswerError('bad_answer');
  }
}

/** Gathers one piece from chunk to chunk. It copies: a million chunks of a byte each are a megabyte, not more. */
function createGatherer(maxBytes: number): Gatherer {
  let held = Buffer.allocUnsafe(USUAL_BYTES);
  let length = 0;
  const add = (part: Buffer): void => {
    const needed = length + part.length;
    if (needed > maxBytes) throw new AnswerError('too_large');
    if (needed > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, held.length * 2));
      held.copy(larger, 0, 0, length);
      held = larger;
    }
    part.copy(held, length);
    length = needed;
  };
  const take = (): unknown => {
    const piece = parseJson(held.subarray(0, length));
    length = 0;
    return piece;
  };
  return { add, take, isEmpty: () => length === 0 };
}

/** The whole body as one piece. */
export async function readWhole(body: AsyncIterable<Buffer>): Promise<unknown> {
  const whole = createGatherer(MAX_PIECE_BYTES);
  for await (const chunk of body) whole.add(chunk);
  return whole.take();
}

const LINE_FEED = 0x0a;

/** A piece for every line. */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncIterable<unknown> {
  const line = createGatherer(MAX_PIECE_BYTES);
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      line.add(chunk.subarray(start, end));
      start = end + 1;
      yield line.take();
    }
    line.add(chunk.subarray(start));
  }
  // Where a connection is cut the body throws: whoever ends in good order ends after a line.
  if (!line.isEmpty()) throw new AnswerError('bad_answer');
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
/** By byte. */
const CHANGES = new Int8Array(256);
for (const opening of Buffer.from('[{')) CHANGES[opening] = 1;
for (const closing of Buffer.from(']}')) CHANGES[closing] = -1;

/** What each byte of a text does to the number of open brackets and braces: 1, -1 or 0. Those in strings do not count. */
function createNesting(): (byte: number) => number {
  let isInString = false;
  let isEscaped = false;
  const inString = (byte: number): void => {
    if (isEscaped) isEscaped = false;
    else if (byte === BACKSLASH) isEscaped = true;
    else if (byte === QUOTE) isInString = false;
  };
  const outside = (byte: number): number => {
    if (byte === QUOTE) isInString = true;
    return CHANGES[byte] ?? 0;
  };
  return (byte) => {
    if (!isInString) return outside(byte);
    inString(byte);
    return 0;
  };
}

/** Where the objects of a list are: in an array in the object that is the list. */
const LIST_DEPTH = 2;
/** Stands for an object in the frame. */
const TAKEN = Buffer.from('0');

interface ListCutter {
  readonly cut: (chunk: Buffer) => void;
  readonly items: () => number;
  /** What is left of the list: a 0 in place of each object. */
  readonly frame: () => unknown;
}

/** Takes the objects out of a list, chunk by chunk. */
function createListCutter(onItem: (item: unknown) => void): ListCutter {
  const nesting = createNesting();
  const frame = createGatherer(MAX_FRAME_BYTES);
  const item = createGatherer(MAX_PIECE_BYTES);
  let depth = 0;
  let isInArray = false;
  let items = 0;

  /** These answer from where on the chunk is still to be dealt with. */
  const open = (chunk: Buffer, start: number, at: number): number => {
    if (depth === LIST_DEPTH) isInArray = chunk[at] === OPENING_BRACKET;
    if (depth !== LIST_DEPTH + 1 || !isInArray) return start;
    frame.add(chunk.subarray(start, at));
    frame.add(TAKEN);
    return at;
  };
  const close = (chunk: Buffer, start: number, at: number): number => {
    if (depth !== LIST_DEPTH || !isInArray) return start;
    item.add(chunk.subarray(start, at + 1));
    items += 1;
    onItem(item.take());
    return at + 1;
  };
  const turn = (chunk: Buffer, start: number, at: number, change: number): number => {
    depth += change;
    return change > 0 ? open(chunk, start, at) : close(chunk, start, at);
  };
  const cut = (chunk: Buffer): void => {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const change = nesting(chunk[at] ?? 0);
      if (change !== 0) start = turn(chunk, start, at, change);
    }
    (isInArray && depth > LIST_DEPTH ? item : frame).add(chunk.subarray(start));
  };
  return { cut, items: () => items, frame: () => frame.take() };
}

/** Whether every object of the list was taken from `items`, and nothing else was. */
function isWhole(frame: JsonObject, items: number): boolean {
  const left = frame['items'] ?? [];
  return Array.isArray(left) && left.length === items && left.every((one) => one === 0);
}

/** Calls `onItem` with every object in `items` of a list; answers the list without them. */
export async function readList(
  body: AsyncIterable<Buffer>,
  onItem: (item: unknown) => void,
): Promise<JsonObject> {
  const list = createListCutter(onItem);
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_LIST_BYTES) throw new AnswerError('too_large');
    list.cut(chunk);
  }
  const frame = object(list.frame());
  if (frame === undefined || !isWhole(frame, list.items())) throw new AnswerError('bad_answer');
  return frame;
}
