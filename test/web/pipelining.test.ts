/**
 * Requests that a client sends without waiting for responses.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, describe, it } from 'mocha';
import { MAX_PIPELINED } from '../../src/web/pipelining.ts';
import { lasting, readAll, request, type Served, serve } from '../support/http.ts';

const METRICS = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';

function count(text: string): number {
  return text.match(/HTTP\/1\.1 200/g)?.length ?? 0;
}

describe('a client that does not wait for responses', () => {
  let served: Served;
  let scrapes = 0;
  let body = Promise.withResolvers<void>();

  const start = async (): Promise<void> => {
    scrapes = 0;
    body = Promise.withResolvers();
    served = await serve({
      scrape: async () => {
        scrapes += 1;
        await body.promise;
        return lasting(Buffer.from('x 1\n'));
      },
    });
  };
  afterEach(async () => {
    body.resolve();
    await served.close();
    assert.deepEqual(served.takeErrors(), []);
  });

  it('gets as many as the limit', async () => {
    await start();
    body.resolve();
    const response = await served.send(METRICS.repeat(MAX_PIPELINED - 1) + request('GET /healthz HTTP/1.1'));
    assert.equal(count(response), MAX_PIPELINED);
  });

  it('is disconnected beyond it, and no further request is handled', async () => {
    await start();
    const socket = await served.connect();
    socket.write(METRICS.repeat(2_000));
    assert.equal(await readAll(socket), '');
    assert.ok(scrapes <= 1);
  });

  it('can send more on the same connection once it has the responses', async () => {
    await start();
    body.resolve();
    const socket = await served.connect();
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    for (let sent = 1; sent <= 2 * MAX_PIPELINED; sent += 1) {
      socket.write(METRICS);
      while (count(text) < sent) await once(socket, 'data');
    }
    socket.destroy();
  });
});
