/**
 * Listening on an address, the error if that fails, and closing with and without open connections.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'mocha';
import type { ListenAddress } from '../../src/config/option.ts';
import { createHttpListener } from '../../src/web/http-listener.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { readAll, request } from '../support/http.ts';

const LOOPBACK: ListenAddress = { host: '127.0.0.1', port: 0 };

function create(address = LOOPBACK, handle: RequestListener = (_request, response) => response.end('ok')) {
  const clock = createFakeClock();
  const flag = 'web.listen-address';
  return { clock, ...createHttpListener({ server: createServer(handle), address, flag, clock }) };
}

async function send(port: number) {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(request('GET / HTTP/1.1'));
  return socket;
}

describe('the HTTP listener', () => {
  it('listens on a free port if the port is 0', async () => {
    const { listen, close } = create();
    const listening = await listen();
    assert.ok(listening.ok);
    assert.match(await readAll(await send(listening.value.port)), /^HTTP\/1\.1 200 OK/);
    await close();
  });

  it('returns an error with the address and the option if the port is in use', async () => {
    const first = create();
    const listening = await first.listen();
    assert.ok(listening.ok);
    const { port } = listening.value;
    const second = create({ host: '127.0.0.1', port });
    assert.deepEqual(await second.listen(), {
      ok: false,
      error: `listen 127.0.0.1:${port}: address already in use; set --web.listen-address`,
    });
    const wildcard = create({ host: undefined, port });
    assert.deepEqual(await wildcard.listen(), {
      ok: false,
      error: `listen :${port}: address already in use; set --web.listen-address`,
    });
    await Promise.all([second.close(), wildcard.close(), first.close()]);
  });

  it('returns an error with an IPv6 address in brackets', async () => {
    // Reserved for documentation: no machine has it.
    const listening = await create({ host: '2001:db8::1', port: 9894 }).listen();
    assert.ok(!listening.ok);
    assert.match(
      listening.error,
      /^listen \[2001:db8::1\]:9894: address [a-z ]+; set --web\.listen-address$/,
    );
  });

  it('rejects if the failure is a bug', async () => {
    await assert.rejects(create({ host: '127.0.0.1', port: 65_536 }).listen(), RangeError);
  });

  it('completes a response before it closes', async () => {
    const started = Promise.withResolvers<() => void>();
    const { listen, close } = create(LOOPBACK, (_request, response) =>
      started.resolve(() => void response.end('late')),
    );
    const listening = await listen();
    assert.ok(listening.ok);
    const response = readAll(await send(listening.value.port));
    const complete = await started.promise;
    const closed = close();
    complete();
    await closed;
    assert.match(await response, /late/);
  });

  it('cuts off a response that takes longer than 700 ms', async () => {
    const started = Promise.withResolvers<void>();
    const { clock, listen, close } = create(LOOPBACK, () => started.resolve());
    const listening = await listen();
    assert.ok(listening.ok);
    const response = readAll(await send(listening.value.port));
    await started.promise;
    let isClosed = false;
    const closed = close().then(() => {
      isClosed = true;
    });
    await clock.advance(699);
    assert.equal(isClosed, false);
    await clock.advance(1);
    await closed;
    assert.equal(await response, '');
  });
});
