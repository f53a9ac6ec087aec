/**
 * The web configuration from real files: what they come to, and what becomes of it when they change.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Read } from '../../../src/config/yaml-file.ts';
import { loadWebConfig } from '../../../src/web/config/loader.ts';
import type { WebSettings } from '../../../src/web/config/settings.ts';
import { openWebConfig, type WebConfigOptions } from '../../../src/web/config/web-config.ts';
import { type Certificate, makeCertificate } from '../../support/certificates.ts';
import { HASH, OTHER_HASH } from '../../support/credentials.ts';
import { createFakeClock, type FakeClock, settle } from '../../support/fake-clock.ts';
import { describeWith } from '../../support/tools.ts';

let folder = '';
const path = (name: string): string => join(folder, name);
const write = (name: string, ...lines: readonly string[]): void =>
  writeFileSync(path(name), lines.join('\n'));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'satoken-web-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describeWith(['openssl'], 'loading a web configuration', () => {
  let one: Certificate;
  beforeEach(() => {
    one = makeCertificate(folder, 'one');
  });

  const problems = async (): Promise<readonly string[]> => {
    const { read } = await loadWebConfig(path('web.yml'));
    return read.ok ? [] : read.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
  };

  it('reads certificates and keys from beside the file, from anywhere, and from within it', async () => {
    const indented = (pem: string): string => pem.trim().replaceAll('\n', '\n    ');
    for (const lines of [
      ['  cert_file: one.crt', '  key_file: ./one.key'],
      [`  cert_file: ${one.certFile}`, `  key_file: ${one.keyFile}`],
      [`  cert: |\n    ${indented(one.cert)}`, `  key: |\n    ${indented(one.key)}`],
    ]) {
      write('web.yml', 'tls_server_config:', ...lines);
      const { read } = await loadWebConfig(path('web.yml'));
      assert.ok(read.ok, JSON.stringify(read));
      const { cert, key } = read.value.tls?.context ?? {};
      assert.deepEqual([String(cert).trim(), String(key).trim()], [one.cert.trim(), one.key.trim()]);
    }
  });

  it('says what is wrong with the files it names', async () => {
    const other = makeCertificate(folder, 'other');
    write('garbage', 'nothing of the kind');
    mkdirSync(path('folder'));
    execFileSync('mkfifo', [path('pipe')]);
    const cannot = 'web.yml: tls_server_config: the certificate and the key cannot be used';
    const cases = [
      ['one.crt', 'none', ['none: no such file or directory']],
      ['folder', 'pipe', ['folder: not a regular file', 'pipe: not a regular file']],
      ['one.crt', 'other.key', [`${cannot} (ERR_OSSL_X509_KEY_VALUES_MISMATCH)`]],
      ['garbage', 'one.key', [`${cannot} (ERR_OSSL_PEM_NO_START_LINE)`]],
      ['one.crt', 'garbage', [`${cannot} (ERR_OSSL_UNSUPPORTED)`]],
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
      'web.yml: tls_server_config: client_ca holds no certificate (ERR_OSSL_PEM_NO_START_LINE)',
    ]);
    assert.ok(!(await problems()).join().includes(other.key.slice(60, 90)));
  });

  it('says that the file itself cannot be read', async () => {
    assert.deepEqual(await problems(), ['web.yml: no such file or directory']);
    writeFileSync(path('web.yml'), Buffer.alloc(1024 * 1024 + 1, '#'));
    assert.deepEqual(await problems(), ['web.yml: larger than 1048576 bytes']);
  });

  it('notices when any of its files changes, and only then', async () => {
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

describe('a web configuration that changes', () => {
  let clock: FakeClock;
  let stop: AbortController;
  let reads: Read<WebSettings>[] = [];
  let running: Promise<void> | undefined;

  beforeEach(() => {
    clock = createFakeClock();
    stop = new AbortController();
    reads = [];
    running = undefined;
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  const open = async (overrides: Partial<WebConfigOptions> = {}) => {
    const opened = await openWebConfig({
      file: path('web.yml'),
      isAuthorizationTaken: false,
      sleep: clock.sleep,
      onReload: (read) => reads.push(read),
      onError: (error) => assert.fail(String(error)),
      ...overrides,
    });
    assert.ok(opened.ok, JSON.stringify(opened));
    running = opened.value.run(stop.signal);
    return opened.value.settings;
  };
  /** Lets it look once for changes. */
  const check = async (): Promise<void> => {
    await clock.advance(5_000);
    while (clock.sleepers() === 0) await settle();
  };
  const problems = (): readonly string[] =>
    reads
      .flatMap((read) => (read.ok ? ['taken'] : read.problems))
      .map((one) => one.replaceAll(`${folder}/`, ''));

  it('is taken over within five seconds', async () => {
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    const settings = await open();
    assert.deepEqual([...settings().users], [['a', HASH]]);
    write('web.yml', `basic_auth_users: {b: ${OTHER_HASH}}`);
    await check();
    assert.deepEqual([...settings().users], [['b', OTHER_HASH]]);
    assert.deepEqual(problems(), ['taken']);
  });

  it('is not read again as long as it does not change', async () => {
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    const settings = await open();
    for (let checks = 0; checks < 5; checks += 1) {
      await check();
      write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    }
    write('web.yml', `basic_auth_users: {b: ${HASH}}`);
    await check();
    assert.deepEqual(problems(), ['taken']);
    assert.deepEqual([...settings().users.keys()], ['b']);
  });

  it('goes on as it was where it is broken, says so once, and is taken when it is mended', async () => {
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    const settings = await open();
    write('web.yml', 'basic_auth_users: [');
    for (let checks = 0; checks < 4; checks += 1) await check();
    assert.deepEqual([...settings().users], [['a', HASH]]);
    rmSync(path('web.yml'));
    await check();
    assert.deepEqual([...settings().users], [['a', HASH]]);
    write('web.yml', '');
    await check();
    assert.deepEqual([...settings().users], [['a', HASH]]);
    write('web.yml', `basic_auth_users: {b: ${HASH}}`);
    await check();
    assert.deepEqual([...settings().users], [['b', HASH]]);
    assert.deepEqual(problems(), [
      'web.yml:1: not plain YAML (BAD_INDENT)',
      'web.yml: no such file or directory',
      'web.yml: basic_auth_users cannot be taken away without a restart',
      'taken',
    ]);
  });

  it('is taken over where it lies in a Secret, whose folder is swapped', async () => {
    const put = (generation: string, text: string): void => {
      mkdirSync(path(generation));
      write(`${generation}/web.yml`, text);
      symlinkSync(generation, path('..data_tmp'));
      renameSync(path('..data_tmp'), path('..data'));
    };
    put('..1', `basic_auth_users: {a: ${HASH}}`);
    symlinkSync('..data/web.yml', path('web.yml'));
    const settings = await open();
    put('..2', `basic_auth_users: {b: ${HASH}}`);
    await check();
    assert.deepEqual([...settings().users.keys()], ['b']);
  });

  it('cannot have users where the API server is asked who asks', async () => {
    write('web.yml', '');
    const settings = await open({ isAuthorizationTaken: true });
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    await check();
    assert.equal(settings().users.size, 0);
    const problem = 'web.yml: basic_auth_users and --web.kubernetes-auth exclude each other';
    assert.deepEqual(problems(), [problem]);
    const opened = await openWebConfig({
      file: path('web.yml'),
      isAuthorizationTaken: true,
      sleep: clock.sleep,
      onReload: () => assert.fail(),
      onError: () => assert.fail(),
    });
    assert.deepEqual(opened, { ok: false, problems: [`${folder}/${problem}`] });
  });

  it('tells of a bug, and goes on', async () => {
    write('web.yml', '');
    const errors: unknown[] = [];
    const settings = await open({
      onReload: () => {
        throw new Error('a bug');
      },
      onError: (error) => errors.push(error),
    });
    write('web.yml', `basic_auth_users: {a: ${HASH}}`);
    await check();
    write('web.yml', `basic_auth_users: {b: ${HASH}}`);
    await check();
    assert.deepEqual(errors.map(String), ['Error: a bug', 'Error: a bug']);
    assert.deepEqual([...settings().users.keys()], ['b']);
  });
});

