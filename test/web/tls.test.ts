/**
 * The HTTPS server with real clients: certificates on both sides, versions, ciphers and sessions.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { after, afterEach, before, it } from 'mocha';
import { DEFAULT_CIPHERS } from '../../src/web/config/go-names.ts';
import type { ClientAuth, TlsConfig } from '../../src/web/config/web-config.ts';
import type { RouteOptions } from '../../src/web/routes.ts';
import { createSecureServer, LIMITS, type Limits } from '../../src/web/server.ts';
import type { TlsServer } from '../../src/web/tls.ts';
import { type Certificate, makeCertificate } from '../support/certificates.ts';
import { closed, lasting, readAll, request, serverOptions } from '../support/http.ts';
import { describeWith } from '../support/tools.ts';

describeWith(['openssl'], 'the HTTPS server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-tls-'));
  let certificates: Readonly<Record<'server' | 'next' | 'ca' | 'alice' | 'bob' | 'stranger', Certificate>>;
  let secure: TlsServer | undefined;

  before(() => {
    const ca = makeCertificate(folder, 'ca');
    const server = makeCertificate(folder, 'server');
    certificates = {
      ca,
      server,
      next: makeCertificate(folder, 'next'),
      alice: makeCertificate(folder, 'alice', { names: 'DNS:alice.example,IP:::1', signedBy: ca }),
      bob: makeCertificate(folder, 'bob', { names: 'email:bob@example.com', signedBy: ca }),
      stranger: makeCertificate(folder, 'stranger', { names: 'DNS:alice.example' }),
    };
  });
  after(() => rmSync(folder, { recursive: true }));
  afterEach(async () => {
    secure?.server.closeAllConnections();
    secure?.server.close();
    secure = undefined;
  });

  const settings = (
    overrides: Partial<Omit<TlsConfig, 'context'>> = {},
    context: Partial<TlsConfig['context']> = {},
  ): TlsConfig => ({
    clientAuth: 'none',
    allowedNames: [],
    ...overrides,
    context: {
      cert: Buffer.from(certificates.server.cert),
      key: Buffer.from(certificates.server.key),
      ca: Buffer.from(certificates.ca.cert),
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: DEFAULT_CIPHERS.join(':'),
      honorCipherOrder: true,
      ecdhCurve: undefined,
      ...context,
    },
  });
  const serve = async (
    tls: TlsConfig,
    limits: Partial<Limits> = {},
    overrides: Partial<RouteOptions> = {},
  ): Promise<number> => {
    const { options } = serverOptions(overrides);
    secure = await createSecureServer(options, tls, { ...LIMITS, ...limits });
    secure.server.listen(0, '127.0.0.1');
    await once(secure.server, 'listening');
    return (secure.server.address() as AddressInfo).port;
  };
  /** The status that curl receives, or 0 without a response. */
  const curl = async (port: number, ...args: readonly string[]): Promise<number> => {
    const all = ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...args, `https://127.0.0.1:${port}/metrics`];
    const { promise, resolve } = Promise.withResolvers<string>();
    execFile('curl', all, (_error, stdout) => resolve(stdout));
    return Number(await promise);
  };
  const trusting = ({ certFile }: Certificate): readonly string[] => ['--cacert', certFile];
  const presenting = ({ certFile, keyFile }: Certificate): readonly string[] => [
    '--cert',
    certFile,
    '--key',
    keyFile,
  ];

  type Name = keyof typeof certificates | 'no certificate';
  /** The clients that get a response. They accept any certificate of the server. */
  const acceptedOf = async (port: number, names: readonly Name[]): Promise<readonly Name[]> => {
    const send = (name: Name) =>
      curl(port, '-k', ...(name === 'no certificate' ? [] : presenting(certificates[name])));
    const statuses = await Promise.all(names.map(send));
    return names.filter((_name, index) => statuses[index] === 200);
  };

  it('serves clients that trust its certificate', async () => {
    const port = await serve(settings());
    assert.equal(await curl(port, ...trusting(certificates.server)), 200);
    assert.equal(await curl(port, ...trusting(certificates.next)), 0);
  });

  it('negotiates HTTP/1.1 with a client that prefers HTTP/2', async () => {
    const port = await serve(settings());
    const socket = connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    await once(socket, 'secureConnect');
    assert.equal(socket.alpnProtocol, 'http/1.1');
    socket.destroy();
  });

  it('does not respond to plain HTTP', async () => {
    const port = await serve(settings());
    const socket = connectPlain(port, '127.0.0.1').on('error', () => undefined);
    socket.write(request('GET /metrics HTTP/1.1'));
    assert.doesNotMatch(await readAll(socket), /200/);
  });

  it('resets the connection of the slowest client to make room for another', async () => {
    let slowClients = 0;
    const onSlowClient = (): void => {
      slowClients += 1;
    };
    // More than the kernel buffers.
    const scrape = async () => lasting(Buffer.alloc(32 * 1_048_576, 'x'));
    const port = await serve(settings(), {}, { maxRequests: 1, scrape, onSlowClient });
    const codes: unknown[] = [];
    const slow = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    slow.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code));
    slow.pause().write(request('GET /metrics HTTP/1.1'));
    await once(slow, 'readable');
    assert.equal(await curl(port, '-k'), 200);
    assert.equal(slowClients, 1);
    slow.resume();
    await closed(slow);
    assert.deepEqual(codes, ['ECONNRESET']);
  });

  it('closes a connection without a handshake after the timeout for headers', async () => {
    const port = await serve(settings(), { headersMs: 100 });
    assert.equal(await readAll(connectPlain(port, '127.0.0.1').on('error', () => undefined)), '');
  });

  for (const { it: title, context, client, status } of [
    { it: 'TLS 1.1', context: {}, client: ['--tls-max', '1.1'], status: 0 },
    { it: 'TLS 1.2', context: {}, client: ['--tls-max', '1.2'], status: 200 },
    {
      it: 'a version below the configured minimum',
      context: { minVersion: 'TLSv1.3' },
      client: ['--tls-max', '1.2'],
      status: 0,
    },
    {
      it: 'a version above the configured maximum',
      context: { maxVersion: 'TLSv1.2' },
      client: ['--tlsv1.3'],
      status: 0,
    },
    {
      it: 'a cipher suite that is not configured',
      context: { ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384' },
      client: ['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
      status: 0,
    },
    {
      it: 'a configured cipher suite',
      context: { ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384' },
      client: ['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
      status: 200,
    },
    {
      it: 'a curve that is not configured',
      context: { ecdhCurve: 'X25519' },
      client: ['--curves', 'P-384'],
      status: 0,
    },
    {
      it: 'a configured curve',
      context: { ecdhCurve: 'X25519:P-384' },
      client: ['--curves', 'P-384'],
      status: 200,
    },
  ] as const) {
    it(`${status === 200 ? 'accepts' : 'rejects'} ${title}`, async () => {
      const port = await serve(settings({}, context));
      assert.equal(await curl(port, '-k', ...client), status);
    });
  }

  /** The clients that are accepted, by client_auth_type. */
  const ACCEPTED: Readonly<Record<ClientAuth, readonly Name[]>> = {
    none: ['no certificate', 'alice', 'bob', 'stranger'],
    requested: ['no certificate', 'alice', 'bob', 'stranger'],
    required: ['alice', 'bob', 'stranger'],
    verified_if_given: ['no certificate', 'alice', 'bob'],
    verified: ['alice', 'bob'],
  };
  for (const [clientAuth, accepted] of Object.entries(ACCEPTED)) {
    it(`accepts ${accepted.join(', ')} if certificates are ${clientAuth}`, async () => {
      const port = await serve(settings({ clientAuth: clientAuth as ClientAuth }));
      assert.deepEqual(await acceptedOf(port, ['no certificate', 'alice', 'bob', 'stranger']), accepted);
    });
  }

  for (const { allowed, accepted } of [
    { allowed: ['alice.example'], accepted: ['alice'] },
    { allowed: ['0:0:0:0:0:0:0:1', 'unknown.example'], accepted: ['alice'] },
    { allowed: ['bob@example.com', 'alice.example'], accepted: ['alice', 'bob'] },
    { allowed: ['*.example', 'bob', 'ALICE.example', ''], accepted: [] },
  ] as const) {
    it(`accepts ${accepted.join(', ') || 'no client'} if the allowed names are ${allowed.join(', ')}`, async () => {
      const port = await serve(settings({ clientAuth: 'verified', allowedNames: allowed }));
      assert.deepEqual(await acceptedOf(port, ['alice', 'bob', 'stranger']), accepted);
    });
  }

  it('presents an updated certificate to new connections', async () => {
    const port = await serve(settings());
    const { cert, key } = certificates.next;
    secure?.update(settings({}, { cert: Buffer.from(cert), key: Buffer.from(key) }));
    assert.equal(await curl(port, ...trusting(certificates.server)), 0);
    assert.equal(await curl(port, ...trusting(certificates.next)), 200);
  });

  /** Connects as alice; returns whether the server responded, and the session that a client could resume. */
  const connectAsAlice = async (port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3', session?: Buffer) => {
    const { cert, key } = certificates.alice;
    const sessions: Buffer[] = [];
    const options = { port, host: '127.0.0.1', cert, key, maxVersion, rejectUnauthorized: false };
    const socket: TLSSocket = connect({ ...options, ...(session && { session }) });
    let isReused = false;
    socket.on('session', (made: Buffer) => sessions.push(made)).on('error', () => undefined);
    socket.once('secureConnect', () => {
      isReused = socket.isSessionReused();
      socket.write(request('GET /metrics HTTP/1.1'));
    });
    const response = await readAll(socket);
    return { isAccepted: response.startsWith('HTTP/1.1 200'), isReused, session: sessions.at(-1) };
  };
  const alice = { clientAuth: 'verified', allowedNames: ['alice.example'] } as const;
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`checks the client certificate of every ${version} connection, because sessions cannot be resumed`, async () => {
      const port = await serve(settings(alice));
      const first = await connectAsAlice(port, version);
      assert.ok(first.isAccepted);
      const second = await connectAsAlice(port, version, first.session);
      assert.deepEqual([second.isAccepted, second.isReused], [true, false]);
    });
  }

  it('checks new connections against the updated names and CA', async () => {
    const port = await serve(settings(alice));
    const isAccepted = async () => (await connectAsAlice(port, 'TLSv1.3')).isAccepted;
    assert.equal(await isAccepted(), true);
    secure?.update(settings({ ...alice, allowedNames: ['bob@example.com'] }));
    assert.equal(await isAccepted(), false);
    secure?.update(settings(alice, { ca: Buffer.from(certificates.stranger.cert) }));
    assert.equal(await isAccepted(), false);
    secure?.update(settings(alice));
    assert.equal(await isAccepted(), true);
  });

  it('rejects a client certificate with malformed names', async () => {
    const odd = makeCertificate(folder, 'odd', { names: 'DNS:fe80::1%eth0', signedBy: certificates.ca });
    const port = await serve(
      settings({ clientAuth: 'required', allowedNames: ['fe80::2%eth0', 'alice.example'] }),
    );
    assert.equal(await curl(port, '-k', ...presenting(odd)), 0);
    assert.equal(await curl(port, '-k', ...presenting(certificates.alice)), 200);
  });

  it('rejects cipher suites without forward secrecy by default', async () => {
    const [key, cert] = [join(folder, 'rsa.key'), join(folder, 'rsa.crt')];
    const args = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=rsa',
      '-keyout',
      key,
      '-out',
      cert,
    ];
    execFileSync('openssl', args, { stdio: 'ignore' });
    const port = await serve(settings({}, { cert: readFileSync(cert), key: readFileSync(key) }));
    const speak = (suite: string) => curl(port, '-k', '--tls-max', '1.2', '--ciphers', suite);
    for (const suite of ['AES128-SHA', 'AES128-GCM-SHA256', 'AES256-SHA256', 'ECDHE-RSA-AES256-SHA384'])
      assert.equal(await speak(suite), 0, suite);
    assert.equal(await speak('ECDHE-RSA-AES128-GCM-SHA256'), 200);
  });

  it('closes connections of one network beyond the limit before the handshake', async () => {
    const port = await serve(settings(), { maxPerClient: 1 });
    const first = connectPlain(port, '127.0.0.1').on('error', () => undefined);
    await once(first, 'connect');
    assert.equal(await curl(port, '-k'), 0);
    first.destroy();
  });
});
