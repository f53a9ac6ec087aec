/**
 * The events of inotify(7), as the kernel writes them to a buffer.
 *
 * Pure: any bytes in, events out.
 */

/** Bits of masks (linux/include/uapi/linux/inotify.h). */
export const IN = {
  closeNoWrite: 0x10,
  open: 0x20,
  movedTo: 0x80,
  create: 0x100,
  /** The folder's file system was unmounted. */
  unmount: 0x2000,
  /** Events were lost, for any watch. */
  overflow: 0x4000,
  /** The last event of a watch. */
  ignored: 0x8000,
  onlyDirectory: 0x0100_0000,
  dontFollow: 0x0200_0000,
  isDirectory: 0x4000_0000,
} as const;

export interface InotifyEvent {
  /** Number of the watch; -1 for an overflow. */
  readonly watch: number;
  readonly mask: number;
  /** Empty for the watched folder itself. */
  readonly name: string;
}

export interface ParsedEvents {
  readonly events: readonly InotifyEvent[];
  /** False if bytes are left that are no event. */
  readonly isComplete: boolean;
}

/** struct inotify_event: int wd, uint32_t mask, cookie, len. */
const HEADER_BYTES = 16;

/** The name, which the kernel pads with zeros. */
function nameIn(bytes: Buffer, start: number, end: number): string {
  const zero = bytes.indexOf(0, start);
  return bytes.toString('utf8', start, zero < start || zero > end ? end : zero);
}

const HEADER_WORDS = HEADER_BYTES / Int32Array.BYTES_PER_ELEMENT;
const NEW_FOLDER = IN.create | IN.isDirectory;

/** A folder was created in the watched one. The bytes of its name are valid during the call. */
export type OnNewFolder = (watch: number, name: Uint8Array) => void;

function wordAt(words: Int32Array, index: number): number {
  return words[index] ?? 0;
}

/** The bytes of a name, which begin at this word. */
function nameBytes({ buffer, byteOffset }: Int32Array, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(buffer, byteOffset + start * Int32Array.BYTES_PER_ELEMENT, length);
  const zero = bytes.indexOf(0);
  return zero < 0 ? bytes : bytes.subarray(0, zero);
}

/**
 * Calls the function for each new folder, and makes no objects for the other events. `words`: the buffer, of which
 * `length` bytes are events.
 */
export function newFolders(words: Int32Array, length: number, onNewFolder: OnNewFolder): void {
  const end = length / Int32Array.BYTES_PER_ELEMENT;
  let start = 0;
  while (start + HEADER_WORDS <= end) {
    const bytes = wordAt(words, start + 3);
    const next = start + HEADER_WORDS + bytes / Int32Array.BYTES_PER_ELEMENT;
    if (bytes < 0 || next > end) return;
    if ((wordAt(words, start + 1) & NEW_FOLDER) === NEW_FOLDER)
      onNewFolder(wordAt(words, start), nameBytes(words, start + HEADER_WORDS, bytes));
    start = next;
  }
}

/** Most names are that of the event before, and no longer than this. */
const SHORT_NAME_BYTES = 16;

/** Reads names, and returns the same string again if a short one follows itself. */
function createNameReader(bytes: Buffer, view: DataView) {
  let last: { readonly start: number; readonly name: string } | undefined;
  const isLast = (start: number): boolean => {
    if (last === undefined) return false;
    for (let offset = 0; offset < SHORT_NAME_BYTES; offset += 4)
      if (view.getInt32(start + offset) !== view.getInt32(last.start + offset)) return false;
    return true;
  };
  return (start: number, end: number): string => {
    if (start === end) return '';
    if (end - start !== SHORT_NAME_BYTES) return nameIn(bytes, start, end);
    if (last === undefined || !isLast(start)) last = { start, name: nameIn(bytes, start, end) };
    return last.name;
  };
}

/** All platforms with `node:ffi` are little-endian. */
export function parseEvents(bytes: Buffer): ParsedEvents {
  const events: InotifyEvent[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const readName = createNameReader(bytes, view);
  let start = 0;
  while (start + HEADER_BYTES <= bytes.length) {
    const nameStart = start + HEADER_BYTES;
    const end = nameStart + view.getUint32(start + 12, true);
    if (end > bytes.length) break;
    const watch = view.getInt32(start, true);
    const mask = view.getUint32(start + 4, true);
    events.push({ watch, mask, name: readName(nameStart, end) });
    start = end;
  }
  return { events, isComplete: start === bytes.length };
}
