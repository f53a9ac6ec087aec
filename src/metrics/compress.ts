/**
 * Compresses the bodies of responses, in a thread of its own.
 */
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';

const gzipBytes = promisify(gzip);
/** Metrics and pages shrink to a tenth or less at the fastest level already. */
const OPTIONS = { level: constants.Z_BEST_SPEED };

export type Coding = 'identity' | 'gzip';

export function compress(bytes: Buffer): Promise<Buffer> {
  return gzipBytes(bytes, OPTIONS);
}

/** Compresses pieces as they are made. */
export async function compressPieces(pieces: AsyncIterable<string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await pipeline(pieces, createGzip(OPTIONS), async (compressed: AsyncIterable<Buffer>) => {
    for await (const chunk of compressed) chunks.push(chunk);
  });
  return Buffer.concat(chunks);
}
