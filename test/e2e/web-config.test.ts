/**
 * The exporter with a web configuration file, scraped by a real Prometheus, and starts that fail.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, describe, it } from 'mocha';
import { type Certificate, makeCertificate } from '../support/certificates.ts';
import { basic, HASH, OTHER_HASH } from '../support/credentials.ts';
import { MAIN, type Program, startProgram } from '../support/program.ts';
import { type Scraper, startScraper } from '../support/scraper.ts';
import { describeWith } from '../support/tools.ts';

let folder = '';
const path = (name: string): string => join(folder, name);
const write = (...lines: readonly string[]): void => writeFileSync(path('web.yml'), lines.join('\n'));

/** Each suite gets an empty folder. */
function createFolder(): void {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-web-config-'));
  });
  after(() => rmSync(folder, { recursive: true }));
}

/** On a node without pods. */
const serve = (...args: readonly string[]): Promise<Program> =>
  startProgram('serve', '--cluster.mode=off', `--kubelet.root-dir=${folder}`, ...args);

/** Returns the status code. Accepts any server certificate. */
async function statusOf(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const get = url.startsWith('https') ? getSecure : getPlain;
  get(url, { headers, rejectUnauthorized: false, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  }).on('error', reject);
  return promise;
}

describeWith(['prometheus', 'openssl'], 'an exporter with TLS, client certificates and passwords', () => {
  createFolder();
  let ca: Certificate;
  let program: Program;
  let scraper: Scraper;
  const tls = (...lines: readonly string[]): readonly string[] => [
    'tls_server_config:',
    '  cert_file: server.crt',
    '  key_file: server.key',
    '  client_auth_type: RequireAndVerifyClientCert',
    '  client_ca_file: ca.crt',
    '  client_allowed_sans: [prometheus.example]',
    ...lines,
  ];

  before(async () => {
    ca = makeCertificate(folder, 'ca');
    makeCertificate(folder, 'server', { signedBy: ca });
    makeCertificate(folder, 'client', { names: 'DNS:prometheus.example', signedBy: ca });
    makeCertificate(folder, 'other', { names: 'DNS:other.example', signedBy: ca });
    write(...tls('basic_auth_users:', `  prom: ${HASH}`));
    program = await serve(`--web.config.file=${path('web.yml')}`, '--web.probe-address=127.0.0.1:0');
    const target = new URL(program.url).host;
    const client = (name: string) => ({
      ca_file: ca.certFile,
      cert_file: path(`${name}.crt`),
      key_file: path(`${name}.key`),
    });
    const job = (job_name: string, tlsName: string, username: string, password: string) => ({
      job_name,
      target,
      scheme: 'https',
      tls_config: client(tlsName),
      basic_auth: { username, password },
    });
    scraper = await startScraper(
      job('good', 'client', 'prom', 'secret'),
      job('password', 'client', 'prom', 'wrong'),
      job('later', 'client', 'later', 'secret'),
      job('certificate', 'other', 'prom', 'secret'),
      { job_name: 'plain', target },
    );
  });
  after(() => Promise.all([scraper.stop(), program.stop()]));

  it('serves only clients with a valid certificate and password', async () => {
    await scraper.until('count(count_over_time(up[1m]) > 1) == 5');
    const up = await scraper.query('up == 1');
    assert.deepEqual(
      up.map(({ metric }) => metric['job']),
      ['good'],
    );
    const rejected = await scraper.query('satoken_web_refusals_total{job="good",code="401"} > 0');
    assert.equal(rejected.length, 1);
  });

  it('serves probes without credentials on the probe address', async () => {
    const [, port] = await program.says(/msg="listening for probes" address=\S+ port=(\d+)/);
    const at = `http://127.0.0.1:${port}`;
    for (const [page, status] of [
      ['/healthz', 200],
      ['/readyz', 200],
      ['/-/healthy', 200],
      ['/metrics', 404],
      ['/', 404],
      ['/api/v1/tokens', 404],
    ] as const)
      assert.equal(await statusOf(at + page), status, page);
  });

  it('reloads the file when it changes and keeps the previous one while it is invalid', async () => {
    const isReloaded = 'satoken_web_config_last_reload_successful{job="good"}';
    write(...tls('basic_auth_users:', '  prom: secret'));
    await program.says(/level=warn msg="invalid web configuration, keeping the previous one"/);
    await scraper.until(`${isReloaded} == 0`);
    assert.equal((await scraper.query('up{job="good"} == 1')).length, 1);
    makeCertificate(folder, 'server', { signedBy: ca });
    write(...tls('basic_auth_users:', `  prom: ${HASH}`, `  later: ${HASH}`));
    await scraper.until('up{job="later"} == 1');
    await scraper.until(`${isReloaded} == 1`);
    write(...tls('basic_auth_users:', `  prom: ${OTHER_HASH}`, `  later: ${HASH}`));
    await scraper.until('up{job="good"} == 0');
    assert.equal((await scraper.query('up{job="later"} == 1')).length, 1);
  });

  it('logs no passwords, hashes or keys', () => {
    assert.match(program.printed(), /basic_auth_users: passwords must be bcrypt hashes/);
    assert.doesNotMatch(program.printed(), /\$2y|secret|PRIVATE/);
  });
});

