/**
 * Connections by kubeconfigs with all kinds of credentials and mistakes.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { connect } from '../../../../src/sources/api-server/client/connection.ts';
import { loadClientConfig } from '../../../../src/sources/api-server/client/kubeconfig.ts';
import { makeCertificate } from '../../../support/certificates.ts';
import { describeWith } from '../../../support/tools.ts';
import { createLoopback, type Loopback, outcome, TOKEN } from '../loopback.ts';
import type { Json } from '../objects.ts';

async function errorOf(kubeconfig: string | undefined): Promise<string> {
  const connected = await connect({ kubeconfig, userAgent: '', onRequest: () => undefined });
  return connected.ok ? assert.fail('there is no error') : connected.error;
}

let loopback: Loopback;

describe('a connection by a kubeconfig', () => {
  beforeEach(() => {
    loopback = createLoopback();
  });
  afterEach(() => loopback.close());

  it('rereads the token after a 401 and retries once', async () => {
    const tokenFile = loopback.write('token', 'old');
    const seen: unknown[] = [];
    const server = await loopback.serve(({ headers: { authorization } }, response) => {
      seen.push(authorization);
      writeFileSync(tokenFile, 'new');
      response.writeHead(authorization === 'Bearer new' ? 200 : 401).end();
    });
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
    const { connection, codes } = await loopback.connect(loopback.configure({ server, user }));
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

  describe('with `tokenFile`, as Kubernetes spells it', () => {
    /** Connects with these fields of the user. Returns a function that sends a request and returns its token. */
    const connectAs = async (user: Json) => {
      const server = await loopback.serve(({ headers }, response) => response.end(headers.authorization));
      const { connection } = await loopback.connect(loopback.configure({ server, user }));
      return () => outcome(connection);
    };

    it('sends the token of the file, without white space, and the new one after a change', async () => {
      const tokenFile = loopback.write('token', 'from-file\n');
      const send = await connectAs({ tokenFile });
      assert.equal(await send(), '200 Bearer from-file');
      writeFileSync(tokenFile, 'changed');
      assert.equal(await send(), '200 Bearer changed');
    });

    it('resolves the path against the folder of the kubeconfig', async () => {
      loopback.write('relative', 'from-file');
      const send = await connectAs({ tokenFile: 'relative' });
      assert.equal(await send(), '200 Bearer from-file');
    });

    it('prefers the file to a token in the kubeconfig, which it uses if the file cannot be read', async () => {
      const tokenFile = loopback.write('token', 'from-file');
      const send = await connectAs({ tokenFile, token: TOKEN });
      assert.equal(await send(), '200 Bearer from-file');
      rmSync(tokenFile);
      assert.equal(await send(), `200 Bearer ${TOKEN}`);
    });

    it('fails with unauthorized while the file cannot be read or is empty, and succeeds afterwards', async () => {
      const tokenFile = join(loopback.folder, 'later');
      const send = await connectAs({ tokenFile });
      assert.equal(await send(), 'unauthorized');
      loopback.write('later', '\n');
      assert.equal(await send(), 'unauthorized');
      loopback.write('later', 'from-file');
      assert.equal(await send(), '200 Bearer from-file');
    });

    it('reads that of the current user only', async () => {
      const server = await loopback.serve(({ headers }, response) => response.end(headers.authorization));
      const first = loopback.configure({ server });
      const tokenFile = loopback.write('token', 'of another user');
      const second = loopback.write('second', stringify({ users: [{ name: 'other', user: { tokenFile } }] }));
      const { connection } = await loopback.connect(`${first}:${second}`);
      assert.equal(await outcome(connection), `200 Bearer ${TOKEN}`);
    });

    it('can be made if no program may be started', async () => {
      const kubeconfig = loopback.configure({ server: 'https://localhost', user: { tokenFile: '/t' } });
      assert.ok((await loadClientConfig({ kubeconfig, mayStartPrograms: false })).ok);
    });
  });

  it('does not retry a second time', async () => {
    const server = await loopback.serve((_request, response) => response.writeHead(401).end());
    const { connection, codes } = await loopback.connect(loopback.configure({ server }));
    assert.match(await outcome(connection), /^401/);
    assert.deepEqual(codes, [401, 401]);
  });

  it('keeps its credentials if the kubeconfig cannot be reread', async () => {
    const server = await loopback.serve((_request, response) => response.writeHead(401).end());
    const file = loopback.configure({ server });
    const { connection } = await loopback.connect(file);
    rmSync(file);
    assert.match(await outcome(connection), /^401/);
  });

  const credentials = [
    [
      'the token file does not exist',
      () => ({ 'auth-provider': { name: 'x', config: { tokenFile: '/nowhere' } } }),
    ],
    ['the plugin fails', () => ({ exec: { command: '/bin/false', args: [] } })],
    ['the plugin does not exist', () => ({ exec: { command: '/nowhere', args: [] } })],
    ['the output of the plugin is malformed', () => ({ exec: { command: '/bin/echo', args: [TOKEN] } })],
    ['the token is not a valid header', () => ({ token: `${TOKEN}\nx: y` })],
  ] as const;
  for (const [title, user] of credentials)
    it(`fails with unauthorized if ${title}`, async () => {
      const server = await loopback.serve((_request, response) => response.end());
      const { connection, codes } = await loopback.connect(loopback.configure({ server, user: user() }));
      assert.equal(await outcome(connection), 'unauthorized');
      assert.deepEqual(codes, ['unauthorized']);
    });

  for (const [title, user] of [
    ['a plugin', { exec: { command: '/bin/echo', args: [] } }],
    [
      'an auth provider that starts a program',
      { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/echo' } } },
    ],
    [
      'an auth provider with a plugin',
      { 'auth-provider': { name: 'x', config: { exec: { command: '/bin/echo' } } } },
    ],
  ] as const)
    it(`cannot be made with ${title} if no program may be started`, async () => {
      const kubeconfig = loopback.configure({ server: 'https://localhost', user });
      assert.ok((await loadClientConfig({ kubeconfig })).ok);
      const loaded = await loadClientConfig({ kubeconfig, mayStartPrograms: false });
      assert.match(loaded.ok ? '' : loaded.error, /: credential plugins are not supported/);
    });

  it('can be made with a token or a token file if no program may be started', async () => {
    for (const user of [{ token: TOKEN }, { 'auth-provider': { name: 'x', config: { tokenFile: '/t' } } }]) {
      const kubeconfig = loopback.configure({ server: 'https://localhost', user });
      assert.ok((await loadClientConfig({ kubeconfig, mayStartPrograms: false })).ok);
    }
  });

  it('sends the token that a plugin returns', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'p' },
    };
    const plugin = loopback.write('plugin', `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
    chmodSync(plugin, 0o755);
    const server = await loopback.serve(({ headers }, response) => response.end(headers.authorization));
    const { connection } = await loopback.connect(
      loopback.configure({ server, user: { exec: { command: plugin, args: [] } } }),
    );
    assert.equal(await outcome(connection), '200 Bearer p');
  });

  it('fails with a timeout if a plugin hangs, and runs it once for concurrent requests', async () => {
    const server = await loopback.serve((_request, response) => response.end());
    const [fifo, runs] = [join(loopback.folder, 'fifo'), join(loopback.folder, 'runs')];
    execFileSync('mkfifo', [fifo]);
    const plugin = loopback.write('plugin', `#!/bin/sh\necho run >> ${runs}\ncat ${fifo}\n`);
    chmodSync(plugin, 0o755);
    const { connection } = await loopback.connect(
      loopback.configure({ server, user: { exec: { command: plugin, args: [] } } }),
    );
    const stop = new AbortController();
    const outcomes = [
      outcome(connection, { signal: stop.signal }),
      outcome(connection, { signal: stop.signal }),
    ];
    stop.abort();
    assert.deepEqual(await Promise.all(outcomes), ['timeout', 'timeout']);
    writeFileSync(fifo, 'no credential');
    assert.equal(readFileSync(runs, 'utf8'), 'run\n');
  });

  const errors: readonly (readonly [string, () => string | undefined, RegExp])[] = [
    [
      'the file does not exist',
      () => '/nowhere/config',
      /^cannot load kubeconfig \/nowhere\/config: no such file or directory; check --cluster\.kubeconfig or KUBECONFIG$/,
    ],
    [
      'the file is malformed YAML',
      () => loopback.write('config', `{${TOKEN}`),
      /^cannot load kubeconfig \S+\/config: not a valid kubeconfig; check --cluster\.kubeconfig or KUBECONFIG$/,
    ],
    [
      'the file is not a kubeconfig',
      () => loopback.write('config', TOKEN),
      /the current context has no cluster|not a valid kubeconfig/,
    ],
    ['the file is empty', () => loopback.write('config', ''), /not a valid kubeconfig/],
    [
      'the server address is not a URL',
      () => loopback.configure({ server: 'nonsense' }),
      /server address is not a URL/,
    ],
    [
      'the server address has another scheme',
      () => loopback.configure({ server: 'ftp://localhost' }),
      /does not start with https:/,
    ],
    [
      'the server address has no TLS and verification is not disabled',
      () => loopback.configure({ server: 'http://localhost', cluster: {} }),
      /does not start with https:/,
    ],
    [
      'there is no in-cluster configuration',
      () => undefined,
      /^cannot load the in-cluster configuration: the server address is not a URL$/,
    ],
  ];
  for (const [title, kubeconfig, expected] of errors)
    it(`cannot be made if ${title}, with an error that does not quote the file`, async () => {
      const error = await errorOf(kubeconfig());
      assert.match(error, expected);
      assert.ok(!error.includes(TOKEN));
    });

  for (const { server, expected } of [
    { server: 'http://192.0.2.1:8001', expected: false },
    { server: 'http://localhost.example', expected: false },
    { server: 'http://127.0.0.1.example', expected: false },
    { server: 'http://[2001:db8::1]:8001', expected: false },
    { server: 'http://localhost:8001', expected: true },
    { server: 'http://127.0.0.1:8001', expected: true },
    { server: 'http://[::1]:8001', expected: true },
  ])
    it(`${expected ? 'may send' : 'sends no'} TokenReviews to ${server}`, async () => {
      const { connection } = await loopback.connect(loopback.configure({ server }));
      assert.equal(connection.isVerified(), expected);
      if (expected) return;
      assert.equal(await outcome(connection, { resource: 'tokenreviews' }), 'unverified_server');
    });

  it('merges several files, of which the first defines the current context', async () => {
    const server = await loopback.serve((_request, response) => response.end());
    const first = loopback.write(
      'config',
      stringify({ contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' }),
    );
    const second = loopback.write(
      'second',
      stringify({
        clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'u', user: { token: TOKEN } }],
      }),
    );
    const { connection } = await loopback.connect(`${first}:${second}`);
    assert.match(await outcome(connection), /^200/);
  });
});

