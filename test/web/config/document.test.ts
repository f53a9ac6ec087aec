/**
 * The web configuration file: what it comes to, and every mistake of it; what exporter-toolkit itself says of the same file,
 * by promtool.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parseWebConfig, type WebDocument } from '../../../src/web/config/document.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { HASH } from '../../support/credentials.ts';
import { describeWith, PROMTOOL_3 } from '../../support/tools.ts';

const PLAIN: WebDocument = { tls: undefined, headers: new Map(), users: new Map(), rateLimit: undefined };
const CHOICE = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers:
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305',
  honorCipherOrder: true,
  ecdhCurve: undefined,
} as const;
const FILES = { cert: { file: 'cert.pem' }, key: { file: 'key.pem' } };
const TLS = { ...FILES, clientCa: undefined, clientAuth: 'none', allowedNames: [], choice: CHOICE } as const;

const tls = (...lines: readonly string[]): string =>
  ['tls_server_config:', ' cert_file: cert.pem', ' key_file: key.pem', ...lines.map((one) => ` ${one}`)].join(
    '\n',
  );

interface Good {
  readonly it: string;
  readonly text: string;
  readonly is: Partial<WebDocument>;
  /** Where only Prometheus's later toolkits know it. */
  readonly isNew?: boolean;
}

const GOOD: readonly Good[] = [
  { it: 'an empty file', text: '', is: {} },
  { it: 'comments alone', text: '# nothing', is: {} },
  {
    it: 'sections without anything',
    text: 'tls_server_config:\nhttp_server_config: {}\nbasic_auth_users:',
    is: {},
  },
  { it: 'choices of TLS that nobody speaks', text: 'tls_server_config: {min_version: TLS13}', is: {} },
  { it: 'a certificate and its key', text: tls(), is: { tls: TLS } },
  {
    it: 'versions',
    text: tls('min_version: TLS13', 'max_version: TLS13'),
    is: { tls: { ...TLS, choice: { ...CHOICE, minVersion: 'TLSv1.3' } } },
  },
  {
    it: 'suites by their names in Go, beside those of TLS 1.3',
    text: tls('cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]'),
    is: {
      tls: {
        ...TLS,
        choice: {
          ...CHOICE,
          ciphers:
            'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
        },
      },
    },
  },
  {
    it: 'curves, and whose order counts',
    text: tls('curve_preferences: [X25519, CurveP256]', 'prefer_server_cipher_suites: false'),
    is: { tls: { ...TLS, choice: { ...CHOICE, ecdhCurve: 'X25519:P-256', honorCipherOrder: false } } },
  },
  {
    it: 'certificates of clients',
    text: tls('client_auth_type: RequireAndVerifyClientCert', 'client_ca_file: ca.pem'),
    is: { tls: { ...TLS, clientAuth: 'verified', clientCa: { file: 'ca.pem' } } },
  },
  {
    it: 'names of certificates of clients',
    text: tls(
      'client_auth_type: RequireAndVerifyClientCert',
      'client_ca_file: ca.pem',
      'client_allowed_sans: [a.example, 10.0.0.1]',
    ),
    is: {
      tls: {
        ...TLS,
        clientAuth: 'verified',
        clientCa: { file: 'ca.pem' },
        allowedNames: ['a.example', '10.0.0.1'],
      },
    },
    isNew: true,
  },
  {
    it: 'any certificate of a client',
    text: tls('client_auth_type: RequireAnyClientCert'),
    is: { tls: { ...TLS, clientAuth: 'required' } },
  },
  {
    it: 'the same by its former name',
    text: tls('client_auth_type: RequireClientCert'),
    is: { tls: { ...TLS, clientAuth: 'required' } },
  },
  {
    it: 'a certificate if there is one',
    text: tls('client_auth_type: RequestClientCert'),
    is: { tls: { ...TLS, clientAuth: 'requested' } },
  },
  {
    it: 'headers, but for those without a value',
    text: 'http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n    Content-Security-Policy: ""',
    is: { headers: new Map([['X-Frame-Options', 'deny']]) },
  },
  { it: 'users', text: `basic_auth_users:\n  a: ${HASH}`, is: { users: new Map([['a', HASH]]) } },
];

