/**
 * The exporter with a web configuration file, scraped by a real Prometheus, and starts that fail.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { type Certificate, makeCertificate } from '../support/certificates.ts';
import { basic, HASH, OTHER_HASH } from '../support/credentials.ts';
import { type Program, startProgram } from '../support/program.ts';
import { describeWith } from '../support/tools.ts';
import { type Scraper, startScraper } from './support/scraper.ts';

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
      ['/tokens', 404],
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

describe('an exporter with passwords and without TLS', () => {
  createFolder();
  let program: Program | undefined;
  afterEach(() => program?.stop());

  it('logs a warning and requires a password on every path', async () => {
    write('basic_auth_users:', `  prom: ${HASH}`, 'http_server_config: {headers: {X-Frame-Options: deny}}');
    program = await serve(`--web.config.file=${path('web.yml')}`);
    await program.says(/level=warn msg="credentials are sent without TLS"/);
    for (const page of ['/metrics', '/', '/tokens', '/healthz', '/readyz', '/nowhere']) {
      assert.equal(await statusOf(program.url + page), 401, page);
      const known = await statusOf(program.url + page, { authorization: basic('prom') });
      assert.equal(known, page === '/nowhere' ? 404 : 200, page);
    }
    const { headers } = await fetch(`${program.url}/metrics`);
    assert.equal(headers.get('x-frame-options'), 'deny');
    assert.match(headers.get('www-authenticate') ?? '', /^Basic/);
  });
});
