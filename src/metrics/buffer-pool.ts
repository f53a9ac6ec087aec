/**
 * The bytes of answers, in buffers that are used again and again.
 *
 * Two megabytes a scrape, left to the garbage collector, would be most of the exporter's memory. Knows nothing of what
 * is written.
 */
export type Write = (piece: string | Buffer) => void;

/** Bytes on loan: they stay as they are until they are released. */
export interface Body {
  readonly bytes: Buffer;
  readonly release: () => void;
}

/** Bytes that several may borrow; free to be written over once the last of them has given them back. */
export interface Shared {
  readonly borrow: () => Body;
}

export interface Bodies {
  /** Has a body written, in one go. */
  readonly make: (fill: (write: Write) => void) => Shared;
}

const FIRST_BYTES = 64 * 1024;
/** UTF-8 takes at most so many bytes for each unit of UTF-16. */
const BYTES_PER_UNIT = 3;

/** A buffer that grows as it is written to. */
function createWriter(first: Buffer) {
  let buffer = first;
  let length = 0;
  const makeRoom = (needed: number): void => {
    if (needed <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(needed * 2);
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  const write: Write = (piece) => {
    makeRoom(length + piece.length * BYTES_PER_UNIT);
    length += typeof piece === 'string' ? buffer.write(piece, length, 'utf8') : piece.copy(buffer, length);
  };
  return { write, buffer: () => buffer, bytes: () => buffer.subarray(0, length) };
}

export function createBodies(): Bodies {
  let spare: Buffer | undefined;
  const make: Bodies['make'] = (fill) => {
    const writer = createWriter(spare ?? Buffer.allocUnsafeSlow(FIRST_BYTES));
    spare = undefined;
    fill(writer.write);
    const bytes = writer.bytes();
    const borrowers = new Set<Body>();
    const borrow = (): Body => {
      const body: Body = {
        bytes,
        release: () => {
          if (borrowers.delete(body) && borrowers.size === 0) spare = writer.buffer();
        },
      };
      borrowers.add(body);
      return body;
    };
    return { borrow };
  };
  return { make };
}
