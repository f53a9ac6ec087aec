/**
 * Reuses buffers for the bodies of responses.
 *
 * Two megabytes in every scrape, left to the garbage collector, would be most of the exporter's memory.
 */
export type Write = (chunk: string | Buffer) => void;

/** Bytes that do not change until they are released. */
export interface PooledBytes {
  readonly bytes: Buffer;
  readonly release: () => void;
}

/** Bytes outside of the pool, which the garbage collector frees. */
export function unpooled(bytes: Buffer): PooledBytes {
  return { bytes, release: () => undefined };
}

/** Bytes with any number of holders. The buffer is reused after all of them have released it. */
export interface SharedBytes {
  readonly acquire: () => PooledBytes;
}

export interface BufferPool {
  /** Takes a buffer and calls `print`, which writes all of its content before it returns. */
  readonly fill: (print: (write: Write) => void) => SharedBytes;
}

const INITIAL_BYTES = 64 * 1024;
/** The most bytes that UTF-8 needs for one code unit of UTF-16. */
const MAX_BYTES_PER_UNIT = 3;
/** The most room that a buffer gets in advance when it grows. */
const MAX_SPARE_BYTES = 4 * 1024 * 1024;

/** A buffer that grows while it is written to. */
function createWriter(initial: Buffer) {
  let buffer = initial;
  let length = 0;
  const reserve = (needed: number): void => {
    if (needed <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(needed + Math.min(needed, MAX_SPARE_BYTES));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  const write: Write = (chunk) => {
    const isText = typeof chunk === 'string';
    reserve(length + chunk.length * (isText ? MAX_BYTES_PER_UNIT : 1));
    length += isText ? buffer.write(chunk, length, 'utf8') : chunk.copy(buffer, length);
  };
  return { write, buffer: () => buffer, bytes: () => buffer.subarray(0, length) };
}

/** The bytes of pieces, written as they are made. */
export async function joinPieces(pieces: AsyncIterable<string>): Promise<Buffer> {
  const { write, bytes } = createWriter(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  for await (const piece of pieces) write(piece);
  return bytes();
}

/** What is printed, in a buffer without room for more. */
export function bytesOf(print: (write: Write) => void): Buffer {
  const { write, bytes } = createWriter(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  print(write);
  return Buffer.from(bytes());
}

export function createBufferPool(): BufferPool {
  let spare: Buffer | undefined;
  const fill: BufferPool['fill'] = (print) => {
    const writer = createWriter(spare ?? Buffer.allocUnsafeSlow(INITIAL_BYTES));
    spare = undefined;
    print(writer.write);
    const bytes = writer.bytes();
    const holders = new Set<PooledBytes>();
    const acquire = (): PooledBytes => {
      const pooled: PooledBytes = {
        bytes,
        release: () => {
          if (holders.delete(pooled) && holders.size === 0) spare = writer.buffer();
        },
      };
      holders.add(pooled);
      return pooled;
    };
    return { acquire };
  };
  return { fill };
}