/** What exporter-toolkit says of the same file. */
type Toolkit = 'refuses' | 'takes' | 'takes, of late';

interface Bad {
  readonly it: string;
  readonly text: string;
  readonly problem: string;
  readonly toolkit: Toolkit;
}

const BAD: readonly Bad[] = [
  { it: 'a list', text: '- a', problem: '1: the file must be a mapping', toolkit: 'refuses' },
  {
    it: 'a section that nobody knows',
    text: 'tls_config: {}',
    problem:
      '1: tls_config: no such key; known here: tls_server_config, http_server_config, basic_auth_users, rate_limit',
    toolkit: 'refuses',
  },
  {
    it: 'a section that is a text',
    text: 'http_server_config: yes please',
    problem: '1: http_server_config must be a mapping',
    toolkit: 'refuses',
  },
  {
    it: 'a section twice',
    text: 'basic_auth_users:\nbasic_auth_users:',
    problem: '2: basic_auth_users: is there twice',
    toolkit: 'refuses',
  },
  {
    it: 'a file that is not YAML',
    text: 'tls_server_config: [',
    problem: '1: not plain YAML (BAD_INDENT)',
    toolkit: 'refuses',
  },
  {
    it: 'an alias',
    text: 'basic_auth_users: &a\nrate_limit: *a',
    problem: '2: an alias is not followed: write it out',
    toolkit: 'takes, of late',
  },
  {
    it: 'a certificate without its key',
    text: 'tls_server_config:\n  cert_file: cert.pem',
    problem: '2: key: this or key_file is needed',
    toolkit: 'refuses',
  },
  {
    it: 'a key without its certificate',
    text: 'tls_server_config: {key_file: key.pem}',
    problem: '1: cert: this or cert_file is needed',
    toolkit: 'refuses',
  },
  {
    it: 'a certificate in two places',
    text: tls('cert: x'),
    problem: '4: cert: is given twice, here and as cert_file',
    toolkit: 'takes, of late',
  },
  {
    it: 'a version that is no longer safe',
    text: tls('min_version: TLS10'),
    problem: '4: min_version: TLS10 is not known, or not safe; known: TLS12, TLS13',
    toolkit: 'takes',
  },
  {
    it: 'a version that is no text',
    text: tls('min_version: 12'),
    problem: '4: min_version: must be a text',
    toolkit: 'refuses',
  },
  {
    it: 'versions the wrong way round',
    text: tls('min_version: TLS13', 'max_version: TLS12'),
    problem: '4: min_version: is above max_version',
    toolkit: 'takes',
  },
  {
    it: 'a suite that was made up',
    text: tls('cipher_suites: [TLS_NONSENSE]'),
    problem:
      '4: cipher_suites: TLS_NONSENSE is not known, or not safe; known: TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    toolkit: 'refuses',
  },
  {
    it: 'suites that are no list',
    text: tls('cipher_suites: TLS_AES_128_GCM_SHA256'),
    problem: '4: cipher_suites: must be a list of texts',
    toolkit: 'refuses',
  },
  {
    it: 'a curve that was made up',
    text: tls('curve_preferences: [P-256]'),
    problem:
      '4: curve_preferences: P-256 is not known, or not safe; known: CurveP256, CurveP384, CurveP521, X25519',
    toolkit: 'refuses',
  },
  {
    it: 'a switch that is a text',
    text: tls('prefer_server_cipher_suites: sure'),
    problem: '4: prefer_server_cipher_suites: must be true or false',
    toolkit: 'refuses',
  },
  {
    it: 'a way to ask clients that was made up',
    text: tls('client_auth_type: Maybe'),
    problem:
      '4: client_auth_type: Maybe is not known, or not safe; known: NoClientCert, RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert',
    toolkit: 'refuses',
  },
  {
    it: 'certificates that are verified by nobody',
    text: tls('client_auth_type: RequireAndVerifyClientCert'),
    problem: '4: client_auth_type: needs client_ca_file: whom it is to trust',
    toolkit: 'takes',
  },
  {
    it: 'a CA that is not asked',
    text: tls('client_ca_file: ca.pem'),
    problem: '2: client_auth_type: is needed for client_ca to be used',
    toolkit: 'refuses',
  },
  {
    it: 'names that are not looked at',
    text: tls('client_allowed_sans: [a]'),
    problem: '4: client_allowed_sans: needs client_auth_type RequireAndVerifyClientCert',
    toolkit: 'takes, of late',
  },
  {
    it: 'names in certificates that nobody verifies',
    text: tls('client_auth_type: RequireAnyClientCert', 'client_allowed_sans: [a]'),
    problem: '5: client_allowed_sans: needs client_auth_type RequireAndVerifyClientCert',
    toolkit: 'takes, of late',
  },
  {
    it: 'a header that cannot be set',
    text: 'http_server_config:\n  headers:\n    Set-Cookie: a',
    problem:
      '3: headers: a header that cannot be set; known: Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection',
    toolkit: 'refuses',
  },
  {
    it: 'a value that a header must not have',
    text: 'http_server_config: {headers: {X-Frame-Options: allow}}',
    problem: '1: headers: X-Frame-Options must be deny or sameorigin',
    toolkit: 'refuses',
  },
  {
    it: 'a header of two lines',
    text: 'http_server_config: {headers: {Content-Security-Policy: "a\\r\\nSet-Cookie: b"}}',
    problem: '1: headers: Content-Security-Policy has characters that no header may have',
    toolkit: 'takes',
  },
  {
    it: 'a header that is a number',
    text: 'http_server_config: {headers: {X-XSS-Protection: 1}}',
    problem: '1: headers: both sides must be texts',
    toolkit: 'takes',
  },
  {
    it: 'headers that are a list',
    text: 'http_server_config: {headers: [a]}',
    problem: '1: headers: must be a mapping',
    toolkit: 'refuses',
  },
  {
    it: 'a password that is not hashed',
    text: 'basic_auth_users: {a: secret}',
    problem: '1: basic_auth_users: a password must be hashed with bcrypt: htpasswd -nBC 10 ""',
    toolkit: 'refuses',
  },
  {
    it: 'a hash that is cut off',
    text: `basic_auth_users: {a: ${HASH.slice(0, -1)}}`,
    problem: '1: basic_auth_users: a password must be hashed with bcrypt: htpasswd -nBC 10 ""',
    toolkit: 'takes',
  },
  {
    it: 'a hash that takes seconds',
    text: `basic_auth_users: {a: ${HASH.replace('$05$', '$13$')}}`,
    problem: "1: basic_auth_users: bcrypt's cost must be from 4 to 12, it is 13",
    toolkit: 'takes',
  },
  {
    it: 'a user without a name',
    text: `basic_auth_users: {"": ${HASH}}`,
    problem: '1: basic_auth_users: a user must have a name, without a colon',
    toolkit: 'takes',
  },
  {
    it: 'a user whose name ends early',
    text: `basic_auth_users: {"a:b": ${HASH}}`,
    problem: '1: basic_auth_users: a user must have a name, without a colon',
    toolkit: 'takes',
  },
  {
    it: 'a user twice',
    text: `basic_auth_users:\n  a: ${HASH}\n  a: ${HASH}`,
    problem: '3: basic_auth_users: must be texts, each once',
    toolkit: 'refuses',
  },
];

