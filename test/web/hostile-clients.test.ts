/**
 * Hostile and broken clients: each is limited, and none affects the responses to others.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import type { PooledBytes } from '../../src/metrics/buffer-pool.ts';
import { createListFamilies } from '../../src/metrics/families.ts';
import { createScrape } from '../../src/metrics/scrape.ts';
import type { RouteOptions } from '../../src/web/routes.ts';
import { LIMITS, type Limits } from '../../src/web/server.ts';
import { familyOptions } from '../support/exposition.ts';
import { closed, lasting, readAll, request, type Served, serve } from '../support/http.ts';
import { snapshot } from '../support/snapshots.ts';

let served: Served | undefined;

async function start(overrides: Partial<RouteOptions> = {}, limits: Partial<Limits> = {}): Promise<Served> {
  served = await serve(overrides, limits);
  return served;
}

/** After each test, the next request is served, and no handler has thrown. */
function checkServerAfterEach(): void {
  afterEach(async () => {
    if (served === undefined) return;
    assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
    assert.deepEqual(served.takeErrors(), []);
    await served.close();
    served = undefined;
  });
}

function statuses(responses: string): readonly number[] {
  return Array.from(responses.matchAll(/^HTTP\/1\.1 (\d+)/gm), ([, status]) => Number(status));
}

describe('a malformed request', () => {
  checkServerAfterEach();

  const cases = [
    { it: 'binary data', request: '\0\x01\x02\r\n\r\n', status: 400 },
    { it: 'a TLS handshake', request: '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', status: 400 },
    { it: 'a request with an unknown method', request: request('FOO /metrics HTTP/1.1'), status: 400 },
    { it: 'a request without a host', request: 'GET /metrics HTTP/1.1\r\n\r\n', status: 400 },
    { it: 'a request of another protocol version', request: request('GET /metrics HTTP/9.9'), status: 400 },
    { it: 'an HTTP/2 preface', request: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
    { it: 'a header without a name', request: request('GET /metrics HTTP/1.1', ': x'), status: 400 },
    { it: 'a folded header', request: request('GET /metrics HTTP/1.1', 'A: b', ' c'), status: 400 },
    {
      it: 'a body with two lengths',
      request: request('GET / HTTP/1.1', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      status: 400,
    },
    {
      it: 'a body with a negative length',
      request: request('GET / HTTP/1.1', 'Content-Length: -1'),
      status: 400,
    },
    {
      it: 'a request with headers beyond the limit',
      request: request('GET /metrics HTTP/1.1', `A: ${'a'.repeat(LIMITS.maxHeaderBytes)}`),
      status: 431,
    },
    {
      it: 'a path beyond the limit',
      request: request(`GET /${'a'.repeat(LIMITS.maxHeaderBytes)} HTTP/1.1`),
      status: 431,
    },
    {
      it: 'an unknown expectation',
      request: request('GET /metrics HTTP/1.1', 'Expect: the-moon'),
      status: 417,
    },
    { it: 'a path with an invalid escape', request: request('GET /%zz HTTP/1.1'), status: 404 },
    { it: 'a path that is not UTF-8', request: request('GET /%E0%A4%A HTTP/1.1'), status: 404 },
    {
      it: 'the path of the metrics with an invalid escape',
      request: request('GET /metrics%zz HTTP/1.1'),
      status: 404,
    },
    { it: 'a path with ..', request: request('GET /../../etc/passwd HTTP/1.1'), status: 404 },
    { it: 'a path with two slashes', request: request('GET //metrics HTTP/1.1'), status: 404 },
    { it: 'the path of the metrics in upper case', request: request('GET /METRICS HTTP/1.1'), status: 404 },
    { it: 'the target *', request: request('GET * HTTP/1.1'), status: 404 },
    { it: 'a proxy request', request: request('GET http://example.com/nowhere HTTP/1.1'), status: 404 },
  ];
  for (const { it: title, request: text, status } of cases) {
    it(`returns ${status} for ${title} and repeats nothing of it`, async () => {
      const { send } = await start();
      const response = await send(text);
      assert.deepEqual(statuses(response), [status]);
      assert.doesNotMatch(response, /zz|passwd|moon|aaaa|example/);
      assert.match(response, /Connection: close/i);
    });
  }

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    it(`returns 405 with the allowed methods for ${method}`, async () => {
      const { send } = await start();
      const response = await send(request(`${method} /metrics HTTP/1.1`));
      assert.deepEqual(statuses(response), [405]);
      assert.match(response, /\r\nAllow: GET, HEAD\r\n/);
    });
  }

  for (const target of ['http://[::1', 'http://a:b/metrics']) {
    it(`returns 400 in plain text for ${target} and repeats nothing of it`, async () => {
      const { send } = await start();
      const response = await send(request(`GET ${target} HTTP/1.1`));
      assert.deepEqual(statuses(response), [400]);
      assert.match(response, /\r\nContent-Type: text\/plain/);
      assert.match(response, /\r\nCache-Control: no-store/);
      assert.ok(!response.includes(target));
    });
  }

  it('closes the connection for CONNECT', async () => {
    const { send } = await start();
    assert.deepEqual(statuses(await send(request('CONNECT example.com:443 HTTP/1.1'))), []);
  });

  it('ignores a request to upgrade', async () => {
    const { send } = await start();
    const response = await send(
      'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    );
    assert.deepEqual(statuses(response), [200]);
  });
});

describe('a request with the name of another site', () => {
  checkServerAfterEach();

  const from = (host: string): string =>
    `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

  it('gets 421 over the loopback interface, and none of its name', async () => {
    const rejected: number[] = [];
    const { send } = await start({ onRejection: (status) => rejected.push(status) });
    const response = await send(from('evil.example:9894'));
    assert.deepEqual(statuses(response), [421]);
    assert.deepEqual(rejected, [421]);
    assert.match(response, /--web\.allowed-hosts/);
    assert.doesNotMatch(response, /evil/);
  });

  it('is served if the name is allowed, or is that of the node', async () => {
    const { send } = await start({ allowedHosts: ['exporter.example.com'], node: 'Node-1.example.com' });
    assert.deepEqual(statuses(await send(from('exporter.example.com:9894'))), [200]);
    assert.deepEqual(statuses(await send(from('node-1.example.com'))), [200]);
  });
});

describe('a request with a body', () => {
  checkServerAfterEach();

  it('gets a response, and its body is not parsed as a request', async () => {
    const { send } = await start();
    const body = 'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n';
    const first = `GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    assert.deepEqual(statuses(await send(first + request('GET /healthz HTTP/1.1'))), [200, 200]);
  });

  it('gets a response even if it waits for 100 Continue', async () => {
    const { send } = await start();
    const response = await send(
      request('GET /metrics HTTP/1.1', 'Content-Length: 1', 'Expect: 100-continue'),
    );
    assert.deepEqual(
      statuses(response).filter((status) => status !== 100),
      [200],
    );
  });

  it('is closed if the body never ends', async () => {
    const { server, connect } = await start({}, { checkMs: 20 });
    const socket = await connect();
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx');
    const response = readAll(socket);
    await once(socket, 'data');
    [server.headersTimeout, server.requestTimeout] = [1, 1];
    assert.match(await response, /^HTTP\/1\.1 200/);
  });
});

