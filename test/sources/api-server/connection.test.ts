/**
 * Requests to a real server on the loopback, and to what is none.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { AnswerError } from '../../../src/sources/api-server/failures.ts';
import { createLoopback, type Loopback, outcome, question, TOKEN } from './loopback.ts';

let loopback: Loopback;

describe('a connection', () => {
  beforeEach(() => {
    loopback = createLoopback();
  });
  afterEach(() => loopback.close());

  it('asks with the token, for what a jwk set is too, and says who it is', async () => {
    const server = await loopback.serve(({ method, url, headers }, response) => {
      const { authorization, accept, 'user-agent': userAgent } = headers;
      response.end(JSON.stringify({ method, url, authorization, accept, userAgent }));
    });
    const { connection, codes } = await loopback.reach(loopback.configure({ server }));
    assert.deepEqual(JSON.parse((await outcome(connection)).slice(4)), {
      method: 'GET',
      url: '/api/v1/pods?a=b',
      authorization: `Bearer ${TOKEN}`,
      accept: 'application/json, */*',
      userAgent: 'test/1.0',
    });
    assert.deepEqual(codes, [200]);
  });

  it('posts a body with its length', async () => {
    const server = await loopback.serve((request, response) => {
      const { 'content-type': type, 'content-length': length } = request.headers;
      response.writeHead(201).write(`${request.method} ${type} ${length} `);
      request.pipe(response);
    });
    const { connection } = await loopback.reach(loopback.configure({ server }));
    const body = Buffer.from('{"a":1}');
    assert.equal(await outcome(connection, { body }), '201 POST application/json 7 {"a":1}');
  });

  it('asks below the path that the address of the server has', async () => {
    const server = await loopback.serve(({ url }, response) => response.end(url));
    const { connection } = await loopback.reach(
      loopback.configure({ server: `${server}/k8s/clusters/one/` }),
    );
    assert.equal(await outcome(connection), '200 /k8s/clusters/one/api/v1/pods?a=b');
  });

  it('answers any status, with when to come again', async () => {
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
      const { connection } = await loopback.reach(loopback.configure({ server }));
      const reply = await connection.ask(question());
      assert.ok(reply.ok);
      assert.deepEqual([reply.status, reply.retryAfterMs], [429, expected]);
      reply.discard();
    }
  });

  it('follows no redirection', async () => {
    let requests = 0;
    const server = await loopback.serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const { connection } = await loopback.reach(loopback.configure({ server }));
    assert.match(await outcome(connection), /^302/);
    assert.equal(requests, 1);
  });

  it('is unreachable where nobody listens', async () => {
    const server = await loopback.serve(() => undefined);
    const { connection, codes } = await loopback.reach(loopback.configure({ server }));
    loopback.stopServing();
    assert.equal(await outcome(connection), 'unreachable');
    assert.deepEqual(codes, ['unreachable']);
  });

  it('is unreachable where the server hangs up', async () => {
    const server = await loopback.serve((request) => request.socket.destroy());
    const { connection } = await loopback.reach(loopback.configure({ server }));
    assert.equal(await outcome(connection), 'unreachable');
  });

  it('ends with the signal where the server says nothing', async () => {
    const stop = new AbortController();
    const server = await loopback.serve(() => stop.abort());
    const { connection } = await loopback.reach(loopback.configure({ server }));
    assert.equal(await outcome(connection, { signal: stop.signal }), 'timeout');
  });

  it('ends the reading of a body with the signal, and where it breaks off', async () => {
    const server = await loopback.serve((request, response) => {
      response.write('half');
      if (request.url?.startsWith('/cut')) setImmediate(() => response.destroy());
    });
    const { connection } = await loopback.reach(loopback.configure({ server }));
    const stop = new AbortController();
    const reply = await connection.ask(question({ signal: stop.signal }));
    assert.ok(reply.ok);
    const read = text(reply.body);
    stop.abort();
    await assert.rejects(read, AnswerError);
    await assert.rejects(outcome(connection, { path: '/cut' }), { failure: 'unreachable' });
  });

  it('takes for a wrong answer what is no HTTP', async () => {
    const garbage = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH\r\n'));
    const { connection } = await loopback.reach(
      loopback.configure({ server: await loopback.listen(garbage, 'http') }),
    );
    assert.equal(await outcome(connection), 'bad_answer');
  });

  it('takes for a wrong answer headers without an end', async () => {
    const endless = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = (): void => {
        if (socket.writable) socket.write(`x: ${'y'.repeat(1_000)}\r\n`, () => setImmediate(more));
      };
      more();
    });
    const { connection } = await loopback.reach(
      loopback.configure({ server: await loopback.listen(endless, 'http') }),
    );
    assert.equal(await outcome(connection), 'bad_answer');
  });

  it('holds no socket once it is closed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = await loopback.serve((request) => {
      request.socket.once('close', () => resolve());
      connection.close();
    });
    const { connection } = await loopback.reach(loopback.configure({ server }));
    assert.equal(await outcome(connection), 'unreachable');
    await promise;
  });
});
