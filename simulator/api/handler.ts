/**
 * Handles HTTP requests: authentication, authorization, fault injection, and sending the response.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Permissions } from './authorization.ts';
import { type ActiveFault, type FaultInjector, faultyResponse } from './faults.ts';
import { type ApiRequest, parseRequest } from './request.ts';
import { type ApiResponse, JSON_HEADERS, statusResponse } from './response.ts';
import type { Schedule } from './schedule.ts';
import { forbidden, unauthorized } from './status.ts';
import type { Watches } from './watches.ts';

export interface HandlerOptions {
  /** Returns the user name of a bearer token, or undefined if the token is invalid. */
  readonly userOf: (token: string) => string | undefined;
  readonly permissions: Permissions;
  readonly faults: FaultInjector;
  readonly watches: Watches;
  readonly schedule: Schedule;
  readonly record: (request: ApiRequest) => void;
  /** Returns the response to an authorized request. */
  readonly route: (request: ApiRequest, body: string) => ApiResponse;
}

function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(?<token>\S+)$/i.exec(header ?? '')?.groups?.['token'];
}

function respond(
  options: HandlerOptions,
  request: ApiRequest,
  incoming: IncomingMessage,
  body: string,
): ApiResponse {
  const token = bearerToken(incoming.headers.authorization);
  const user = token === undefined ? undefined : options.userOf(token);
  if (user === undefined) return statusResponse(unauthorized());
  if (!options.permissions.allows(request)) return statusResponse(forbidden(user, request));
  return options.route(request, body);
}

function send(response: ApiResponse, outgoing: ServerResponse, watches: Watches): void {
  if (outgoing.destroyed) return;
  switch (response.kind) {
    case 'hang':
      return;
    case 'reset':
      outgoing.destroy();
      return;
    case 'document':
      outgoing.writeHead(response.code, response.headers).end(response.body);
      return;
    case 'chunks':
      outgoing.writeHead(200, JSON_HEADERS);
      // The only error is that the client closes the connection, which ends an endless response.
      pipeline(Readable.from(response.chunks), outgoing, () => undefined);
      return;
    case 'watch':
      watches.open(outgoing, response.spec);
  }
}

/** Resolves when a slow response is due, at once for all other faults. */
async function delayFor({ fault, healed }: ActiveFault, schedule: Schedule): Promise<void> {
  if (fault.kind !== 'slow') return;
  const { seconds } = fault;
  await (seconds === undefined ? healed : new Promise<void>((resolve) => void schedule(seconds, resolve)));
}

export function createHandler(options: HandlerOptions) {
  const { faults, schedule, watches, record } = options;
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = parseRequest(incoming.method ?? 'GET', incoming.url ?? '/');
    const active = faults.take(request);
    record(request);
    // A client that disconnects before the end of its request gets no response.
    const body = await text(incoming).catch(() => undefined);
    if (body === undefined) return;
    const real = (): ApiResponse => respond(options, request, incoming, body);
    if (active !== undefined) await delayFor(active, schedule);
    send(active === undefined ? real() : faultyResponse(active.fault, request, real), outgoing, watches);
  };
}