/** More than the kernel buffers. */
const HUGE = lasting(Buffer.alloc(64 * 1024 * 1024, 'x'));

describe('concurrent requests', () => {
  checkServerAfterEach();

  it('on one connection get responses in order', async () => {
    const { send } = await start({ scrape: async (format) => lasting(Buffer.from(`<${format}>\n`)) });
    const openMetrics = 'Accept: application/openmetrics-text; version=1.0.0';
    const pair = [request('GET /metrics HTTP/1.1'), request('GET /metrics HTTP/1.1', openMetrics)].map(
      (text) => text.replace('Connection: close\r\n', ''),
    );
    const responses = await send(pair.join('').repeat(3) + request('GET /nowhere HTTP/1.1'));
    const formats = Array.from(responses.matchAll(/<(\w+)>/g), ([, format]) => format);
    assert.deepEqual(formats, Array(3).fill(['text', 'openmetrics']).flat());
    assert.equal(statuses(responses).at(-1), 404);
  });

  it('from a hundred clients share a few scrapes', async () => {
    let scrapes = 0;
    const takeSnapshot = () => {
      scrapes += 1;
      return snapshot();
    };
    const listFamilies = createListFamilies(familyOptions());
    const scrape = createScrape({ takeSnapshot, listFamilies, exporterFamilies: async () => [] });
    const { sendTogether } = await start({ scrape });
    const responses = await sendTogether(Array<string>(100).fill(request('GET /metrics HTTP/1.1')));
    assert.deepEqual(responses.flatMap(statuses), Array(100).fill(200));
    assert.ok(scrapes <= 10, `${scrapes} scrapes`);
  });

  it('beyond the limit are served, and the slowest client is disconnected', async () => {
    let cut = 0;
    const onSlowClient = () => {
      cut += 1;
    };
    const { connect, send } = await start({ maxRequests: 2, scrape: async () => HUGE, onSlowClient });
    const slow = [await connect(), await connect()];
    for (const socket of slow) {
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(socket, 'readable');
    }
    assert.deepEqual(statuses(await send(request('HEAD /metrics HTTP/1.1'))), [200]);
    slow[0]?.resume();
    await Promise.all(slow.slice(0, 1).map(closed));
    assert.equal(cut, 1);
    assert.equal(slow[1]?.closed, false);
    slow[1]?.destroy();
  });

  it('do not block probes', async () => {
    const gate = Promise.withResolvers<PooledBytes>();
    const { send } = await start({ maxRequests: 1, scrape: () => gate.promise });
    const waiting = send(request('GET /metrics HTTP/1.1'));
    assert.deepEqual(statuses(await send(request('GET /healthz HTTP/1.1'))), [200]);
    gate.resolve(lasting(Buffer.from('x 1\n')));
    assert.deepEqual(statuses(await waiting), [200]);
  });
});

