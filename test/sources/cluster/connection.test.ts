/**
 * The way to a real server on the loopback, by configurations as people have them.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { stringify } from 'yaml';
import type { ClusterFailure } from '../../../src/core/cluster.ts';
import { type Connection, connect, type Question } from '../../../src/sources/cluster/connection.ts';
import { AnswerError } from '../../../src/sources/cluster/failures.ts';
import { describeWith } from '../../support/tools.ts';
import type { Json } from './objects.ts';

/** What must never be seen anywhere. */
const TOKEN = 'a-very-secret-token';

let folder = '';
const opened: { readonly close: () => unknown }[] = [];

/** A server that answers so, and its URL. */
async function serve(handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  opened.push({ close: () => server.close().closeAllConnections() });
  return listen(server, 'http');
}

async function listen(server: Server, scheme: string): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Configured {
  readonly server: string;
  readonly cluster?: Json;
  readonly user?: Json;
}

/** Writes a KUBECONFIG file and answers its path. */
function configure({
  server,
  cluster = { 'insecure-skip-tls-verify': true },
  user = { token: TOKEN },
}: Configured) {
  const file = join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(file, stringify(config));
  return file;
}

interface Joined {
  readonly connection: Connection;
  readonly codes: readonly (number | ClusterFailure)[];
}

async function joinBy(kubeconfig: string): Promise<Joined> {
  const codes: (number | ClusterFailure)[] = [];
  const connected = await connect({
    kubeconfig,
    userAgent: 'test/1.0',
    onRequest: (_resource, code) => codes.push(code),
  });
  assert.ok(connected.ok, connected.ok ? '' : connected.problem);
  opened.push(connected.connection);
  return { connection: connected.connection, codes };
}

async function problemOf(kubeconfig: string): Promise<string> {
  const connected = await connect({ kubeconfig, userAgent: '', onRequest: () => undefined });
  return connected.ok ? assert.fail('there is no problem') : connected.problem;
}

function question(overrides: Partial<Question> = {}): Question {
  return { resource: 'pods', path: '/api/v1/pods?a=b', signal: new AbortController().signal, ...overrides };
}

/** The failure, or the status and the body. */
async function outcome(connection: Connection, overrides: Partial<Question> = {}): Promise<string> {
  const reply = await connection.ask(question(overrides));
  return reply.ok ? `${reply.status} ${await text(reply.body)}` : reply.failure;
}

