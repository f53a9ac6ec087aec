/**
 * The bodies of responses in progress. Clients that ask for the same within a second share one, also while it is made.
 *
 * While many bodies are made, each is kept for that second even if no client is left. Otherwise every scrape is as new as
 * its request.
 *
 * A client that does not read keeps its body in memory. Their size is therefore limited, and beyond the limit the
 * readers of the oldest body are disconnected, which had the most time. A new response never waits for a slow client.
 */
import type { ServerResponse } from 'node:http';
import type { PooledBytes } from '../../metrics/buffer-pool.ts';
import type { Clock } from '../../util/clock.ts';
import { createRateLimiter } from '../../util/token-bucket.ts';
import { isRecent, type Moment, momentOf, SHARED_MS } from './moments.ts';
import { sendBody } from './send-body.ts';
import type { SendLimit } from './send-limit.ts';

export interface SharedBodiesOptions extends Clock {
  /** The newest body is kept even if it is larger. */
  readonly maxBytes: number;
  readonly reserve: SendLimit['reserve'];
  /** Disconnects a client to make room. */
  readonly cut: (response: ServerResponse) => void;
}

export interface Content {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Makes the body if there is no recent one with this key. Returns undefined if it cannot be made now. */
  readonly make: () => Promise<PooledBytes> | undefined;
}

export interface SharedBodies {
  /** Returns false, and sends nothing, if there is no body. */
  readonly send: (response: ServerResponse, content: Content) => Promise<boolean>;
}

interface Body {
  readonly key: string;
  readonly started: Moment;
  readonly made: Promise<PooledBytes>;
  /** The size of its buffer; undefined until it is made. */
  bytes: number | undefined;
  readonly readers: Set<ServerResponse>;
  /** Whether to keep it without readers. */
  isKept: boolean;
}

/** Bodies made at a higher rate are kept. */
const RATE = { burst: 40, intervalMs: 250 };
const NEVER = new AbortController().signal;

async function release({ made }: Body): Promise<void> {
  try {
    (await made).release();
  } catch {
    // Each reader has received the error.
  }
}

/** The oldest bodies, without which the others fit. */
function findSurplus(bodies: Iterable<Body>, newest: Body, maxBytes: number): readonly Body[] {
  const surplus: Body[] = [];
  const made = [...bodies].filter(({ bytes }) => bytes !== undefined);
  let held = made.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  for (const body of made) {
    if (held <= maxBytes) break;
    if (body === newest) continue;
    held -= body.bytes ?? 0;
    surplus.push(body);
  }
  return surplus;
}

/** The bodies that are in use or kept. */
function createStore(clock: Clock) {
  /** The oldest first. */
  const bodies = new Set<Body>();
  const { take } = createRateLimiter({ perKey: RATE, maxKeys: 1, monotonicMs: clock.monotonicMs });

  const dropUnused = (body: Body): void => {
    if (body.readers.size === 0 && !body.isKept && bodies.delete(body)) void release(body);
  };
  const leave = (body: Body, response: ServerResponse): void => {
    body.readers.delete(response);
    dropUnused(body);
  };
  const stopKeeping = (body: Body): void => {
    body.isKept = false;
    dropUnused(body);
  };
  const find = (key: string): Body | undefined =>
    [...bodies].findLast(
      (body) => body.key === key && (body.bytes === undefined || isRecent(body.started, clock)),
    );
  const create = ({ key, make }: Content): Body | undefined => {
    const started = momentOf(clock);
    const made = make();
    if (made === undefined) return undefined;
    const isKept = take('all') > 0;
    const body: Body = { key, started, made, bytes: undefined, readers: new Set(), isKept };
    bodies.add(body);
    if (isKept) void clock.sleep(SHARED_MS, NEVER).then(() => stopKeeping(body));
    made.catch(() => stopKeeping(body));
    return body;
  };
  return { bodies, find, create, leave, stopKeeping };
}

export function createSharedBodies({ maxBytes, reserve, cut, ...clock }: SharedBodiesOptions): SharedBodies {
  const { bodies, find, create, leave, stopKeeping } = createStore(clock);

  const finish = (body: Body, { buffer }: Buffer): void => {
    if (body.bytes !== undefined) return;
    body.bytes = buffer.byteLength;
    for (const old of findSurplus(bodies, body, maxBytes)) {
      stopKeeping(old);
      for (const response of [...old.readers]) {
        leave(old, response);
        cut(response);
      }
    }
  };

  const send: SharedBodies['send'] = async (response, content) => {
    if (response.destroyed) return true;
    const body = find(content.key) ?? create(content);
    if (body === undefined) return false;
    body.readers.add(response);
    response.once('close', () => leave(body, response));
    const { bytes } = await body.made;
    finish(body, bytes);
    if (!body.readers.has(response)) return true;
    response.setHeaders(new Map(Object.entries(content.headers)));
    await sendBody(response, bytes, reserve);
    return true;
  };
  return { send };
}