describeWith(['openssl'], 'TLS that changes', () => {
  it('needs a restart to be switched on or off, or to ask for certificates', async () => {
    makeCertificate(folder, 'one');
    const files = 'cert_file: one.crt, key_file: one.key';
    const PLAIN = '';
    const SECURE = `tls_server_config: {${files}}`;
    const ASKING = `tls_server_config: {${files}, client_auth_type: RequireAnyClientCert}`;
    const VERIFYING = `tls_server_config: {${files}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: one.crt}`;
    const onOff = 'tls_server_config cannot be added or taken away without a restart';
    const asked = 'client_auth_type cannot change from or to NoClientCert without a restart';
    for (const [before, after, expected] of [
      [PLAIN, SECURE, onOff],
      [SECURE, PLAIN, onOff],
      [SECURE, ASKING, asked],
      [ASKING, SECURE, asked],
      [ASKING, VERIFYING, 'taken'],
      [SECURE, SECURE.replace('}', ', min_version: TLS13}'), 'taken'],
    ] as const) {
      const clock = createFakeClock();
      const stop = new AbortController();
      const reloaded = Promise.withResolvers<Read<WebSettings>>();
      write('web.yml', before);
      const opened = await openWebConfig({
        file: path('web.yml'),
        isAuthorizationTaken: false,
        sleep: clock.sleep,
        onReload: reloaded.resolve,
        onError: (error) => assert.fail(String(error)),
      });
      assert.ok(opened.ok, JSON.stringify(opened));
      const running = opened.value.run(stop.signal);
      write('web.yml', after);
      await clock.advance(5_000);
      const read = await reloaded.promise;
      stop.abort();
      await running;
      assert.deepEqual(
        read.ok ? 'taken' : read.problems.join(),
        expected === 'taken' ? expected : `${path('web.yml')}: ${expected}`,
      );
    }
  });
});
