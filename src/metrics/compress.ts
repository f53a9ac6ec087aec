/**
 * Compresses the bodies of responses, in a thread of its own.
 */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const gzipBytes = promisify(gzip);
/** Metrics and pages shrink to a tenth or less at the fastest level already. */
const OPTIONS = { level: constants.Z_BEST_SPEED };

export type Coding = 'identity' | 'gzip';

export function compress(bytes: Buffer): Promise<Buffer> {
  return gzipBytes(bytes, OPTIONS);
}
