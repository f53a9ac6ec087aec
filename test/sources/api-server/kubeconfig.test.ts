/**
 * The way to a server by configurations as people have them, and credentials as they come.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { connect } from '../../../src/sources/api-server/connection.ts';
import { loadAccess } from '../../../src/sources/api-server/kubeconfig.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { describeWith } from '../../support/tools.ts';
import { createLoopback, type Loopback, outcome, TOKEN } from './loopback.ts';
import type { Json } from './objects.ts';

async function problemOf(kubeconfig: string): Promise<string> {
  const connected = await connect({ kubeconfig, userAgent: '', onRequest: () => undefined });
  return connected.ok ? assert.fail('there is no problem') : connected.problem;
}

let loopback: Loopback;

describe('a configuration of the API server', () => {
  beforeEach(() => {
    loopback = createLoopback();
  });
  afterEach(() => loopback.close());

  it('reads its token again where it is refused, and asks once more with it', async () => {
    const tokenFile = loopback.write('token', 'old');
    const seen: unknown[] = [];
    const server = await loopback.serve(({ headers: { authorization } }, response) => {
      seen.push(authorization);
      writeFileSync(tokenFile, 'new');
      response.writeHead(authorization === 'Bearer new' ? 200 : 401).end();
    });
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
    const { connection, codes } = await loopback.reach(loopback.configure({ server, user }));
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
    const server = await loopback.serve((_request, response) => response.writeHead(401).end());
    const { connection, codes } = await loopback.reach(loopback.configure({ server }));
    assert.match(await outcome(connection), /^401/);
    assert.deepEqual(codes, [401, 401]);
  });

  it('keeps what it has where the configuration cannot be read again', async () => {
    const server = await loopback.serve((_request, response) => response.writeHead(401).end());
    const file = loopback.configure({ server });
    const { connection } = await loopback.reach(file);
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
      const server = await loopback.serve((_request, response) => response.end());
      const { connection, codes } = await loopback.reach(loopback.configure({ server, user: user() }));
      assert.equal(await outcome(connection), 'unauthorized');
      assert.deepEqual(codes, ['unauthorized']);
    });

  for (const [title, user] of [
    ['a plugin', { exec: { command: '/bin/echo', args: [] } }],
    ['the program of a provider', { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/echo' } } }],
    [
      'a plugin of a provider',
      { 'auth-provider': { name: 'x', config: { exec: { command: '/bin/echo' } } } },
    ],
  ] as const)
    it(`cannot be used with ${title} where no program may be started`, async () => {
      const kubeconfig = loopback.configure({ server: 'https://localhost', user });
      assert.ok((await loadAccess({ kubeconfig })).ok);
      const loaded = await loadAccess({ kubeconfig, mayStartPrograms: false });
      assert.match(loaded.ok ? '' : loaded.problem, /: its credentials come from a program, and none/);
    });

  it('can be used without starting programs where it holds or names its credentials', async () => {
    for (const user of [{ token: TOKEN }, { 'auth-provider': { name: 'x', config: { tokenFile: '/t' } } }]) {
      const kubeconfig = loopback.configure({ server: 'https://localhost', user });
      assert.ok((await loadAccess({ kubeconfig, mayStartPrograms: false })).ok);
    }
  });

  it('runs a plugin for its token', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'p' },
    };
    const plugin = loopback.write('plugin', `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
    chmodSync(plugin, 0o755);
    const server = await loopback.serve(({ headers }, response) => response.end(headers.authorization));
    const { connection } = await loopback.reach(
      loopback.configure({ server, user: { exec: { command: plugin, args: [] } } }),
    );
    assert.equal(await outcome(connection), '200 Bearer p');
  });

  it('gives up on a plugin that hangs, with the signal, and runs it once whoever asks', async () => {
    const server = await loopback.serve((_request, response) => response.end());
    const [fifo, runs] = [join(loopback.folder, 'fifo'), join(loopback.folder, 'runs')];
    execFileSync('mkfifo', [fifo]);
    const plugin = loopback.write('plugin', `#!/bin/sh\necho run >> ${runs}\ncat ${fifo}\n`);
    chmodSync(plugin, 0o755);
    const { connection } = await loopback.reach(
      loopback.configure({ server, user: { exec: { command: plugin, args: [] } } }),
    );
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

  const problems: readonly (readonly [string, () => string, RegExp])[] = [
    ['there is no such file', () => '/nowhere/config', /ENOENT/],
    ['the file is no YAML', () => loopback.write('config', `{${TOKEN}`), /not in the form of one/],
    [
      'the file holds something else',
      () => loopback.write('config', TOKEN),
      /names no cluster|not in the form of one/,
    ],
    ['the file is empty', () => loopback.write('config', ''), /not in the form of one/],
    ['the address is no URL', () => loopback.configure({ server: 'nonsense' }), /no URL/],
    ['the address is of another kind', () => loopback.configure({ server: 'ftp://localhost' }), /not https/],
    [
      'there is no TLS and nobody said so',
      () => loopback.configure({ server: 'http://localhost', cluster: {} }),
      /not https/,
    ],
    ['a pod has none', () => '', /no URL/],
  ];
  for (const [title, kubeconfig, expected] of problems)
    it(`says what is wrong, and nothing of what is in the file, where ${title}`, async () => {
      const problem = await problemOf(kubeconfig());
      assert.match(problem, expected);
      assert.ok(!problem.includes(TOKEN));
    });

  it('takes several files, the first of which says what is current', async () => {
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
    const { connection } = await loopback.reach(`${first}:${second}`);
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

  it('asks a server whose certificate it trusts', async () => {
    const { connection } = await loopback.reach(
      loopback.configure({ server: await serveTls(), cluster: trusting(tls.cert) }),
    );
    assert.equal(await outcome(connection), '200 over TLS');
  });

  it('asks no server that it does not trust, nor one of another name', async () => {
    const server = await serveTls();
    const elsewhere = server.replace('127.0.0.1', 'localhost');
    for (const cluster of [trusting(other), {}]) {
      const { connection, codes } = await loopback.reach(loopback.configure({ server, cluster }));
      assert.equal(await outcome(connection), 'tls');
      assert.deepEqual(codes, ['tls']);
    }
    const { connection } = await loopback.reach(
      loopback.configure({ server: elsewhere, cluster: trusting(tls.cert) }),
    );
    assert.equal(await outcome(connection), 'tls');
  });

  it('asks no server that has no TLS', async () => {
    const server = (await loopback.serve((_request, response) => response.end())).replace('http:', 'https:');
    const { connection } = await loopback.reach(loopback.configure({ server, cluster: trusting(tls.cert) }));
    assert.equal(await outcome(connection), 'tls');
  });

  it('reads again whom to trust after it was deceived', async () => {
    const server = await serveTls();
    const file = loopback.configure({ server, cluster: trusting(other) });
    const { connection } = await loopback.reach(file);
    loopback.configure({ server, cluster: trusting(tls.cert) });
    assert.equal(await outcome(connection), 'tls');
    assert.equal(await outcome(connection), '200 over TLS');
  });
});