describe('an exporter with an invalid web configuration', () => {
  createFolder();

  it('exits with 2 and prints every problem', () => {
    write('tls_server_config: {min_version: TLS10}', 'basic_auth_users: {a: b}');
    const { status, stderr } = spawnSync(
      process.execPath,
      [MAIN, 'serve', '--cluster.mode=off', `--web.config.file=${path('web.yml')}`],
      { encoding: 'utf8' },
    );
    assert.equal(status, 2);
    assert.equal(stderr.match(new RegExp(`^${path('web.yml')}:\\d: `, 'gm'))?.length, 2, stderr);
    assert.doesNotMatch(stderr, /^ +at /m);
  });
});

describe('an exporter that cannot start', () => {
  createFolder();

  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [MAIN, 'serve', `--kubelet.root-dir=${folder}`, ...args], {
      encoding: 'utf8',
      timeout: 120_000,
    });

  it('listens on no port if the probe address is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { status, stderr } = run(
      '--cluster.mode=off',
      '--web.listen-address=127.0.0.1:0',
      `--web.probe-address=127.0.0.1:${port}`,
    );
    other.close();
    assert.equal(status, 2, stderr);
    assert.match(
      stderr,
      new RegExp(
        `^fatal: listen 127\\.0\\.0\\.1:${port}: address already in use; set --web\\.probe-address$`,
        'm',
      ),
    );
    assert.doesNotMatch(stderr, /msg=listening /);
  });

  it('prints the problems of the web configuration and of the kubeconfig together', () => {
    write('basic_auth_users: {a: b}');
    const { status, stderr } = run(
      '--web.kubernetes-auth',
      '--cluster.kubeconfig=/nowhere',
      '--cluster.mode=on',
      `--web.config.file=${path('web.yml')}`,
    );
    assert.equal(status, 2);
    assert.match(stderr, /^cannot load kubeconfig \/nowhere: ENOENT$/m);
    assert.match(stderr, /^--web\.kubernetes-auth: cannot load kubeconfig \/nowhere: ENOENT$/m);
    assert.match(stderr, /web\.yml:1: basic_auth_users/);
  });

  it('rejects a kubeconfig with an exec plugin for --web.kubernetes-auth', () => {
    const users = [
      { name: 'u', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'true' } } },
    ];
    const clusters = [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }];
    const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
    writeFileSync(
      path('kubeconfig'),
      JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'x', users, clusters, contexts }),
    );
    const { status, stderr } = run(
      '--web.kubernetes-auth',
      '--cluster.mode=off',
      `--cluster.kubeconfig=${path('kubeconfig')}`,
    );
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^--web\.kubernetes-auth: /m);
  });
});

describe('an exporter that is stopped during its start', () => {
  createFolder();

  it('exits with 0', async () => {
    write('basic_auth_users:', `  prom: ${HASH}`);
    const args = [
      'serve',
      '--cluster.mode=off',
      `--kubelet.root-dir=${folder}`,
      `--web.config.file=${path('web.yml')}`,
    ];
    const child = spawn(process.execPath, [MAIN, ...args, '--web.listen-address=127.0.0.1:0']);
    const ended = once(child, 'exit');
    for await (const line of createInterface(child.stderr)) if (line.includes('msg=starting')) break;
    child.kill('SIGTERM');
    child.stderr.resume();
    assert.deepEqual(await ended, [0, null]);
  });
});

describe('an exporter with passwords and without TLS', () => {
  createFolder();
  let program: Program | undefined;
  afterEach(() => program?.stop());

  it('logs a warning and requires a password on every path', async () => {
    write('basic_auth_users:', `  prom: ${HASH}`, 'http_server_config: {headers: {X-Frame-Options: deny}}');
    program = await serve(`--web.config.file=${path('web.yml')}`);
    await program.says(/level=warn msg="credentials are sent without TLS"/);
    for (const page of ['/metrics', '/', '/api/v1/tokens', '/healthz', '/readyz', '/nowhere']) {
      assert.equal(await statusOf(program.url + page), 401, page);
      const known = await statusOf(program.url + page, { authorization: basic('prom') });
      assert.equal(known, page === '/nowhere' ? 404 : 200, page);
    }
    const { headers } = await fetch(`${program.url}/metrics`);
    assert.equal(headers.get('x-frame-options'), 'deny');
    assert.match(headers.get('www-authenticate') ?? '', /^Basic/);
  });
});