describeWith(['openssl'], 'a connection over TLS', () => {
  let tls = { key: '', cert: '' };
  let other = '';

  const serveTls = (): Promise<string> => {
    const server = createServer(tls, (_request, response) => response.end('over TLS'));
    return loopback.listen(server, 'https');
  };
  const trusting = (cert: string): Json => ({
    'certificate-authority-data': Buffer.from(cert).toString('base64'),
  });

  beforeEach(() => {
    loopback = createLoopback();
    tls = makeCertificate(loopback.folder, 'one');
    other = makeCertificate(loopback.folder, 'other').cert;
  });
  afterEach(() => loopback.close());

  it('succeeds if the certificate is trusted', async () => {
    const { connection } = await loopback.connect(
      loopback.configure({ server: await serveTls(), cluster: trusting(tls.cert) }),
    );
    assert.equal(await outcome(connection), '200 over TLS');
  });

  const reviews = { resource: 'tokenreviews', body: Buffer.from('{}') } as const;
  const skipping: Json = { 'insecure-skip-tls-verify': true };

  it('sends a TokenReview if the certificate is verified', async () => {
    const config = loopback.configure({ server: await serveTls(), cluster: trusting(tls.cert) });
    const { connection } = await loopback.connect(config, { rejectUnauthorized: '1' });
    assert.equal(connection.isVerified(), true);
    assert.equal(await outcome(connection, reviews), '200 over TLS');
  });

  for (const { it: title, cluster, rejectUnauthorized } of [
    { it: 'insecure-skip-tls-verify', cluster: () => skipping, rejectUnauthorized: undefined },
    {
      it: 'NODE_TLS_REJECT_UNAUTHORIZED=0',
      cluster: () => trusting(tls.cert),
      rejectUnauthorized: '0',
    },
  ])
    it(`sends no TokenReview with ${title}, and everything else`, async () => {
      const config = loopback.configure({ server: await serveTls(), cluster: cluster() });
      const { connection, codes } = await loopback.connect(config, { rejectUnauthorized });
      assert.equal(connection.isVerified(), false);
      assert.equal(await outcome(connection, reviews), 'unverified_server');
      assert.equal(await outcome(connection), '200 over TLS');
      assert.deepEqual(codes, [200]);
    });

  it('sends no TokenReview once verification is turned off in the kubeconfig', async () => {
    const server = await serveTls();
    const { connection } = await loopback.connect(loopback.configure({ server, cluster: trusting(other) }));
    loopback.configure({ server, cluster: skipping });
    assert.equal(await outcome(connection, reviews), 'tls');
    assert.equal(await outcome(connection, reviews), 'unverified_server');
  });

  it('fails with tls if the certificate is not trusted or has another name', async () => {
    const server = await serveTls();
    const elsewhere = server.replace('127.0.0.1', 'localhost');
    for (const cluster of [trusting(other), {}]) {
      const { connection, codes } = await loopback.connect(loopback.configure({ server, cluster }));
      assert.equal(await outcome(connection), 'tls');
      assert.deepEqual(codes, ['tls']);
    }
    const { connection } = await loopback.connect(
      loopback.configure({ server: elsewhere, cluster: trusting(tls.cert) }),
    );
    assert.equal(await outcome(connection), 'tls');
  });

  it('fails with tls if the server does not speak TLS', async () => {
    const server = (await loopback.serve((_request, response) => response.end())).replace('http:', 'https:');
    const { connection } = await loopback.connect(
      loopback.configure({ server, cluster: trusting(tls.cert) }),
    );
    assert.equal(await outcome(connection), 'tls');
  });

  it('rereads the trusted certificates after a TLS failure', async () => {
    const server = await serveTls();
    const file = loopback.configure({ server, cluster: trusting(other) });
    const { connection } = await loopback.connect(file);
    loopback.configure({ server, cluster: trusting(tls.cert) });
    assert.equal(await outcome(connection), 'tls');
    assert.equal(await outcome(connection), '200 over TLS');
  });
});
