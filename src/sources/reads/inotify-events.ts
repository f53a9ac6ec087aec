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

/** All platforms with `node:ffi` are little-endian. */
export function parseEvents(bytes: Buffer): ParsedEvents {
  const events: InotifyEvent[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let start = 0;
  while (start + HEADER_BYTES <= bytes.length) {
    const nameStart = start + HEADER_BYTES;
    const end = nameStart + view.getUint32(start + 12, true);
    if (end > bytes.length) break;
    const watch = view.getInt32(start, true);
    const mask = view.getUint32(start + 4, true);
    events.push({ watch, mask, name: nameIn(bytes, nameStart, end) });
    start = end;
  }
  return { events, isComplete: start === bytes.length };
}
