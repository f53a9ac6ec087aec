/**
 * The web configuration in real files: loading it, and reloading it when they change.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Fields, Log } from '../../../src/util/log.ts';
import { loadWebConfig } from '../../../src/web/config/loader.ts';
import { openWebConfig, type WebConfigReloaderOptions } from '../../../src/web/config/reloader.ts';
import { type Certificate, makeCertificate } from '../../support/certificates.ts';
import { HASH, OTHER_HASH } from '../../support/credentials.ts';
import { createFakeClock, type FakeClock, settle } from '../../support/fake-clock.ts';
import { describeWith } from '../../support/tools.ts';

const RELOADED = 'info: web configuration reloaded';
const rejected = (problem: string): string =>
  `warn: invalid web configuration, keeping the previous one: ${problem}`;

/** A log that passes on the level, the message and the values of the fields of each line. */
function logTo(write: (line: string) => void): Log {
  const at =
    (level: string) =>
    (message: string, fields: Fields = {}) =>
      write([level, message, ...Object.values(fields)].join(': '));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

let folder = '';
const path = (name: string): string => join(folder, name);
const write = (name: string, ...lines: readonly string[]): void =>
  writeFileSync(path(name), lines.join('\n'));

/** Each test gets an empty folder. */
function createFolderForEach(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-web-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
}

describeWith(['openssl'], 'loadWebConfig', () => {
  createFolderForEach();
  let one: Certificate;
  beforeEach(() => {
    one = makeCertificate(folder, 'one');
  });

  const problems = async (): Promise<readonly string[]> => {
    const { result } = await loadWebConfig(path('web.yml'));
    return result.ok ? [] : result.error.map((problem) => problem.replaceAll(`${folder}/`, ''));
  };

  it('reads certificates and keys from relative paths, absolute paths and the file itself', async () => {
    const indented = (pem: string): string => pem.trim().replaceAll('\n', '\n    ');
    for (const lines of [
      ['  cert_file: one.crt', '  key_file: ./one.key'],
      [`  cert_file: ${one.certFile}`, `  key_file: ${one.keyFile}`],
      [`  cert: |\n    ${indented(one.cert)}`, `  key: |\n    ${indented(one.key)}`],
    ]) {
      write('web.yml', 'tls_server_config:', ...lines);
      const { result } = await loadWebConfig(path('web.yml'));
      assert.ok(result.ok, JSON.stringify(result));
      const { cert, key } = result.value.tls?.context ?? {};
      assert.deepEqual([String(cert).trim(), String(key).trim()], [one.cert.trim(), one.key.trim()]);
    }
  });

  it('reports problems with the files that the configuration names', async () => {
    const other = makeCertificate(folder, 'other');
    write('garbage', 'not PEM');
    mkdirSync(path('folder'));
    execFileSync('mkfifo', [path('pipe')]);
    const invalid = 'web.yml: tls_server_config: invalid certificate or key';
    const cases = [
      ['one.crt', 'none', ['none: no such file or directory']],
      ['folder', 'pipe', ['folder: not a regular file', 'pipe: not a regular file']],
      ['one.crt', 'other.key', [`${invalid} (ERR_OSSL_X509_KEY_VALUES_MISMATCH)`]],
      ['garbage', 'one.key', [`${invalid} (ERR_OSSL_PEM_NO_START_LINE)`]],
      ['one.crt', 'garbage', [`${invalid} (ERR_OSSL_UNSUPPORTED)`]],
    ] as const;
    for (const [cert, key, expected] of cases) {
      write('web.yml', 'tls_server_config:', `  cert_file: ${cert}`, `  key_file: ${key}`);
      assert.deepEqual(await problems(), expected);
    }
    write(
      'web.yml',
      'tls_server_config:',
      '  cert_file: other.crt',
      '  key_file: other.key',
      '  client_auth_type: RequireAndVerifyClientCert',
      '  client_ca_file: garbage',
    );
    assert.deepEqual(await problems(), [
      'web.yml: tls_server_config: client_ca contains no valid certificate (ERR_OSSL_PEM_NO_START_LINE)',
    ]);
    assert.ok(!(await problems()).join().includes(other.key.slice(60, 90)));
  });

  it('reports that the file itself cannot be read', async () => {
    assert.deepEqual(await problems(), ['web.yml: no such file or directory; check --web.config.file']);
    writeFileSync(path('web.yml'), Buffer.alloc(1024 * 1024 + 1, '#'));
    assert.deepEqual(await problems(), ['web.yml: larger than 1048576 bytes; check --web.config.file']);
  });

  it('is current until the content of one of its files changes', async () => {
    write('web.yml', 'tls_server_config: {cert_file: one.crt, key_file: one.key}');
    const { isCurrent } = await loadWebConfig(path('web.yml'));
    write('one.crt', one.cert);
    assert.equal(await isCurrent(), true);
    write('one.key', '');
    assert.equal(await isCurrent(), false);
    write('one.key', one.key);
    assert.equal(await isCurrent(), true);
    rmSync(path('one.crt'));
    assert.equal(await isCurrent(), false);
  });
});

describe('the web configuration reloader', () => {
  createFolderForEach();
  let clock: FakeClock;
  let stop: AbortController;
  let loads: boolean[];
  let logged: string[];
  let running: Promise<void> | undefined;

  beforeEach(() => {
    clock = createFakeClock();
    stop = new AbortController();
    loads = [];
    logged = [];
    running = undefined;
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  const options = (): WebConfigReloaderOptions => ({
    config: { webConfig: path('web.yml'), isKubernetesAuth: false },
    clock,
    log: logTo((line) => logged.push(line.replaceAll(`${folder}/`, ''))),
    onLoad: (isSuccessful) => loads.push(isSuccessful),
    onError: (error) => assert.fail(String(error)),
  });
  const open = async (
    overrides: Partial<WebConfigReloaderOptions> = {},
    onReload = (): void => undefined,
  ) => {
    const opened = await openWebConfig({ ...options(), ...overrides });
    assert.ok(opened.ok, JSON.stringify(opened));
    running = opened.value.run(stop.signal, onReload);
    return opened.value.current;
  };
  /** Lets it check once for changes. */
  const check = async (): Promise<void> => {
    await clock.advance(5_000);
    while (clock.sleepers() === 0) await settle();
  };
  it('applies a change within five seconds', async () => {
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    const current = await open();
    assert.deepEqual([...current().users], [['a', HASH]]);
    write('web.yml', `basic_auth_users: {b: ${OTHER_HASH}}`);
    await check();
    assert.deepEqual([...current().users], [['b', OTHER_HASH]]);
    assert.deepEqual(logged, [RELOADED]);
    assert.deepEqual(loads, [true, true]);
  });

  it('does not reload a file whose content has not changed', async () => {
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    const current = await open();
    for (let checks = 0; checks < 5; checks += 1) {
      await check();
      write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    }
    write('web.yml', `basic_auth_users: {b: ${HASH}}`);
    await check();
    assert.deepEqual(logged, [RELOADED]);
    assert.deepEqual([...current().users.keys()], ['b']);
  });

  it('keeps the previous configuration while the file is invalid, and logs each problem once', async () => {
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    const current = await open();
    write('web.yml', 'basic_auth_users: [');
    for (let checks = 0; checks < 4; checks += 1) await check();
    assert.deepEqual([...current().users], [['a', HASH]]);
    rmSync(path('web.yml'));
    await check();
    assert.deepEqual([...current().users], [['a', HASH]]);
    write('web.yml', '');
    await check();
    assert.deepEqual([...current().users], [['a', HASH]]);
    write('web.yml', `basic_auth_users: {b: ${HASH}}`);
    await check();
    assert.deepEqual([...current().users], [['b', HASH]]);
    assert.deepEqual(logged, [
      rejected('web.yml:1: invalid YAML: wrong indentation, or a bracket or brace is not closed'),
      rejected('web.yml: no such file or directory; check --web.config.file'),
      rejected('web.yml: basic_auth_users cannot be removed without a restart'),
      RELOADED,
    ]);
    assert.deepEqual(loads, [true, false, false, false, true]);
  });

  it('applies the update of a mounted Secret, which swaps a folder', async () => {
    const put = (generation: string, text: string): void => {
      mkdirSync(path(generation));
      write(`${generation}/web.yml`, text);
      symlinkSync(generation, path('..data_tmp'));
      renameSync(path('..data_tmp'), path('..data'));
    };
    put('..1', `basic_auth_users: {a: ${HASH}}`);
    symlinkSync('..data/web.yml', path('web.yml'));
    const current = await open();
    put('..2', `basic_auth_users: {b: ${HASH}}`);
    await check();
    assert.deepEqual([...current().users.keys()], ['b']);
  });

  it('rejects users if --web.kubernetes-auth is set', async () => {
    write('web.yml', '');
    const config = { webConfig: path('web.yml'), isKubernetesAuth: true };
    const current = await open({ config });
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    await check();
    assert.equal(current().users.size, 0);
    const problem = 'web.yml: basic_auth_users cannot be combined with --web.kubernetes-auth';
    assert.deepEqual(logged, [rejected(problem)]);
    const opened = await openWebConfig({ ...options(), config, onLoad: () => assert.fail() });
    assert.deepEqual(opened, { ok: false, error: [`${folder}/${problem}`] });
  });

  it('reports a callback that throws, and continues', async () => {
    write('web.yml', '');
    const errors: unknown[] = [];
    const current = await open({ onError: (error) => errors.push(error) }, () => {
      throw new Error('a bug');
    });
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    await check();
    write('web.yml', `basic_auth_users: {b: ${HASH}}`);
    await check();
    assert.deepEqual(errors.map(String), ['Error: a bug', 'Error: a bug']);
    assert.deepEqual([...current().users.keys()], ['b']);
  });
});

describeWith(['openssl'], 'the web configuration reloader with TLS', () => {
  createFolderForEach();
  it('requires a restart to enable or disable TLS or client certificates', async () => {
    makeCertificate(folder, 'one');
    const files = 'cert_file: one.crt, key_file: one.key';
    const PLAIN = '';
    const SECURE = `tls_server_config: {${files}}`;
    const REQUESTING = `tls_server_config: {${files}, client_auth_type: RequireAnyClientCert}`;
    const VERIFYING = `tls_server_config: {${files}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: one.crt}`;
    const onOff = 'tls_server_config cannot be added or removed without a restart';
    const requested = 'client_auth_type cannot change from or to NoClientCert without a restart';
    for (const [before, after, expected] of [
      [PLAIN, SECURE, onOff],
      [SECURE, PLAIN, onOff],
      [SECURE, REQUESTING, requested],
      [REQUESTING, SECURE, requested],
      [REQUESTING, VERIFYING, undefined],
      [SECURE, SECURE.replace('}', ', min_version: TLS13}'), undefined],
    ] as const) {
      const clock = createFakeClock();
      const stop = new AbortController();
      const logged = Promise.withResolvers<string>();
      write('web.yml', before);
      const opened = await openWebConfig({
        config: { webConfig: path('web.yml'), isKubernetesAuth: false },
        clock,
        log: logTo(logged.resolve),
        onLoad: () => undefined,
        onError: (error) => assert.fail(String(error)),
      });
      assert.ok(opened.ok, JSON.stringify(opened));
      const running = opened.value.run(stop.signal, () => undefined);
      write('web.yml', after);
      await clock.advance(5_000);
      const line = await logged.promise;
      stop.abort();
      await running;
      assert.equal(line, expected === undefined ? RELOADED : rejected(`${path('web.yml')}: ${expected}`));
    }
  });
});
