/**
 * HTTP requests to the API server, with credentials that are reloaded when the server rejects them.
 *
 * Does not follow redirects and keeps no connection alive: a node sends a request about every three minutes. By then a
 * kept connection would be closed, or would pin the node to one of several API servers.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https';
import { setImmediate } from 'node:timers/promises';
import type { ClusterFailure } from '../../../core/cluster-facts.ts';
import { ok, type Result } from '../../../util/result.ts';
import { type ApiResult, failed, networkFailure, ResponseError } from './failures.ts';
import { type ClientConfig, type ClientConfigOptions, loadClientConfig } from './kubeconfig.ts';
import type { RequestedResource } from './requests.ts';

export interface ApiRequest {
  readonly resource: RequestedResource;
  /** Escaped, with the query. */
  readonly path: string;
  /** JSON to POST. Without it the request is a GET. */
  readonly body?: Buffer;
  /** The failure of a 404; a bad answer by default. */
  readonly notFound?: ClusterFailure;
  /** Aborts the request, including the reading of the response body. */
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** `Retry-After`; 0 if absent. */
  readonly retryAfterMs: number;
  /** Must be read to its end or discarded. Throws a ResponseError if it breaks off. */
  readonly body: AsyncIterable<Buffer>;
  readonly discard: () => void;
}

export interface Connection {
  /** Resolves with a response of any status once its headers arrive. Never rejects. */
  readonly send: (request: ApiRequest) => Promise<ApiResult<HttpResponse>>;
  /** Whether the identity of the API server is verified. Otherwise `send` sends no TokenReview. */
  readonly isVerified: () => boolean;
  readonly close: () => void;
}

export interface ConnectionOptions extends ClientConfigOptions {
  readonly userAgent: string;
  /** Called for every HTTP request with the status of its response, or with the failure if there is no response. */
  readonly onRequest: (resource: RequestedResource, code: number | ClusterFailure) => void;
}

/** Two watches, a list and a few single requests. Further requests wait for a free socket. */
const MAX_SOCKETS = 8;
/** Keys are served as application/jwk-set+json: a request that accepts application/json alone is rejected. */
const ACCEPT = 'application/json, */*';
/** Caps `Retry-After`, so that a faulty proxy cannot stop the exporter for hours. */
const MAX_RETRY_AFTER_MS = 600_000;

/** The API server sends seconds, never the date that the header also allows. */
function retryAfterMs({ headers }: IncomingMessage): number {
  const value = headers['retry-after'] ?? '';
  return /^\d{1,9}$/.test(value) ? Math.min(Number(value) * 1_000, MAX_RETRY_AFTER_MS) : 0;
}

/** Parsed within a few milliseconds. Without a limit, Node.js may read 2 MiB in one turn, while scrapes wait. */
const BYTES_PER_TURN = 64 * 1024;

async function* readBody(message: IncomingMessage): AsyncIterable<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      yield chunk;
      bytes += chunk.length;
      if (bytes < BYTES_PER_TURN) continue;
      bytes = 0;
      await setImmediate();
    }
  } catch (error) {
    throw new ResponseError(networkFailure(error));
  }
}

function toResponse(message: IncomingMessage): HttpResponse {
  return {
    status: message.statusCode ?? 0,
    retryAfterMs: retryAfterMs(message),
    body: readBody(message),
    discard: () => void message.destroy(),
  };
}

/**
 * For TCP, and again for TLS. Less than a request may take: the API server may be back at any moment, and a connection to
 * an address that drops packets does not notice.
 */
const CONNECT_TIMEOUT_MS = 5_000;

class ConnectTimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
}

/** Destroys the request if its socket is not connected in time. */
function limitConnect(outgoing: ClientRequest, connectedEvent: 'connect' | 'secureConnect'): void {
  outgoing.once('socket', (socket) => {
    // The socket of a proxy agent is connected already.
    if (!socket.connecting) return;
    const expire = (): void => void outgoing.destroy(new ConnectTimeoutError());
    socket.setTimeout(CONNECT_TIMEOUT_MS, expire);
    socket.once(connectedEvent, () => {
      socket.setTimeout(0);
      socket.off('timeout', expire);
    });
  });
}

/** Resolves when the headers arrive or the signal in `options` aborts. Never rejects. */
function sendHttp(options: RequestOptions, body: Buffer | undefined): Promise<ApiResult<HttpResponse>> {
  const request = options.protocol === 'http:' ? requestHttp : requestHttps;
  const { promise, resolve } = Promise.withResolvers<ApiResult<HttpResponse>>();
  try {
    const outgoing = request(options, (message) => resolve(ok(toResponse(message))));
    limitConnect(outgoing, options.protocol === 'http:' ? 'connect' : 'secureConnect');
    outgoing.on('error', (error) => resolve(failed(networkFailure(error))));
    outgoing.end(body);
  } catch {
    // The exporter's own headers are always valid, so the credentials contain a character that no header may hold.
    resolve(failed('unauthorized'));
  }
  return promise;
}

/** Rejects as soon as the signal aborts: a credential plugin may hang. */
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

function createAgent(protocol: ClientConfig['protocol']): HttpAgent {
  const options = { maxTotalSockets: MAX_SOCKETS };
  return protocol === 'http:' ? new HttpAgent(options) : new HttpsAgent(options);
}

/** Loads the configuration of the API server; sends nothing yet. The error is safe to show. Never rejects. */
export async function connect(options: ConnectionOptions): Promise<Result<Connection, string>> {
  const { userAgent, onRequest } = options;
  const loaded = await loadClientConfig(options);
  if (!loaded.ok) return loaded;
  let config = loaded.value;
  const agent = createAgent(config.protocol);

  const sendUncounted = async ({ path, body, signal }: ApiRequest): Promise<ApiResult<HttpResponse>> => {
    const content = body === undefined ? undefined : { 'content-type': 'application/json' };
    const headers = { accept: ACCEPT, 'user-agent': userAgent, ...content };
    // The client library throws arbitrary values, for a missing file as for a failed plugin: no usable credentials.
    const options = await unlessAborted(config.optionsFor(path, headers), signal).catch(() => undefined);
    if (options === undefined) return failed(signal.aborted ? 'timeout' : 'unauthorized');
    return sendHttp({ agent, ...options, method: body === undefined ? 'GET' : 'POST', signal }, body);
  };

  const sendOnce = async (request: ApiRequest): Promise<ApiResult<HttpResponse>> => {
    const response = await sendUncounted(request);
    onRequest(request.resource, response.ok ? response.value.status : response.error.failure);
    return response;
  };

  /** Picks up a token, certificate or address that was replaced on disk. */
  const reload = async (): Promise<void> => {
    const reloaded = await loadClientConfig(options);
    if (reloaded.ok && reloaded.value.protocol === config.protocol) config = reloaded.value;
  };

  const send = async (request: ApiRequest): Promise<ApiResult<HttpResponse>> => {
    // Anyone in between could keep the token of the workload.
    if (request.resource === 'tokenreviews' && !config.isVerified) return failed('unverified_server');
    const response = await sendOnce(request);
    if (!response.ok && response.error.failure === 'tls') await reload();
    if (!response.ok || response.value.status !== 401) return response;
    response.value.discard();
    await reload();
    return sendOnce(request);
  };
  return ok({ send, isVerified: () => config.isVerified, close: () => agent.destroy() });
}
