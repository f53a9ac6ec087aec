/**
 * An API server that sends generated objects: lists, watches, and all other documents.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateDocument, generateObject, generateWatchEvent, kindOf, type Resource } from './objects.ts';
import { derived, type Random } from './random.ts';
import { text } from './values.ts';

export interface FuzzApiServer {
  readonly url: string;
  /** Sends `size` events to each open watch. Returns how many were sent. */
  readonly sendEvents: (size: number) => number;
  /** The number of objects and documents that were sent so far, those of watches not included. */
  readonly sent: () => number;
  readonly close: () => Promise<void>;
}

interface Watch {
  readonly resource: Resource;
  readonly response: ServerResponse;
}

const MAX_OBJECTS = 2_000;
/** What a watch may hold back before the exporter has read it. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
const STATUSES: readonly number[] = [...Array.from({ length: 60 }, () => 200), 401, 403, 404, 429, 500, 503];

function resourceOf(path: string): Resource | undefined {
  const [, resource] = /\/(pods|serviceaccounts|events)(?:\?|$)/.exec(path) ?? [];
  return resource as Resource | undefined;
}

function listOf(random: Random, resource: Resource, version: string) {
  const items = random.list(MAX_OBJECTS, () => generateObject(random, resource, version));
  const body = {
    kind: `${kindOf(resource)}List`,
    apiVersion: 'v1',
    metadata: { resourceVersion: version },
    items,
  };
  return { body: JSON.stringify(body), size: items.length };
}

/** Breaks the frame of some bodies. */
function framed(random: Random, body: string): string {
  if (!random.isOneIn(20)) return body;
  return random.oneOf(
    () => body.slice(0, random.below(body.length)),
    () => text(random),
    () => `${body}${text(random)}`,
  );
}

export async function startFuzzApiServer(seed: number): Promise<FuzzApiServer> {
  const watches = new Set<Watch>();
  let [requests, events, sent] = [0, 0, 0];
  const version = (): string => String(1_000 + requests + events);

  const watch = (resource: Resource, response: ServerResponse): void => {
    const opened = { resource, response };
    watches.add(opened);
    response.once('close', () => watches.delete(opened));
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  };

  const answer = (path: string, response: ServerResponse): void => {
    const random = derived(seed, 'response', requests);
    const resource = resourceOf(path);
    if (resource !== undefined && path.includes('watch=true')) {
      watch(resource, response);
      return;
    }
    const { body, size } =
      resource === undefined
        ? { body: JSON.stringify(generateDocument(random, path)), size: 1 }
        : listOf(random, resource, version());
    sent += size;
    response.writeHead(random.pick(STATUSES), { 'content-type': 'application/json' });
    response.end(framed(random, body));
  };

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests += 1;
    request.resume();
    request.once('end', () => answer(request.url ?? '/', response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const sendTo = ({ resource, response }: Watch, size: number): number => {
    if (response.writableLength > MAX_BUFFERED_BYTES) return 0;
    for (let event = 0; event < size; event += 1) {
      events += 1;
      const random = derived(seed, 'event', events);
      response.write(`${JSON.stringify(generateWatchEvent(random, resource, version()))}\n`);
    }
    return size;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sendEvents: (size) => [...watches].reduce((sum, one) => sum + sendTo(one, size), 0),
    sent: () => sent,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