describe('a connection', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-connection-'));
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    rmSync(folder, { recursive: true });
  });

  it('asks with the token, for what a jwk set is too, and says who it is', async () => {
    const server = await serve(({ method, url, headers }, response) => {
      const { authorization, accept, 'user-agent': userAgent } = headers;
      response.end(JSON.stringify({ method, url, authorization, accept, userAgent }));
    });
    const { connection, codes } = await joinBy(configure({ server }));
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
    const server = await serve(async (request, response) => {
      response.statusCode = 201;
      const { 'content-type': type, 'content-length': length } = request.headers;
      response.end(`${request.method} ${type} ${length} ${await text(request)}`);
    });
    const { connection } = await joinBy(configure({ server }));
    const body = Buffer.from('{"a":1}');
    assert.equal(await outcome(connection, { body }), '201 POST application/json 7 {"a":1}');
  });

  it('asks below the path that the address of the server has', async () => {
    const server = await serve(({ url }, response) => response.end(url));
    const { connection } = await joinBy(configure({ server: `${server}/k8s/clusters/one/` }));
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
      const server = await serve((_request, response) =>
        response.writeHead(429, { 'retry-after': header }).end(),
      );
      const { connection } = await joinBy(configure({ server }));
      const reply = await connection.ask(question());
      assert.ok(reply.ok);
      assert.deepEqual([reply.status, reply.retryAfterMs], [429, expected]);
      reply.discard();
    }
  });

  it('follows no redirection', async () => {
    let requests = 0;
    const server = await serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const { connection } = await joinBy(configure({ server }));
    assert.match(await outcome(connection), /^302/);
    assert.equal(requests, 1);
  });

  it('reads its token again where it is refused, and asks once more with it', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'old');
    const seen: unknown[] = [];
    const server = await serve(({ headers: { authorization } }, response) => {
      seen.push(authorization);
      writeFileSync(tokenFile, 'new');
      response.writeHead(authorization === 'Bearer new' ? 200 : 401).end();
    });
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
    const { connection, codes } = await joinBy(configure({ server, user }));
    assert.match(await outcome(connection), /^200/);
    assert.deepEqual(
      [seen, codes],
      [
        ['Bearer old', 'Bearer new'],
        [401, 200],
      ],
    );
    assert.match(await outcome(connection), /^200/);
    assert.deepEqual(codes, [401, 200, 200]);
  });

  it('asks no third time', async () => {
    const server = await serve((_request, response) => response.writeHead(401).end());
    const { connection, codes } = await joinBy(configure({ server }));
    assert.match(await outcome(connection), /^401/);
    assert.deepEqual(codes, [401, 401]);
  });

  it('keeps what it has where the configuration cannot be read again', async () => {
    const server = await serve((_request, response) => response.writeHead(401).end());
    const file = configure({ server });
    const { connection } = await joinBy(file);
    rmSync(file);
    assert.match(await outcome(connection), /^401/);
  });

  const credentials = [
    ['its token file is gone', () => ({ 'auth-provider': { name: 'x', config: { tokenFile: '/nowhere' } } })],
    ['its plugin fails', () => ({ exec: { command: '/bin/false', args: [] } })],
    ['its plugin is not there', () => ({ exec: { command: '/nowhere', args: [] } })],
    ['its plugin talks nonsense', () => ({ exec: { command: '/bin/echo', args: [TOKEN] } })],
    ['its token fits into no header', () => ({ token: `${TOKEN}\nx: y` })],
  ] as const;
  for (const [title, user] of credentials)
    it(`is unauthorized where ${title}`, async () => {
      const server = await serve((_request, response) => response.end());
      const { connection, codes } = await joinBy(configure({ server, user: user() }));
      assert.equal(await outcome(connection), 'unauthorized');
      assert.deepEqual(codes, ['unauthorized']);
    });

  it('runs a plugin for its token', async () => {
    const plugin = join(folder, 'plugin');
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'p' },
    };
    writeFileSync(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
    chmodSync(plugin, 0o755);
    const server = await serve(({ headers }, response) => response.end(headers.authorization));
    const { connection } = await joinBy(configure({ server, user: { exec: { command: plugin, args: [] } } }));
    assert.equal(await outcome(connection), '200 Bearer p');
  });

  it('gives up on a plugin that hangs, with the signal, and runs it once whoever asks', async () => {
    const server = await serve((_request, response) => response.end());
    const [fifo, runs, plugin] = [join(folder, 'fifo'), join(folder, 'runs'), join(folder, 'plugin')];
    execFileSync('mkfifo', [fifo]);
    writeFileSync(plugin, `#!/bin/sh\necho run >> ${runs}\ncat ${fifo}\n`);
    chmodSync(plugin, 0o755);
    const { connection } = await joinBy(configure({ server, user: { exec: { command: plugin, args: [] } } }));
    const stop = new AbortController();
    const answers = [
      outcome(connection, { signal: stop.signal }),
      outcome(connection, { signal: stop.signal }),
    ];
    stop.abort();
    assert.deepEqual(await Promise.all(answers), ['timeout', 'timeout']);
    writeFileSync(fifo, 'no credential');
    assert.equal(readFileSync(runs, 'utf8'), 'run\n');
  });

  it('is unreachable where nobody listens', async () => {
    const server = await serve(() => undefined);
    const { connection, codes } = await joinBy(configure({ server }));
    await opened.shift()?.close();
    assert.equal(await outcome(connection), 'unreachable');
    assert.deepEqual(codes, ['unreachable']);
  });

  it('is unreachable where the server hangs up', async () => {
    const server = await serve((request) => request.socket.destroy());
    const { connection } = await joinBy(configure({ server }));
    assert.equal(await outcome(connection), 'unreachable');
  });

  it('ends with the signal where the server says nothing', async () => {
    const stop = new AbortController();
    const server = await serve(() => stop.abort());
    const { connection } = await joinBy(configure({ server }));
    assert.equal(await outcome(connection, { signal: stop.signal }), 'timeout');
  });

  it('ends the reading of a body with the signal, and where it breaks off', async () => {
    const server = await serve((request, response) => {
      response.write('half');
      if (request.url?.startsWith('/cut')) setImmediate(() => response.destroy());
    });
    const { connection } = await joinBy(configure({ server }));
    const stop = new AbortController();
    const reply = await connection.ask(question({ signal: stop.signal }));
    assert.ok(reply.ok);
    const read = text(reply.body);
    stop.abort();
    await assert.rejects(read, AnswerError);
    await assert.rejects(outcome(connection, { path: '/cut' }), { failure: 'unreachable' });
  });

  it('takes for a wrong answer what is no HTTP', async () => {
    const garbage = createTcpServer((socket) =>
      socket.on('error', () => undefined).end('SSH-2.0-OpenSSH\r\n'),
    );
    opened.push(garbage);
    const { connection } = await joinBy(configure({ server: await listen(garbage, 'http') }));
    assert.equal(await outcome(connection), 'bad_answer');
  });

  it('takes for a wrong answer headers without an end', async () => {
    const endless = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = (): void => {
        if (socket.writable) socket.write(`x: ${'y'.repeat(1_000)}\r\n`, () => setImmediate(more));
      };
      more();
    });
    opened.push(endless);
    const { connection } = await joinBy(configure({ server: await listen(endless, 'http') }));
    assert.equal(await outcome(connection), 'bad_answer');
  });

  it('holds no socket once it is closed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = await serve((request) => {
      request.socket.once('close', () => resolve());
      connection.close();
    });
    const { connection } = await joinBy(configure({ server }));
    assert.equal(await outcome(connection), 'unreachable');
    await promise;
  });

  const problems: readonly (readonly [string, () => string, RegExp])[] = [
    ['there is no such file', () => '/nowhere/config', /ENOENT/],
    ['the file is no YAML', () => write(`{${TOKEN}`), /not in the form of one/],
    ['the file holds something else', () => write(TOKEN), /names no cluster|not in the form of one/],
    ['the file is empty', () => write(''), /not in the form of one/],
    ['the address is no URL', () => configure({ server: 'nonsense' }), /no URL/],
    ['the address is of another kind', () => configure({ server: 'ftp://localhost' }), /not https/],
    [
      'there is no TLS and nobody said so',
      () => configure({ server: 'http://localhost', cluster: {} }),
      /not https/,
    ],
    ['a pod has none', () => '', /no URL/],
  ];
  function write(content: string): string {
    writeFileSync(join(folder, 'config'), content);
    return join(folder, 'config');
  }
  for (const [title, kubeconfig, expected] of problems)
    it(`says what is wrong, and nothing of what is in the file, where ${title}`, async () => {
      const problem = await problemOf(kubeconfig());
      assert.match(problem, expected);
      assert.ok(!problem.includes(TOKEN));
    });

  it('takes several files, the first of which says what is current', async () => {
    const server = await serve((_request, response) => response.end());
    const first = write(
      stringify({ contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' }),
    );
    const second = join(folder, 'second');
    writeFileSync(
      second,
      stringify({
        clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'u', user: { token: TOKEN } }],
      }),
    );
    const { connection } = await joinBy(`${first}:${second}`);
    assert.match(await outcome(connection), /^200/);
  });
});

