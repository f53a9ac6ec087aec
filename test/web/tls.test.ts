/**
 * The server over TLS, to real clients: what it shows them, what it asks of them, and what they get.
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
import { createSecureServer, LIMITS, type Limits } from '../../src/web/server.ts';
import type { TlsServer } from '../../src/web/tls.ts';
import { type Certificate, makeCertificate } from '../support/certificates.ts';
import { readAll, request, serverOptions } from '../support/http.ts';
import { describeWith } from '../support/tools.ts';

describeWith(['openssl'], 'the server over TLS', () => {
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
  const serve = async (tls: TlsConfig, limits: Partial<Limits> = {}): Promise<number> => {
    const { options } = serverOptions();
    secure = await createSecureServer(options, tls, { ...LIMITS, ...limits });
    secure.server.listen(0, '127.0.0.1');
    await once(secure.server, 'listening');
    return (secure.server.address() as AddressInfo).port;
  };
  /** The status that curl gets, or 0 where it gets none. */
  const curl = async (port: number, ...args: readonly string[]): Promise<number> => {
    const all = ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...args, `https://127.0.0.1:${port}/metrics`];
    const { promise, resolve } = Promise.withResolvers<string>();
    execFile('curl', all, (_error, stdout) => resolve(stdout));
    return Number(await promise);
  };
  const trusting = ({ certFile }: Certificate): readonly string[] => ['--cacert', certFile];
  const showing = ({ certFile, keyFile }: Certificate): readonly string[] => [
    '--cert',
    certFile,
    '--key',
    keyFile,
  ];

  type Name = keyof typeof certificates | 'nobody';
  /** Those that are answered, of clients that take whatever certificate they are shown. */
  const answeredBy = async (port: number, names: readonly Name[]): Promise<readonly Name[]> => {
    const ask = (name: Name) => curl(port, '-k', ...(name === 'nobody' ? [] : showing(certificates[name])));
    const statuses = await Promise.all(names.map(ask));
    return names.filter((_name, index) => statuses[index] === 200);
  };

  it('answers whom its certificate convinces', async () => {
    const port = await serve(settings());
    assert.equal(await curl(port, ...trusting(certificates.server)), 200);
    assert.equal(await curl(port, ...trusting(certificates.next)), 0);
  });

  it('speaks HTTP/1.1 to who would rather speak HTTP/2', async () => {
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

  it('says nothing to who speaks plain HTTP', async () => {
    const port = await serve(settings());
    const socket = connectPlain(port, '127.0.0.1').on('error', () => undefined);
    socket.write(request('GET /metrics HTTP/1.1'));
    assert.doesNotMatch(await readAll(socket), /200/);
  });

  it('waits for a handshake no longer than for a request', async () => {
    const port = await serve(settings(), { headersMs: 100 });
    assert.equal(await readAll(connectPlain(port, '127.0.0.1').on('error', () => undefined)), '');
  });

  for (const { it: title, context, client, status } of [
    { it: 'an older version than it may', context: {}, client: ['--tls-max', '1.1'], status: 0 },
    { it: 'the oldest version that it may', context: {}, client: ['--tls-max', '1.2'], status: 200 },
    {
      it: 'an older version than it is to',
      context: { minVersion: 'TLSv1.3' },
      client: ['--tls-max', '1.2'],
      status: 0,
    },
    {
      it: 'a newer version than it is to',
      context: { maxVersion: 'TLSv1.2' },
      client: ['--tlsv1.3'],
      status: 0,
    },
    {
      it: 'a suite that it is not to',
      context: { ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384' },
      client: ['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
      status: 0,
    },
    {
      it: 'a suite that it is to',
      context: { ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384' },
      client: ['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
      status: 200,
    },
    {
      it: 'a curve that it is not to',
      context: { ecdhCurve: 'X25519' },
      client: ['--curves', 'P-384'],
      status: 0,
    },
    {
      it: 'a curve that it is to',
      context: { ecdhCurve: 'X25519:P-384' },
      client: ['--curves', 'P-384'],
      status: 200,
    },
  ] as const) {
    it(`${status === 200 ? 'speaks' : 'does not speak'} ${title}`, async () => {
      const port = await serve(settings({}, context));
      assert.equal(await curl(port, '-k', ...client), status);
    });
  }

  /** Who is answered, by what is asked for. */
  const ASKED: Readonly<Record<ClientAuth, readonly Name[]>> = {
    none: ['nobody', 'alice', 'bob', 'stranger'],
    requested: ['nobody', 'alice', 'bob', 'stranger'],
    required: ['alice', 'bob', 'stranger'],
    verified_if_given: ['nobody', 'alice', 'bob'],
    verified: ['alice', 'bob'],
  };
  for (const [clientAuth, answered] of Object.entries(ASKED)) {
    it(`answers ${answered.join(', ')} where certificates are ${clientAuth}`, async () => {
      const port = await serve(settings({ clientAuth: clientAuth as ClientAuth }));
      assert.deepEqual(await answeredBy(port, ['nobody', 'alice', 'bob', 'stranger']), answered);
    });
  }

  for (const { allowed, answered } of [
    { allowed: ['alice.example'], answered: ['alice'] },
    { allowed: ['0:0:0:0:0:0:0:1', 'nobody.example'], answered: ['alice'] },
    { allowed: ['bob@example.com', 'alice.example'], answered: ['alice', 'bob'] },
    { allowed: ['*.example', 'bob', 'ALICE.example', ''], answered: [] },
  ] as const) {
    it(`answers ${answered.join(', ') || 'nobody'} where ${allowed.join(', ')} may`, async () => {
      const port = await serve(settings({ clientAuth: 'verified', allowedNames: allowed }));
      assert.deepEqual(await answeredBy(port, ['alice', 'bob', 'stranger']), answered);
    });
  }

  it('shows another certificate as soon as it has one', async () => {
    const port = await serve(settings());
    const { cert, key } = certificates.next;
    secure?.update(settings({}, { cert: Buffer.from(cert), key: Buffer.from(key) }));
    assert.equal(await curl(port, ...trusting(certificates.server)), 0);
    assert.equal(await curl(port, ...trusting(certificates.next)), 200);
  });

  /** Connects as alice, and answers whether the server answers, and the session that a client might go on with. */
  const converse = async (port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3', session?: Buffer) => {
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
    const answer = await readAll(socket);
    return { isAnswered: answer.startsWith('HTTP/1.1 200'), isReused, session: sessions.at(-1) };
  };
  const alice = { clientAuth: 'verified', allowedNames: ['alice.example'] } as const;
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`looks at the certificate of every connection of ${version} anew, whatever session it would go on with`, async () => {
      const port = await serve(settings(alice));
      const first = await converse(port, version);
      assert.ok(first.isAnswered);
      const second = await converse(port, version, first.session);
      assert.deepEqual([second.isAnswered, second.isReused], [true, false]);
    });
  }

  it('goes by the names and the CA that it has now', async () => {
    const port = await serve(settings(alice));
    const isAnswered = async () => (await converse(port, 'TLSv1.3')).isAnswered;
    assert.equal(await isAnswered(), true);
    secure?.update(settings({ ...alice, allowedNames: ['bob@example.com'] }));
    assert.equal(await isAnswered(), false);
    secure?.update(settings(alice, { ca: Buffer.from(certificates.stranger.cert) }));
    assert.equal(await isAnswered(), false);
    secure?.update(settings(alice));
    assert.equal(await isAnswered(), true);
  });

  it('survives a certificate whose names are no names', async () => {
    const odd = makeCertificate(folder, 'odd', { names: 'DNS:fe80::1%eth0', signedBy: certificates.ca });
    const port = await serve(
      settings({ clientAuth: 'required', allowedNames: ['fe80::2%eth0', 'alice.example'] }),
    );
    assert.equal(await curl(port, '-k', ...showing(odd)), 0);
    assert.equal(await curl(port, '-k', ...showing(certificates.alice)), 200);
  });

  it('speaks no suite without forward secrecy unless told to', async () => {
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

  it('closes connections of one network beyond its share before they have agreed on anything', async () => {
    const port = await serve(settings(), { maxPerClient: 1 });
    const first = connectPlain(port, '127.0.0.1').on('error', () => undefined);
    await once(first, 'connect');
    assert.equal(await curl(port, '-k'), 0);
    first.destroy();
  });
});
