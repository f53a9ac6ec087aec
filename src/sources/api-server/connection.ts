/**
 * Questions to the API server and its replies, with credentials that are read again where it refuses them.
 *
 * Knows nothing of what is asked, nor of how the credentials are come by.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https';
import type { ClusterFailure } from '../../core/cluster-facts.ts';
import { AnswerError, type Failed, failed, networkFailure } from './failures.ts';
import { type Access, type AccessOptions, loadAccess } from './kubeconfig.ts';
import type { RequestedResource } from './requests.ts';

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

export interface Question {
  readonly resource: RequestedResource;
  /** With the query, escaped. */
  readonly path: string;
  /** JSON, to be posted; without it the question is a GET. */
  readonly body?: Buffer;
  /** Ends the exchange, the reading of its body included. */
  readonly signal: AbortSignal;
}

export interface Connection {
  /** Answers once there are a status and headers, whatever the status. Never rejects. */
  readonly ask: (question: Question) => Promise<Reply | Failed>;
  readonly close: () => void;
}

export interface ConnectionOptions extends AccessOptions {
  readonly userAgent: string;
  /** Called for every request with the status of its reply, or with what took its place. */
  readonly onRequest: (resource: RequestedResource, code: number | ClusterFailure) => void;
}

export type Connected =
  | { readonly ok: true; readonly connection: Connection }
  /** In words that are safe to show. */
  | { readonly ok: false; readonly problem: string };

/** Two watches, a list, and a few questions; more wait for their turn. */
const MAX_SOCKETS = 8;
/** Keys are published as application/jwk-set+json; asked for application/json alone, the API server refuses. */
const ACCEPT = 'application/json, */*';

/** Ends with the promise, or with the signal where that comes first: a plugin for credentials may hang. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error('aborted'));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function agentFor(protocol: Access['protocol']): HttpAgent {
  const options = { maxTotalSockets: MAX_SOCKETS };
  return protocol === 'http:' ? new HttpAgent(options) : new HttpsAgent(options);
}

/** Makes the way to the API server that the configuration names. Never rejects. */
export async function connect(options: ConnectionOptions): Promise<Connected> {
  const { userAgent, onRequest } = options;
  const loaded = await loadAccess(options);
  if (!loaded.ok) return loaded;
  let { access } = loaded;
  const agent = agentFor(access.protocol);

  const send = async ({ path, body, signal }: Question): Promise<Reply | Failed> => {
    const content = body === undefined ? undefined : { 'content-type': 'application/json' };
    const headers = { accept: ACCEPT, 'user-agent': userAgent, ...content };
    // The client throws what it likes: a file that is gone, a plugin that failed, all a want of credentials.
    const options = await unlessAborted(access.optionsFor(path, headers), signal).catch(() => undefined);
    if (options === undefined) return failed(signal.aborted ? 'timeout' : 'unauthorized');
    return exchange({ agent, ...options, method: body === undefined ? 'GET' : 'POST', signal }, body);
  };

  const sendCounted = async (question: Question): Promise<Reply | Failed> => {
    const reply = await send(question);
    onRequest(question.resource, reply.ok ? reply.status : reply.failure);
    return reply;
  };

  /** Whatever was replaced on disk since the last time: token, certificates, address. */
  const reload = async (): Promise<void> => {
    const again = await loadAccess(options);
    if (again.ok && again.access.protocol === access.protocol) access = again.access;
  };

  const ask = async (question: Question): Promise<Reply | Failed> => {
    const reply = await sendCounted(question);
    if (!reply.ok && reply.failure === 'tls') await reload();
    if (!reply.ok || reply.status !== 401) return reply;
    reply.discard();
    await reload();
    return sendCounted(question);
  };
  return { ok: true, connection: { ask, close: () => agent.destroy() } };
}
