/**
 * From a request to its answer: who asks, whether they may, what is wrong today, and what is sent.
 *
 * Knows nothing of objects.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { faultyAnswer } from './faults.ts';
import type { Injection, Injections } from './injections.ts';
import type { Permissions } from './permissions.ts';
import { type ApiRequest, parseRequest } from './request.ts';
import { type Answer, JSON_HEADERS, refusal } from './response.ts';
import type { Schedule } from './schedule.ts';
import { forbidden, unauthorized } from './status.ts';
import type { Watches } from './watches.ts';

export interface HandlerOptions {
  /** The name of who holds a bearer token; undefined where nobody is known by it. */
  readonly userOf: (token: string) => string | undefined;
  readonly permissions: Permissions;
  readonly injections: Injections;
  readonly watches: Watches;
  readonly schedule: Schedule;
  readonly record: (request: ApiRequest) => void;
  /** The answer to a request that is allowed. */
  readonly route: (request: ApiRequest, body: string) => Answer;
}

function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(?<token>\S+)$/i.exec(header ?? '')?.groups?.['token'];
}

function answerTo(
  options: HandlerOptions,
  request: ApiRequest,
  incoming: IncomingMessage,
  body: string,
): Answer {
  const token = bearerToken(incoming.headers.authorization);
  const user = token === undefined ? undefined : options.userOf(token);
  if (user === undefined) return refusal(unauthorized());
  if (!options.permissions.allows(request)) return refusal(forbidden(user, request));
  return options.route(request, body);
}

function send(answer: Answer, response: ServerResponse, watches: Watches): void {
  if (response.destroyed) return;
  switch (answer.kind) {
    case 'nothing':
      return;
    case 'reset':
      response.destroy();
      return;
    case 'document':
      response.writeHead(answer.code, answer.headers).end(answer.body);
      return;
    case 'chunks':
      response.writeHead(200, JSON_HEADERS);
      // Ends with the connection at the latest: whoever cut it has had enough.
      pipeline(Readable.from(answer.chunks), response, () => undefined);
      return;
    case 'watch':
      watches.open(response, answer.spec);
  }
}

/** Resolves when a slow answer is due, and at once where none is slow. */
async function whenDue({ fault, healed }: Injection, schedule: Schedule): Promise<void> {
  if (fault.kind !== 'slow') return;
  const { seconds } = fault;
  await (seconds === undefined ? healed : new Promise<void>((resolve) => void schedule(seconds, resolve)));
}

export function createHandler(options: HandlerOptions) {
  const { injections, schedule, watches, record } = options;
  return async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = parseRequest(incoming.method ?? 'GET', incoming.url ?? '/');
    const injection = injections.take(request);
    record(request);
    // Cut off in the middle, there is nobody left to answer.
    const body = await text(incoming).catch(() => undefined);
    if (body === undefined) return;
    const real = (): Answer => answerTo(options, request, incoming, body);
    if (injection !== undefined) await whenDue(injection, schedule);
    send(injection === undefined ? real() : faultyAnswer(injection.fault, request, real), response, watches);
  };
}
