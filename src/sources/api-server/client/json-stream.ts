/**
 * Streaming JSON: parses a watch line by line and a list object by object, as the bytes arrive.
 *
 * Holds at most one line or object at a time, however long the response. Throws a ResponseError if the response is
 * malformed or too large.
 */
import { type JsonObject, object } from '../../../util/json.ts';
import { ResponseError } from './failures.ts';

/**
 * etcd limits an object to 1.5 MiB, and in JSON a byte takes up to six (`\u003c`): anyone with permission to create pods can
 * create one of 9 MiB.
 */
const MAX_VALUE_BYTES = 16 * 1024 * 1024;
/** The metadata of a list, and two bytes for each of its objects. */
const MAX_FRAME_BYTES = 1024 * 1024;
const MAX_LIST_BYTES = 128 * 1024 * 1024;
/** A response that is read as a whole: keys, a review, the events of a pod. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const INITIAL_BYTES = 64 * 1024;
const KEPT_BYTES = 1024 * 1024;

/** Collects the bytes of one JSON value. */
interface JsonBuffer {
  readonly append: (bytes: Buffer) => void;
  /** Parses the collected bytes and clears the buffer. Returns undefined if the value was skipped. */
  readonly parse: () => unknown;
  readonly isEmpty: () => boolean;
}

interface BufferOptions {
  readonly maxBytes: number;
  /** Whether a larger value is skipped; otherwise `append` throws. */
  readonly skips?: boolean;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // Drop the original error: its message quotes the response.
    throw new ResponseError('bad_answer');
  }
}

/** Copies the bytes, so that a million one-byte chunks take one megabyte and not a million buffers. */
function createJsonBuffer({ maxBytes, skips = false }: BufferOptions): JsonBuffer {
  // Grows and shrinks in place: what large values leave behind would else wait for the garbage collector.
  const store = new ArrayBuffer(INITIAL_BYTES, { maxByteLength: maxBytes });
  let buffer = Buffer.from(store);
  let length = 0;
  let isSkipped = false;

  const resize = (bytes: number): void => {
    store.resize(bytes);
    buffer = Buffer.from(store);
  };
  const reserve = (needed: number): void => {
    if (needed <= buffer.length) return;
    resize(Math.min(maxBytes, Math.max(needed, buffer.length * 2)));
  };
  const append = (bytes: Buffer): void => {
    const needed = length + bytes.length;
    if (needed > maxBytes && !skips) throw new ResponseError('too_large');
    isSkipped ||= needed > maxBytes;
    if (isSkipped) return;
    reserve(needed);
    bytes.copy(buffer, length);
    length = needed;
  };
  const parseAndClear = (): unknown => {
    const value = isSkipped ? undefined : parse(buffer.subarray(0, length));
    length = 0;
    isSkipped = false;
    // One large value must not occupy its memory for the rest of a watch.
    if (buffer.length > KEPT_BYTES) resize(INITIAL_BYTES);
    return value;
  };
  return { append, parse: parseAndClear, isEmpty: () => length === 0 };
}

/** Parses the whole body as one value. */
export async function parseJson(body: AsyncIterable<Buffer>): Promise<unknown> {
  const buffer = createJsonBuffer({ maxBytes: MAX_DOCUMENT_BYTES });
  for await (const chunk of body) buffer.append(chunk);
  return buffer.parse();
}

const LINE_FEED = 0x0a;

/** Yields one value per line. */
export async function* parseLines(body: AsyncIterable<Buffer>): AsyncIterable<unknown> {
  const line = createJsonBuffer({ maxBytes: MAX_VALUE_BYTES });
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      line.append(chunk.subarray(start, end));
      start = end + 1;
      yield line.parse();
    }
    line.append(chunk.subarray(start));
  }
  // The body throws if the connection is cut, so a partial last line means that the server sent one.
  if (!line.isEmpty()) throw new ResponseError('bad_answer');
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
/** Change of the nesting depth, by byte. */
const DEPTH_CHANGES = new Int8Array(256);
for (const opening of Buffer.from('[{')) DEPTH_CHANGES[opening] = 1;
for (const closing of Buffer.from(']}')) DEPTH_CHANGES[closing] = -1;

/** Returns a function that maps the bytes of a JSON value, one by one, to a change of depth. Brackets in strings do not count. */
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
    return DEPTH_CHANGES[byte] ?? 0;
  };
  return (byte) => {
    if (!isInString) return outside(byte);
    inString(byte);
    return 0;
  };
}

/** Inside the array of items: `{"items":[`. */
const LIST_DEPTH = 2;
/** Replaces each object in the frame. */
const PLACEHOLDER = Buffer.from('0');

interface ListParser {
  readonly push: (chunk: Buffer) => void;
  readonly itemCount: () => number;
  /** The list with a 0 in place of each object. */
  readonly frame: () => unknown;
}

/** Extracts the objects of a list, chunk by chunk. */
function createListParser(onItem: (item: unknown) => void): ListParser {
  const nesting = createNesting();
  const frame = createJsonBuffer({ maxBytes: MAX_FRAME_BYTES });
  const item = createJsonBuffer({ maxBytes: MAX_VALUE_BYTES, skips: true });
  let depth = 0;
  let isInArray = false;
  let items = 0;

  /** `open` and `close` return the offset from which the chunk is still to be consumed. */
  const open = (chunk: Buffer, start: number, at: number): number => {
    if (depth === LIST_DEPTH) isInArray = chunk[at] === OPENING_BRACKET;
    if (depth !== LIST_DEPTH + 1 || !isInArray) return start;
    frame.append(chunk.subarray(start, at));
    frame.append(PLACEHOLDER);
    return at;
  };
  const close = (chunk: Buffer, start: number, at: number): number => {
    if (depth !== LIST_DEPTH || !isInArray) return start;
    item.append(chunk.subarray(start, at + 1));
    items += 1;
    onItem(item.parse());
    return at + 1;
  };
  const turn = (chunk: Buffer, start: number, at: number, change: number): number => {
    depth += change;
    return change > 0 ? open(chunk, start, at) : close(chunk, start, at);
  };
  const push = (chunk: Buffer): void => {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const change = nesting(chunk[at] ?? 0);
      if (change !== 0) start = turn(chunk, start, at, change);
    }
    (isInArray && depth > LIST_DEPTH ? item : frame).append(chunk.subarray(start));
  };
  return { push, itemCount: () => items, frame: () => frame.parse() };
}

/**
 * The items that are no objects. Returns undefined if the list is malformed: the extracted objects are not those in
 * `items`.
 */
function otherItems(frame: JsonObject, objectCount: number): readonly unknown[] | undefined {
  const items = frame['items'] ?? [];
  if (!Array.isArray(items)) return undefined;
  let placeholders = 0;
  const others = items.filter((item) => item !== 0 || ++placeholders > objectCount);
  return items.length - others.length === objectCount ? others : undefined;
}

/**
 * Calls `onItem` with each object in `items` of a list, then with every other value in it; undefined stands for an object
 * that is too large. Returns the list with a 0 in place of each object.
 */
export async function parseList(
  body: AsyncIterable<Buffer>,
  onItem: (item: unknown) => void,
): Promise<JsonObject> {
  const list = createListParser(onItem);
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_LIST_BYTES) throw new ResponseError('too_large');
    list.push(chunk);
  }
  const frame = object(list.frame());
  const others = frame && otherItems(frame, list.itemCount());
  if (frame === undefined || others === undefined) throw new ResponseError('bad_answer');
  for (const other of others) onItem(other);
  return frame;
}