describe('a slow client', () => {
  checkServerAfterEach();

  const short = { headersMs: 100, checkMs: 20 };

  it('is disconnected if it sends nothing', async () => {
    const { connect } = await start({}, short);
    assert.match(await readAll(await connect()), /^(HTTP\/1\.1 408|$)/);
  });

  it('is disconnected if its headers take too long, however steadily it sends', async () => {
    const { connect } = await start({}, short);
    const socket = await connect();
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => socket.write('A: b\r\n'), 10);
    try {
      assert.match(await readAll(socket), /^HTTP\/1\.1 408/);
    } finally {
      clearInterval(drip);
    }
  });

  it('is disconnected if it pauses between requests', async () => {
    const { connect } = await start({}, { keepAliveMs: 50 });
    const socket = await connect();
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.deepEqual(statuses(await readAll(socket)), [200]);
  });

  it('is disconnected if it reads a response too slowly, and frees its slot', async () => {
    const timeIsUp = Promise.withResolvers<void>();
    const [first, later] = [timeIsUp.promise, Promise.withResolvers<void>().promise];
    let responses = 0;
    const { server, connect, url } = await start({
      maxRequests: 1,
      scrape: async () => HUGE,
      sleep: () => {
        responses += 1;
        return responses === 1 ? first : later;
      },
    });
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = await connect();
    socket.pause();
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    const [connection] = await accepted;
    while (connection.bytesWritten === 0) await setImmediate();
    timeIsUp.resolve();
    await closed(connection);
    const response = await fetch(`${url}/metrics`, { method: 'HEAD' });
    assert.equal(response.status, 200);
    socket.destroy();
  });

  it('frees its slot if it disconnects during a response', async () => {
    const { server, connect, url } = await start({ maxRequests: 1, scrape: async () => HUGE });
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = await connect();
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    const [connection] = await accepted;
    await once(socket, 'data');
    socket.destroy();
    await closed(connection);
    assert.equal((await fetch(`${url}/metrics`, { method: 'HEAD' })).status, 200);
  });
});

describe('connections', () => {
  checkServerAfterEach();

  it('beyond the limit are closed, and the others are served', async () => {
    const { connect } = await start({}, { maxConnections: 2 });
    const [first, second] = [await connect(), await connect()];
    assert.equal(await readAll(await connect()), '');
    first.write(request('GET /healthz HTTP/1.1'));
    assert.deepEqual(statuses(await readAll(first)), [200]);
    second.destroy();
    await closed(second);
  });

  it('of one network are limited, and those of others are served', async () => {
    const { connect } = await start({}, { maxPerClient: 2 });
    const from = (localAddress: string): Promise<Socket> => connect({ localAddress });
    const held = [await from('127.0.0.2'), await from('127.0.0.2')];
    assert.equal(await readAll(await from('127.0.0.2')), '');
    const other = await from('127.0.0.3');
    other.write(request('GET /healthz HTTP/1.1'));
    assert.deepEqual(statuses(await readAll(other)), [200]);
    for (const socket of held) socket.destroy();
    // The server is notified a little later.
    let response = '';
    while (response === '') {
      const again = await from('127.0.0.2');
      again.write(request('GET /healthz HTTP/1.1'));
      response = await readAll(again);
    }
    assert.deepEqual(statuses(response), [200]);
  });

  it('that cannot be accepted are reported and do not end the process', async () => {
    const { server, takeErrors } = await start();
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    server.emit('error', error);
    assert.deepEqual(takeErrors(), [error]);
  });

  it('are kept alive for a scrape each minute', () => {
    assert.ok(LIMITS.keepAliveMs > 60_000);
    assert.ok(LIMITS.headersMs <= LIMITS.requestMs);
  });
});