async function parse(text: string) {
  return parseWebConfig(text, 'web.yml');
}

describe('a web configuration file', () => {
  for (const { it: title, text, is } of GOOD) {
    it(`may hold ${title}`, async () => {
      assert.deepEqual(await parse(text), { ok: true, value: { ...PLAIN, ...is } });
    });
  }

  for (const { it: title, text, problem } of BAD) {
    it(`must not hold ${title}`, async () => {
      assert.deepEqual(await parse(text), { ok: false, problems: [`web.yml:${problem}`] });
    });
  }

  it('tells all that is wrong with it', async () => {
    const read = await parse(
      'tls_server_config: {min_version: a}\nrate_limit: {burst: -1, interval: 1}\nx: 1',
    );
    assert.ok(!read.ok);
    assert.equal(read.problems.length, 4);
  });

  it('tells no more of a wrong file than somebody will read', async () => {
    const read = await parse(Array.from({ length: 60 }, (_, index) => `key-${index}: 1`).join('\n'));
    assert.ok(!read.ok);
    assert.equal(read.problems.length, 51);
    assert.equal(read.problems[50], 'web.yml: 10 problems more');
  });

  it('shows nothing of a key, a user or a hash', async () => {
    const read = await parse(
      `tls_server_config: {key: 12, key_file: secret}\nbasic_auth_users: {secret: x, "a:secret": ${HASH}}`,
    );
    assert.ok(!read.ok);
    assert.equal(read.problems.length, 4);
    assert.doesNotMatch(read.problems.join(), /secret|\$2/);
  });
});

