/**
 * One HTTP exchange: a request out, a status and a body still to be read back.
 *
 * Follows no redirection and keeps no connection: a node asks about once in three minutes, by when a kept one would
 * long be closed, or be on the one API server of three that everybody else is on. Knows nothing of credentials.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { AnswerError, type Failed, failed, networkFailure } from './failures.ts';

export interface Reply {
  readonly ok: true;
  readonly status: number;
  /** How long the server asks to be left alone; 0 where it does not. */
  readonly retryAfterMs: number;
  /** To be read to its end, or discarded. Throws an AnswerError where it breaks off. */
  readonly body: AsyncIterable<Buffer>;
  readonly discard: () => void;
}

/** A server that asks for more than this has something else in mind. */
const MOST_RETRY_AFTER_MS = 600_000;

/** Seconds; a date, which the header may hold too, no API server sends. */
function retryAfterMs({ headers }: IncomingMessage): number {
  const text = headers['retry-after'] ?? '';
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text) * 1_000, MOST_RETRY_AFTER_MS) : 0;
}

async function* bytesOf(response: IncomingMessage): AsyncIterable<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw new AnswerError(networkFailure(error));
  }
}

function replyOf(response: IncomingMessage): Reply {
  return {
    ok: true,
    status: response.statusCode ?? 0,
    retryAfterMs: retryAfterMs(response),
    body: bytesOf(response),
    discard: () => void response.destroy(),
  };
}

/** Sends a request. Ends when the headers are there, or with the signal in `options`. Never rejects. */
export function exchange(options: RequestOptions, body: Buffer | undefined): Promise<Reply | Failed> {
  const send = options.protocol === 'http:' ? requestHttp : requestHttps;
  const { promise, resolve } = Promise.withResolvers<Reply | Failed>();
  try {
    const request = send(options, (response) => resolve(replyOf(response)));
    request.on('error', (error) => resolve(failed(networkFailure(error))));
    request.end(body);
  } catch {
    // What is ours in a request is fit to be sent: it is a credential that no header can hold.
    resolve(failed('unauthorized'));
  }
  return promise;
}
