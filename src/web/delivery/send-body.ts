/**
 * Sends a body in slices, each after the client took the one before, and with a turn for other clients in between.
 *
 * The buffer is shared by all clients of a body. Given to a connection as a whole, it would be encrypted or copied as a
 * whole for each of them.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import type { SendLimit } from './send-limit.ts';

/** Resolves after the requests that have arrived are handled. */
export const nextTurn = promisify(setImmediate);
const SLICE_BYTES = 64 * 1024;

/** Resolves when the client can take more, or has disconnected. */
async function drained(response: ServerResponse): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } finally {
    done.abort();
  }
}

/** Resolves when the last slice is handed over or the client has disconnected. The headers are set already. */
export async function sendBody(
  response: ServerResponse,
  bytes: Buffer,
  reserve: SendLimit['reserve'],
): Promise<void> {
  response.setHeader('Content-Length', bytes.length);
  const end = response.req.method === 'HEAD' ? 0 : bytes.length;
  for (let offset = 0; offset < end; offset += SLICE_BYTES) {
    const slice = bytes.subarray(offset, offset + SLICE_BYTES);
    await reserve(slice.length, response.req.socket);
    if (response.destroyed) return;
    if (!response.write(slice)) await drained(response);
    await nextTurn();
    if (response.destroyed) return;
  }
  response.end();
}