describe('a rate limit', () => {
  const limit = async (burst: string, interval: string) =>
    parse(`rate_limit: {burst: ${burst}, interval: ${interval}}`);
  const cases = [
    ['1', '1s', 1_000],
    ['20', '100ms', 100],
    ['3', '1m30s', 90_000],
    ['3', '1h', 3_600_000],
    ['3', '1.5s', 1_500],
    ['3', '500us', 0.5],
  ] as const;
  for (const [burst, interval, intervalMs] of cases) {
    it(`of ${burst} and one more each ${interval}`, async () => {
      const rateLimit = { burst: Number(burst), intervalMs };
      assert.deepEqual(await limit(burst, interval), { ok: true, value: { ...PLAIN, rateLimit } });
    });
  }
  it('is none without an interval', async () => {
    for (const text of ['rate_limit: {burst: 3}', 'rate_limit: {interval: 0s}'])
      assert.deepEqual(await parse(text), { ok: true, value: PLAIN });
  });
  for (const [burst, interval, problem] of [
    ['0', '1s', 'burst: must be at least 1, or nothing is ever answered'],
    ['1', 'often', 'interval: must be a duration like 100ms or 1s'],
    ['1', '5', 'interval: must be a text'],
    ['a', '1s', 'burst: must be a whole number'],
    ['1.5', '1s', 'burst: must be a whole number'],
  ] as const) {
    it(`is none of ${burst} and ${interval}`, async () => {
      const read = await limit(burst, interval);
      assert.deepEqual(read.ok ? [] : read.problems.slice(0, 1), [`web.yml:1: ${problem}`]);
    });
  }
});

for (const [tool, promtool, isNewest] of [
  ['promtool', 'promtool', false],
  ['promtool 3 (.ci/prometheus3)', PROMTOOL_3, true],
] as const) {
  describeWith([tool, 'openssl'], `${tool} check web-config`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'satoken-web-'));
    const takes = (text: string): boolean => {
      writeFileSync(join(folder, 'web.yml'), text);
      return spawnSync(promtool, ['check', 'web-config', join(folder, 'web.yml')]).status === 0;
    };
    before(() => {
      const { certFile, keyFile } = makeCertificate(folder, 'one');
      for (const [from, to] of [
        [certFile, 'cert.pem'],
        [keyFile, 'key.pem'],
        [certFile, 'ca.pem'],
      ] as const)
        writeFileSync(join(folder, to), readFileSync(from));
    });
    after(() => rmSync(folder, { recursive: true }));

    for (const { it: title, text, isNew = false } of GOOD) {
      if (isNewest || !isNew) it(`takes ${title}`, () => assert.ok(takes(text)));
    }
    for (const { it: title, text, toolkit } of BAD) {
      it(`${toolkit} ${title}`, () => {
        assert.equal(takes(text), toolkit === 'takes' || (isNewest && toolkit === 'takes, of late'));
      });
    }
  });
}
