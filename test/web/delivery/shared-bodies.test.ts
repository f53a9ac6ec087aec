/**
 * Bodies in progress: shared for a second, and bounded by disconnecting the readers of the oldest.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { PooledBytes } from '../../../src/metrics/buffer-pool.ts';
import { createSharedBodies } from '../../../src/web/delivery/shared-bodies.ts';
import { closed, readAll, request } from '../../support/http.ts';

/** More than the kernel buffers. */
const BODY_BYTES = 16 * 1_048_576;
const MAX_BODIES = 3;

describe('shared bodies', () => {
  const server = createServer();
  let nowMs = 0;
  let now = 1_795_480_000;
  let made = 0;
  let released = 0;
  let cut = 0;
  let endSecond: () => void;
  let make: () => Promise<PooledBytes> | undefined;

  beforeEach(async () => {
    [made, released, cut] = [0, 0, 0];
    make = async () => {
      made += 1;
      return { bytes: Buffer.alloc(BODY_BYTES, String(made)), release: () => (released += 1) };
    };
    const bodies = createSharedBodies({
      monotonicMs: () => nowMs,
      now: () => now + nowMs / 1_000,
      sleep: () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        endSecond = resolve;
        return promise;
      },
      maxBytes: MAX_BODIES * BODY_BYTES,
      reserve: async () => undefined,
      cut: (response) => {
        cut += 1;
        response.socket?.resetAndDestroy();
      },
    });
    const respond = async (response: ServerResponse): Promise<void> => {
      const content = { key: 'x', headers: { 'X-Made': 'yes' }, make: () => make() };
      const isSent = await bodies.send(response, content).catch(() => undefined);
      if (isSent !== true) response.writeHead(isSent === undefined ? 500 : 503).end();
    };
    server.removeAllListeners('request').on('request', (_request, response) => void respond(response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    await once(server.close(), 'close');
  });

  const open = async (): Promise<Socket> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined).write(request('GET / HTTP/1.1'));
    await once(socket, 'readable');
    return socket;
  };
  /** A client that does not read. The server has begun its response. */
  const openAll = async (count: number): Promise<readonly Socket[]> => {
    const sockets: Socket[] = [];
    while (sockets.length < count) sockets.push(await open());
    return sockets;
  };
  const release = async (count: number): Promise<void> => {
    while (released < count) await setImmediate();
  };

  it('are made once for clients that ask within a second, however many there are', async () => {
    nowMs += 10_000;
    await open();
    nowMs += 999;
    await openAll(60);
    assert.equal(made, 1);
    nowMs += 1;
    await open();
    assert.deepEqual([made, released, cut], [2, 0, 0]);
  });

  it('are recreated after the clock was set, forward or back', async () => {
    nowMs += 10_000;
    await open();
    for (const [index, seconds] of [30, -60].entries()) {
      now += seconds;
      await openAll(2);
      assert.equal(made, index + 2);
    }
  });

  it('are released when the last of their clients has read or left', async () => {
    const [first, second] = await openAll(2);
    assert.ok(first !== undefined && second !== undefined);
    const text = await readAll(first);
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*X-Made: yes\r\n/);
    assert.ok(text.endsWith('1111'));
    assert.equal(released, 0);
    second.destroy();
    await release(1);
    assert.equal(made, 1);
  });

  it('of clients that never read are bounded, and a new client gets a whole one', async () => {
    const slow: Socket[] = [];
    for (let count = 0; count < 61; count += 1) {
      slow.push(await open());
      nowMs += 1_000;
      assert.ok(made - released <= MAX_BODIES, `${made - released} bodies`);
    }
    const text = await readAll(await open());
    assert.ok(text.length > BODY_BYTES);
    assert.equal(cut, slow.length + 1 - MAX_BODIES);
    for (const socket of slow.slice(0, cut)) socket.resume();
    await Promise.all(slow.slice(0, cut).map(closed));
  });

  it('are kept for a second after the last client while more than 40 are made at once', async () => {
    nowMs += 100_000;
    const get = async (): Promise<void> => void (await readAll(await open()));
    for (let count = 0; count < 41; count += 1) await get();
    await release(40);
    await get();
    assert.deepEqual([made, released], [41, 40]);
    endSecond();
    await release(41);
    await get();
    assert.equal(made, 42);
  });

  it('fail for every client that waits for one', async () => {
    const gate = Promise.withResolvers<PooledBytes>();
    make = () => gate.promise;
    const responses = [1, 2].map(async () => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.write(request('GET / HTTP/1.1'));
      await once(server, 'request');
      return socket;
    });
    const sockets = await Promise.all(responses);
    gate.reject(new Error('no body'));
    for (const text of await Promise.all(sockets.map(readAll))) assert.match(text, /^HTTP\/1\.1 500/);
  });

  it('are not sent if they cannot be made now', async () => {
    make = () => undefined;
    assert.match(await readAll(await open()), /^HTTP\/1\.1 503/);
  });
});
