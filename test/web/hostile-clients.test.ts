/**
 * The server among clients that mean harm, or do it: every one is bounded, none costs another its answer.
 */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
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

/** Whatever a client does, it is no bug of ours, and the next is served. */
afterEach(async () => {
  if (served === undefined) return;
  assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
  assert.deepEqual(served.takeErrors(), []);
  await served.close();
  served = undefined;
});

function statuses(answers: string): readonly number[] {
  return Array.from(answers.matchAll(/^HTTP\/1\.1 (\d+)/gm), ([, status]) => Number(status));
}

describe('a request that is not understood', () => {
  const cases = [
    { it: 'garbage', request: '\0\x01\x02\r\n\r\n', status: 400 },
    { it: 'TLS', request: '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', status: 400 },
    { it: 'an unknown method', request: request('FOO /metrics HTTP/1.1'), status: 400 },
    { it: 'no host', request: 'GET /metrics HTTP/1.1\r\n\r\n', status: 400 },
    { it: 'another protocol', request: request('GET /metrics HTTP/9.9'), status: 400 },
    { it: 'HTTP/2 from the start', request: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
    { it: 'a header without a name', request: request('GET /metrics HTTP/1.1', ': x'), status: 400 },
    { it: 'a folded header', request: request('GET /metrics HTTP/1.1', 'A: b', ' c'), status: 400 },
    {
      it: 'a body of two lengths',
      request: request('GET / HTTP/1.1', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      status: 400,
    },
    { it: 'a negative length', request: request('GET / HTTP/1.1', 'Content-Length: -1'), status: 400 },
    {
      it: 'headers beyond the limit',
      request: request('GET /metrics HTTP/1.1', `A: ${'a'.repeat(LIMITS.maxHeaderBytes)}`),
      status: 431,
    },
    {
      it: 'a path beyond the limit',
      request: request(`GET /${'a'.repeat(LIMITS.maxHeaderBytes)} HTTP/1.1`),
      status: 431,
    },
    {
      it: 'an expectation nobody can meet',
      request: request('GET /metrics HTTP/1.1', 'Expect: the-moon'),
      status: 417,
    },
    { it: 'a path that does not decode', request: request('GET /%zz HTTP/1.1'), status: 404 },
    { it: 'a path that is not UTF-8', request: request('GET /%E0%A4%A HTTP/1.1'), status: 404 },
    { it: 'the metrics, encoded wrongly', request: request('GET /metrics%zz HTTP/1.1'), status: 404 },
    { it: 'a path upwards', request: request('GET /../../etc/passwd HTTP/1.1'), status: 404 },
    { it: 'a path with two slashes', request: request('GET //metrics HTTP/1.1'), status: 404 },
    { it: 'the metrics in capitals', request: request('GET /METRICS HTTP/1.1'), status: 404 },
    { it: 'the asterisk', request: request('GET * HTTP/1.1'), status: 404 },
    { it: 'a proxy request', request: request('GET http://example.com/nowhere HTTP/1.1'), status: 404 },
  ];
  for (const { it: title, request: text, status } of cases) {
    it(`${title}: ${status}, and nothing of it comes back`, async () => {
      const { send } = await start();
      const answer = await send(text);
      assert.deepEqual(statuses(answer), [status]);
      assert.doesNotMatch(answer, /zz|passwd|moon|aaaa|example/);
      assert.match(answer, /Connection: close/i);
    });
  }

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    it(`${method}: 405, with what is allowed`, async () => {
      const { send } = await start();
      const answer = await send(request(`${method} /metrics HTTP/1.1`));
      assert.deepEqual(statuses(answer), [405]);
      assert.match(answer, /\r\nAllow: GET, HEAD\r\n/);
    });
  }

  for (const target of ['http://[::1', 'http://a:b/metrics']) {
    it(`${target}: 400 in plain text, and nothing of it comes back`, async () => {
      const { send } = await start();
      const answer = await send(request(`GET ${target} HTTP/1.1`));
      assert.deepEqual(statuses(answer), [400]);
      assert.match(answer, /\r\nContent-Type: text\/plain/);
      assert.match(answer, /\r\nCache-Control: no-store/);
      assert.ok(!answer.includes(target));
    });
  }

  it('CONNECT: the connection is closed', async () => {
    const { send } = await start();
    assert.deepEqual(statuses(await send(request('CONNECT example.com:443 HTTP/1.1'))), []);
  });

  it('an upgrade is not made', async () => {
    const { send } = await start();
    const answer = await send(
      'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    );
    assert.deepEqual(statuses(answer), [200]);
  });
});

describe('a request with a body', () => {
  it('is answered, and the body is not taken for a request', async () => {
    const { send } = await start();
    const body = 'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n';
    const first = `GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    assert.deepEqual(statuses(await send(first + request('GET /healthz HTTP/1.1'))), [200, 200]);
  });

  it('is answered though it waits to be asked for its body', async () => {
    const { send } = await start();
    const answer = await send(request('GET /metrics HTTP/1.1', 'Content-Length: 1', 'Expect: 100-continue'));
    assert.deepEqual(
      statuses(answer).filter((status) => status !== 100),
      [200],
    );
  });

  it('that never ends is cut off', async () => {
    const { server, connect } = await start({}, { checkMs: 20 });
    const socket = await connect();
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx');
    const answer = readAll(socket);
    await once(socket, 'data');
    server.requestTimeout = 1;
    assert.match(await answer, /^HTTP\/1\.1 200/);
  });
});

describe('many requests at once', () => {
  it('over one connection are answered in order', async () => {
    let count = 0;
    const scrape = async () => {
      count += 1;
      return lasting(Buffer.from(`<${count}>`));
    };
    const { send } = await start({ scrape, maxRequests: 1_000 });
    const answers = await send(
      'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(199) + request('GET /metrics HTTP/1.1'),
    );
    const bodies = Array.from(answers.matchAll(/<(\d+)>/g), ([, number]) => Number(number));
    assert.deepEqual(
      bodies,
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  it('from a hundred clients are all answered, for the price of a few', async () => {
    let printings = 0;
    const takeSnapshot = () => {
      printings += 1;
      return snapshot();
    };
    const listFamilies = createListFamilies(familyOptions());
    const scrape = createScrape({ takeSnapshot, listFamilies, exporterFamilies: async () => [] });
    const { server, connect } = await start({ scrape });
    const clients = [];
    for (let count = 1; count <= 100; count += 1) {
      const accepted = once(server, 'connection');
      clients.push(await connect());
      await accepted;
    }
    for (const client of clients) client.write(request('GET /metrics HTTP/1.1'));
    const answers = await Promise.all(clients.map(readAll));
    assert.deepEqual(answers.flatMap(statuses), Array(100).fill(200));
    assert.ok(printings <= 10, `${printings} printings`);
  });

  it('beyond the limit are told to come back, and are served when they do', async () => {
    const gate = Promise.withResolvers<PooledBytes>();
    const underway = new EventEmitter();
    const scrape = async () => {
      underway.emit('scrape');
      return gate.promise;
    };
    const { send } = await start({ maxRequests: 2, scrape });
    const waiting: Promise<string>[] = [];
    for (const _ of ['first', 'second']) {
      const begun = once(underway, 'scrape');
      waiting.push(send(request('GET /metrics HTTP/1.1')));
      await begun;
    }
    const refused = await send(request('GET /metrics HTTP/1.1'));
    assert.deepEqual(statuses(refused), [503]);
    assert.match(refused, /\r\nRetry-After: 1\r\n/);
    gate.resolve(lasting(Buffer.from('x 1\n')));
    assert.deepEqual((await Promise.all(waiting)).flatMap(statuses), [200, 200]);
    assert.deepEqual(statuses(await send(request('GET /metrics HTTP/1.1'))), [200]);
  });

  it('do not keep probes from being answered', async () => {
    const gate = Promise.withResolvers<PooledBytes>();
    const { send } = await start({ maxRequests: 1, scrape: () => gate.promise });
    const waiting = send(request('GET /metrics HTTP/1.1'));
    assert.deepEqual(statuses(await send(request('GET /healthz HTTP/1.1'))), [200]);
    gate.resolve(lasting(Buffer.from('x 1\n')));
    assert.deepEqual(statuses(await waiting), [200]);
  });
});

describe('a client that takes its time', () => {
  const hasty = { headersMs: 100, checkMs: 20 };

  it('to say anything at all is sent away', async () => {
    const { connect } = await start({}, hasty);
    assert.match(await readAll(await connect()), /^(HTTP\/1\.1 408|$)/);
  });

  it('over its headers is sent away, however steadily it sends', async () => {
    const { connect } = await start({}, hasty);
    const socket = await connect();
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => socket.write('A: b\r\n'), 10);
    try {
      assert.match(await readAll(socket), /^HTTP\/1\.1 408/);
    } finally {
      clearInterval(drip);
    }
  });

  it('between requests is sent away', async () => {
    const { connect } = await start({}, { keepAliveMs: 50 });
    const socket = await connect();
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.deepEqual(statuses(await readAll(socket)), [200]);
  });

  /** More than the kernel takes off our hands. */
  const HUGE = lasting(Buffer.alloc(64 * 1024 * 1024, 'x'));

  it('over its answer is cut off, and gives its slot back', async () => {
    const timeIsUp = Promise.withResolvers<void>();
    const [first, later] = [timeIsUp.promise, Promise.withResolvers<void>().promise];
    let answers = 0;
    const { server, connect, url } = await start({
      maxRequests: 1,
      scrape: async () => HUGE,
      sleep: () => {
        answers += 1;
        return answers === 1 ? first : later;
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
    const answer = await fetch(`${url}/metrics`, { method: 'HEAD' });
    assert.equal(answer.status, 200);
    socket.destroy();
  });

  it('and leaves in the middle of its answer gives its slot back', async () => {
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
  it('beyond the limit are closed, and those within it served', async () => {
    const { connect } = await start({}, { maxConnections: 2 });
    const [first, second] = [await connect(), await connect()];
    assert.equal(await readAll(await connect()), '');
    first.write(request('GET /healthz HTTP/1.1'));
    assert.deepEqual(statuses(await readAll(first)), [200]);
    second.destroy();
    await closed(second);
  });

  it('of one network are no more than its share, and those of others are served', async () => {
    const { connect } = await start({}, { maxPerClient: 2 });
    const from = (localAddress: string): Promise<Socket> => connect({ localAddress });
    const held = [await from('127.0.0.2'), await from('127.0.0.2')];
    assert.equal(await readAll(await from('127.0.0.2')), '');
    const other = await from('127.0.0.3');
    other.write(request('GET /healthz HTTP/1.1'));
    assert.deepEqual(statuses(await readAll(other)), [200]);
    for (const socket of held) socket.destroy();
    // The server hears of it a little later.
    let answer = '';
    while (answer === '') {
      const again = await from('127.0.0.2');
      again.write(request('GET /healthz HTTP/1.1'));
      answer = await readAll(again);
    }
    assert.deepEqual(statuses(answer), [200]);
  });

  it('that cannot be accepted are told, and do not end the process', async () => {
    const { server, takeErrors } = await start();
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    server.emit('error', error);
    assert.deepEqual(takeErrors(), [error]);
  });

  it('are given time enough for a scrape a minute over one of them', () => {
    assert.ok(LIMITS.keepAliveMs > 60_000);
    assert.ok(LIMITS.headersMs <= LIMITS.requestMs);
  });
});