describeWith(['openssl'], 'a connection over TLS', () => {
  let tls = { key: '', cert: '' };
  let other = '';

  const makeCertificate = (name: string): { readonly key: string; readonly cert: string } => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const args = ['req', '-x509', ...curve, ...names, '-days', '1', '-keyout', key, '-out', cert];
    execFileSync('openssl', args, { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  };
  const serveTls = (): Promise<string> => {
    const server = createTlsServer(tls, (_request, response) => response.end('over TLS'));
    opened.push({ close: () => server.close().closeAllConnections() });
    return listen(server, 'https');
  };
  const trusting = (cert: string): Json => ({
    'certificate-authority-data': Buffer.from(cert).toString('base64'),
  });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-tls-'));
    tls = makeCertificate('one');
    other = makeCertificate('other').cert;
  });
  after(() => rmSync(folder, { recursive: true }));
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  it('asks a server whose certificate it trusts', async () => {
    const { connection } = await joinBy(configure({ server: await serveTls(), cluster: trusting(tls.cert) }));
    assert.equal(await outcome(connection), '200 over TLS');
  });

  it('asks no server that it does not trust, nor one of another name', async () => {
    const server = await serveTls();
    const elsewhere = server.replace('127.0.0.1', 'localhost');
    for (const cluster of [trusting(other), {}]) {
      const { connection, codes } = await joinBy(configure({ server, cluster }));
      assert.equal(await outcome(connection), 'tls');
      assert.deepEqual(codes, ['tls']);
    }
    const { connection } = await joinBy(configure({ server: elsewhere, cluster: trusting(tls.cert) }));
    assert.equal(await outcome(connection), 'tls');
  });

  it('asks no server that has no TLS', async () => {
    const server = (await serve((_request, response) => response.end())).replace('http:', 'https:');
    const { connection } = await joinBy(configure({ server, cluster: trusting(tls.cert) }));
    assert.equal(await outcome(connection), 'tls');
  });

  it('reads again whom to trust after it was deceived', async () => {
    const server = await serveTls();
    const file = configure({ server, cluster: trusting(other) });
    const { connection } = await joinBy(file);
    configure({ server, cluster: trusting(tls.cert) });
    assert.equal(await outcome(connection), 'tls');
    assert.equal(await outcome(connection), '200 over TLS');
  });
});
