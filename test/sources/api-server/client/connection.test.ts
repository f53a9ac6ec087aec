/**
 * Requests to servers on the loopback interface, some of which do not speak HTTP.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ResponseError } from '../../../../src/sources/api-server/client/failures.ts';
import { apiRequest, createLoopback, type Loopback, outcome, TOKEN } from '../loopback.ts';

let loopback: Loopback;

describe('a connection', () => {
  beforeEach(() => {
    loopback = createLoopback();
  });
  afterEach(() => loopback.close());

  it('sends the token, a user agent, and an Accept header that admits JSON Web Key Sets', async () => {
    const server = await loopback.serve(({ method, url, headers }, response) => {
      const { authorization, accept, 'user-agent': userAgent } = headers;
      response.end(JSON.stringify({ method, url, authorization, accept, userAgent }));
    });
    const { connection, codes } = await loopback.connect(loopback.configure({ server }));
    assert.deepEqual(JSON.parse((await outcome(connection)).slice(4)), {
      method: 'GET',
      url: '/api/v1/pods?a=b',
      authorization: `Bearer ${TOKEN}`,
      accept: 'application/json, */*',
      userAgent: 'test/1.0',
    });
    assert.deepEqual(codes, [200]);
  });

  it('posts a body with its type and length', async () => {
    const server = await loopback.serve((request, response) => {
      const { 'content-type': type, 'content-length': length } = request.headers;
      response.writeHead(201).write(`${request.method} ${type} ${length} `);
      request.pipe(response);
    });
    const { connection } = await loopback.connect(loopback.configure({ server }));
    const body = Buffer.from('{"a":1}');
    assert.equal(await outcome(connection, { body }), '201 POST application/json 7 {"a":1}');
  });

  it('prepends the path of the server address', async () => {
    const server = await loopback.serve(({ url }, response) => response.end(url));
    const { connection } = await loopback.connect(
      loopback.configure({ server: `${server}/k8s/clusters/one/` }),
    );
    assert.equal(await outcome(connection), '200 /k8s/clusters/one/api/v1/pods?a=b');
  });

  it('returns Retry-After in seconds with any status, capped at ten minutes', async () => {
    const cases = [
      ['17', 17_000],
      ['0', 0],
      ['999999999', 600_000],
      ['-1', 0],
      ['Wed, 25 Nov 2026 00:00:00 GMT', 0],
    ] as const;
    for (const [header, expected] of cases) {
      const server = await loopback.serve((_request, response) =>
        response.writeHead(429, { 'retry-after': header }).end(),
      );
      const { connection } = await loopback.connect(loopback.configure({ server }));
      const response = await connection.send(apiRequest());
      assert.ok(response.ok);
      assert.deepEqual([response.value.status, response.value.retryAfterMs], [429, expected]);
      response.value.discard();
    }
  });

  it('does not follow redirects', async () => {
    let requests = 0;
    const server = await loopback.serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const { connection } = await loopback.connect(loopback.configure({ server }));
    assert.match(await outcome(connection), /^302/);
    assert.equal(requests, 1);
  });

  it('fails with timeout if it cannot connect, but waits longer for a response', async () => {
    const timedOut = Promise.withResolvers<void>();
    // Accepts connections and does not speak TLS.
    const silent = await loopback.listen(createServer(), 'https');
    const slow = await loopback.serve(
      (_request, response) => void timedOut.promise.then(() => response.end('late')),
    );
    const [unconnected, waiting] = [silent, slow].map(async (server, index) => {
      const name = loopback.write(`${index}`, readFileSync(loopback.configure({ server }), 'utf8'));
      const { connection } = await loopback.connect(name);
      return outcome(connection);
    });
    assert.equal(await unconnected, 'timeout');
    timedOut.resolve();
    assert.equal(await waiting, '200 late');
  });

  it('fails with unreachable if no server listens', async () => {
    const server = await loopback.serve(() => undefined);
    const { connection, codes } = await loopback.connect(loopback.configure({ server }));
    loopback.stopServing();
    assert.equal(await outcome(connection), 'unreachable');
    assert.deepEqual(codes, ['unreachable']);
  });

  it('fails with unreachable if the server closes the socket', async () => {
    const server = await loopback.serve((request) => request.socket.destroy());
    const { connection } = await loopback.connect(loopback.configure({ server }));
    assert.equal(await outcome(connection), 'unreachable');
  });

  it('fails with a timeout if the signal aborts before the server responds', async () => {
    const stop = new AbortController();
    const server = await loopback.serve(() => stop.abort());
    const { connection } = await loopback.connect(loopback.configure({ server }));
    assert.equal(await outcome(connection, { signal: stop.signal }), 'timeout');
  });

  it('throws a ResponseError from the body if the signal aborts or the server closes the socket', async () => {
    const server = await loopback.serve((request, response) => {
      response.write('half');
      if (request.url?.startsWith('/cut')) setImmediate(() => response.destroy());
    });
    const { connection } = await loopback.connect(loopback.configure({ server }));
    const stop = new AbortController();
    const response = await connection.send(apiRequest({ signal: stop.signal }));
    assert.ok(response.ok);
    const read = text(response.value.body);
    stop.abort();
    await assert.rejects(read, ResponseError);
    await assert.rejects(outcome(connection, { path: '/cut' }), { failure: 'unreachable' });
  });

  it('lets the event loop turn while it reads a large body', async () => {
    const server = await loopback.serve((_request, response) => response.end(Buffer.alloc(8 * 1024 * 1024)));
    const { connection } = await loopback.connect(loopback.configure({ server }));
    const response = await connection.send(apiRequest());
    assert.ok(response.ok);
    const perTurn = [0];
    const turn = (): void => {
      perTurn.push(0);
      if (perTurn.length < 10_000) timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    for await (const { length } of response.value.body) perTurn.push((perTurn.pop() ?? 0) + length);
    clearImmediate(timer);
    assert.ok(Math.max(...perTurn) <= 128 * 1024, `${Math.max(...perTurn)} bytes in one turn`);
  });

  it('fails with bad_answer if the server does not speak HTTP', async () => {
    const garbage = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH\r\n'));
    const { connection } = await loopback.connect(
      loopback.configure({ server: await loopback.listen(garbage, 'http') }),
    );
    assert.equal(await outcome(connection), 'bad_answer');
  });

  it('fails with bad_answer if the headers never end', async () => {
    const endless = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = (): void => {
        if (socket.writable) socket.write(`x: ${'y'.repeat(1_000)}\r\n`, () => setImmediate(more));
      };
      more();
    });
    const { connection } = await loopback.connect(
      loopback.configure({ server: await loopback.listen(endless, 'http') }),
    );
    assert.equal(await outcome(connection), 'bad_answer');
  });

  it('closes its sockets when it is closed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = await loopback.serve((request) => {
      request.socket.once('close', () => resolve());
      connection.close();
    });
    const { connection } = await loopback.connect(loopback.configure({ server }));
    assert.equal(await outcome(connection), 'unreachable');
    await promise;
  });
});
