/**
 * The schema of the web configuration file: valid files, every problem, and the verdict of exporter-toolkit itself on the
 * same files, by promtool.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parseWebConfig, type WebDocument } from '../../../src/web/config/schema.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { HASH } from '../../support/credentials.ts';
import { describeWith, PROMTOOL_3 } from '../../support/tools.ts';

const PLAIN: WebDocument = { tls: undefined, headers: new Map(), users: new Map(), rateLimit: undefined };
const CHOICES = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers:
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305',
  honorCipherOrder: true,
  ecdhCurve: undefined,
} as const;
const FILES = { cert: { file: 'cert.pem' }, key: { file: 'key.pem' } };
const TLS = {
  ...FILES,
  clientCa: undefined,
  clientAuth: 'none',
  allowedNames: [],
  choices: CHOICES,
} as const;

const tls = (...lines: readonly string[]): string =>
  ['tls_server_config:', ' cert_file: cert.pem', ' key_file: key.pem', ...lines.map((one) => ` ${one}`)].join(
    '\n',
  );

interface ValidFile {
  readonly it: string;
  readonly text: string;
  readonly is: Partial<WebDocument>;
  /** Supported by later versions of exporter-toolkit only. */
  readonly isNew?: boolean;
}

const VALID: readonly ValidFile[] = [
  { it: 'an empty file', text: '', is: {} },
  { it: 'comments only', text: '# nothing', is: {} },
  {
    it: 'empty sections',
    text: 'tls_server_config:\nhttp_server_config: {}\nbasic_auth_users:',
    is: {},
  },
  { it: 'TLS settings without a certificate', text: 'tls_server_config: {min_version: TLS13}', is: {} },
  { it: 'a certificate and its key', text: tls(), is: { tls: TLS } },
  {
    it: 'TLS versions',
    text: tls('min_version: TLS13', 'max_version: TLS13'),
    is: { tls: { ...TLS, choices: { ...CHOICES, minVersion: 'TLSv1.3' } } },
  },
  {
    it: "cipher suites by Go's names, in addition to those of TLS 1.3",
    text: tls('cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]'),
    is: {
      tls: {
        ...TLS,
        choices: {
          ...CHOICES,
          ciphers:
            'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
        },
      },
    },
  },
  {
    it: 'curves and the preference of cipher suites',
    text: tls('curve_preferences: [X25519, CurveP256]', 'prefer_server_cipher_suites: false'),
    is: { tls: { ...TLS, choices: { ...CHOICES, ecdhCurve: 'X25519:P-256', honorCipherOrder: false } } },
  },
  {
    it: 'verified client certificates',
    text: tls('client_auth_type: RequireAndVerifyClientCert', 'client_ca_file: ca.pem'),
    is: { tls: { ...TLS, clientAuth: 'verified', clientCa: { file: 'ca.pem' } } },
  },
  {
    it: 'names of client certificates',
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
    it: 'client certificates of any CA',
    text: tls('client_auth_type: RequireAnyClientCert'),
    is: { tls: { ...TLS, clientAuth: 'required' } },
  },
  {
    it: 'client certificates of any CA by the former name',
    text: tls('client_auth_type: RequireClientCert'),
    is: { tls: { ...TLS, clientAuth: 'required' } },
  },
  {
    it: 'optional client certificates',
    text: tls('client_auth_type: RequestClientCert'),
    is: { tls: { ...TLS, clientAuth: 'requested' } },
  },
  {
    it: 'headers, of which an empty one has no effect',
    text: 'http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n    Content-Security-Policy: ""',
    is: { headers: new Map([['X-Frame-Options', 'deny']]) },
  },
  { it: 'users', text: `basic_auth_users:\n  a: ${HASH}`, is: { users: new Map([['a', HASH]]) } },
];

/** The verdict of exporter-toolkit on the same file; later versions accept more. */
type Toolkit = 'rejects' | 'accepts' | 'accepts (later versions)';

interface InvalidFile {
  readonly it: string;
  readonly text: string;
  readonly problem: string;
  readonly toolkit: Toolkit;
}

const INVALID: readonly InvalidFile[] = [
  {
    it: 'a list',
    text: '- a',
    problem:
      '1: must be a mapping; known keys: tls_server_config, http_server_config, basic_auth_users, rate_limit',
    toolkit: 'rejects',
  },
  {
    it: 'an unknown section',
    text: 'tls_config: {}',
    problem:
      '1: tls_config: unknown key; known keys: tls_server_config, http_server_config, basic_auth_users, rate_limit',
    toolkit: 'rejects',
  },
  {
    it: 'a section that is a string',
    text: 'http_server_config: yes please',
    problem: '1: http_server_config: must be a mapping; known keys: http2, headers',
    toolkit: 'rejects',
  },
  {
    it: 'a section twice',
    text: 'basic_auth_users:\nbasic_auth_users:',
    problem: '2: basic_auth_users: duplicate key',
    toolkit: 'rejects',
  },
  {
    it: 'a file that is not YAML',
    text: 'tls_server_config: [',
    problem: '1: invalid YAML: wrong indentation, or a bracket or brace is not closed',
    toolkit: 'rejects',
  },
  {
    it: 'an alias',
    text: 'basic_auth_users: &a\nrate_limit: *a',
    problem: '2: aliases are not supported; repeat the value, or quote it if it starts with *',
    toolkit: 'accepts (later versions)',
  },
  {
    it: 'a certificate without its key',
    text: 'tls_server_config:\n  cert_file: cert.pem',
    problem: '2: key: required, unless key_file is set',
    toolkit: 'rejects',
  },
  {
    it: 'a key without its certificate',
    text: 'tls_server_config: {key_file: key.pem}',
    problem: '1: cert: required, unless cert_file is set',
    toolkit: 'rejects',
  },
  {
    it: 'a certificate in two places',
    text: tls('cert: x'),
    problem: '4: cert: cannot be set together with cert_file',
    toolkit: 'accepts (later versions)',
  },
  {
    it: 'an insecure TLS version',
    text: tls('min_version: TLS10'),
    problem: '4: min_version: unsupported value TLS10; supported: TLS12, TLS13',
    toolkit: 'accepts',
  },
  {
    it: 'a TLS version that is a number',
    text: tls('min_version: 12'),
    problem: '4: min_version: must be a string, not a number; quote it',
    toolkit: 'rejects',
  },
  {
    it: 'a minimum TLS version above the maximum',
    text: tls('min_version: TLS13', 'max_version: TLS12'),
    problem: '4: min_version: must not be above max_version',
    toolkit: 'accepts',
  },
  {
    it: 'an unknown cipher suite',
    text: tls('cipher_suites: [TLS_NONSENSE]'),
    problem:
      '4: cipher_suites[0]: unsupported value TLS_NONSENSE; supported: TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    toolkit: 'rejects',
  },
  {
    it: 'cipher suites that are not a list',
    text: tls('cipher_suites: TLS_AES_128_GCM_SHA256'),
    problem: '4: cipher_suites: must be a list',
    toolkit: 'rejects',
  },
  {
    it: 'an unknown curve',
    text: tls('curve_preferences: [P-256]'),
    problem:
      '4: curve_preferences[0]: unsupported value P-256; supported: CurveP256, CurveP384, CurveP521, X25519',
    toolkit: 'rejects',
  },
  {
    it: 'a boolean that is a string',
    text: tls('prefer_server_cipher_suites: sure'),
    problem: '4: prefer_server_cipher_suites: must be true or false',
    toolkit: 'rejects',
  },
  {
    it: 'an unknown client_auth_type',
    text: tls('client_auth_type: Maybe'),
    problem:
      '4: client_auth_type: unsupported value Maybe; supported: NoClientCert, RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert',
    toolkit: 'rejects',
  },
  {
    it: 'verified client certificates without a CA',
    text: tls('client_auth_type: RequireAndVerifyClientCert'),
    problem: '4: client_auth_type: requires client_ca or client_ca_file',
    toolkit: 'accepts',
  },
  {
    it: 'a client CA without client_auth_type',
    text: tls('client_ca_file: ca.pem'),
    problem: '2: client_auth_type: required, because a client CA is set',
    toolkit: 'rejects',
  },
  {
    it: 'names of client certificates that are not requested',
    text: tls('client_allowed_sans: [a]'),
    problem: '4: client_allowed_sans: requires client_auth_type RequireAndVerifyClientCert',
    toolkit: 'accepts (later versions)',
  },
  {
    it: 'names of client certificates that are not verified',
    text: tls('client_auth_type: RequireAnyClientCert', 'client_allowed_sans: [a]'),
    problem: '5: client_allowed_sans: requires client_auth_type RequireAndVerifyClientCert',
    toolkit: 'accepts (later versions)',
  },
  {
    it: 'an unsupported header',
    text: 'http_server_config:\n  headers:\n    Set-Cookie: a',
    problem:
      '3: headers: unsupported header; supported: Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection',
    toolkit: 'rejects',
  },
  {
    it: 'an unsupported value of a header',
    text: 'http_server_config: {headers: {X-Frame-Options: allow}}',
    problem: '1: headers: X-Frame-Options must be deny or sameorigin',
    toolkit: 'rejects',
  },
  {
    it: 'a header with a line break',
    text: 'http_server_config: {headers: {Content-Security-Policy: "a\\r\\nSet-Cookie: b"}}',
    problem: '1: headers: Content-Security-Policy contains characters that headers do not allow',
    toolkit: 'accepts',
  },
  {
    it: 'a header that is a number',
    text: 'http_server_config: {headers: {X-XSS-Protection: 1}}',
    problem: '1: headers: values must be strings',
    toolkit: 'accepts',
  },
  {
    it: 'headers that are a list',
    text: 'http_server_config: {headers: [a]}',
    problem: '1: headers: must be a mapping',
    toolkit: 'rejects',
  },
  {
    it: 'a password that is not hashed',
    text: 'basic_auth_users: {a: secret}',
    problem: '1: basic_auth_users: passwords must be bcrypt hashes; create one with htpasswd -nBC 10 ""',
    toolkit: 'rejects',
  },
  {
    it: 'a truncated hash',
    text: `basic_auth_users: {a: ${HASH.slice(0, -1)}}`,
    problem: '1: basic_auth_users: passwords must be bcrypt hashes; create one with htpasswd -nBC 10 ""',
    toolkit: 'accepts',
  },
  {
    it: 'a hash that takes seconds to check',
    text: `basic_auth_users: {a: ${HASH.replace('$05$', '$13$')}}`,
    problem: '1: basic_auth_users: the bcrypt cost must be from 4 to 12, not 13',
    toolkit: 'accepts',
  },
  {
    it: 'an empty user name',
    text: `basic_auth_users: {"": ${HASH}}`,
    problem: '1: basic_auth_users: user names must not be empty or contain a colon',
    toolkit: 'accepts',
  },
  {
    it: 'a user name with a colon',
    text: `basic_auth_users: {"a:b": ${HASH}}`,
    problem: '1: basic_auth_users: user names must not be empty or contain a colon',
    toolkit: 'accepts',
  },
  {
    it: 'a user that is a number',
    text: `basic_auth_users: {1: ${HASH}}`,
    problem: '1: basic_auth_users: keys must be strings',
    toolkit: 'accepts',
  },
  {
    it: 'a duplicate user',
    text: `basic_auth_users:\n  a: ${HASH}\n  a: ${HASH}`,
    problem: '3: basic_auth_users: duplicate key',
    toolkit: 'rejects',
  },
];

async function parse(text: string) {
  return parseWebConfig(text, 'web.yml');
}

describe('a web configuration file', () => {
  for (const { it: title, text, is } of VALID) {
    it(`may contain ${title}`, async () => {
      assert.deepEqual(await parse(text), { ok: true, value: { ...PLAIN, ...is } });
    });
  }

  for (const { it: title, text, problem } of INVALID) {
    it(`must not contain ${title}`, async () => {
      assert.deepEqual(await parse(text), { ok: false, error: [`web.yml:${problem}`] });
    });
  }

  it('is rejected with every problem', async () => {
    const result = await parse(
      'tls_server_config: {min_version: a}\nrate_limit: {burst: -1, interval: 1}\nx: 1',
    );
    assert.ok(!result.ok);
    assert.equal(result.error.length, 4);
  });

  it('is rejected with 50 problems at most', async () => {
    const result = await parse(Array.from({ length: 60 }, (_, index) => `key-${index}: 1`).join('\n'));
    assert.ok(!result.ok);
    assert.equal(result.error.length, 51);
    assert.equal(result.error[50], 'web.yml: 10 more problems');
  });

  it('is rejected without quoting a key, a user or a hash', async () => {
    const result = await parse(
      `tls_server_config: {key: 12, key_file: secret}\nbasic_auth_users: {secret: x, "a:secret": ${HASH}}`,
    );
    assert.ok(!result.ok);
    assert.equal(result.error.length, 4);
    assert.doesNotMatch(result.error.join(), /secret|\$2/);
  });
});

describe('the rate limit of a web configuration file', () => {
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
    it(`may be a burst of ${burst} and one request each ${interval}`, async () => {
      const rateLimit = { burst: Number(burst), intervalMs };
      assert.deepEqual(await limit(burst, interval), { ok: true, value: { ...PLAIN, rateLimit } });
    });
  }
  it('is absent without an interval', async () => {
    for (const text of ['rate_limit: {burst: 3}', 'rate_limit: {interval: 0s}'])
      assert.deepEqual(await parse(text), { ok: true, value: PLAIN });
  });
  for (const [burst, interval, problem] of [
    ['0', '1s', 'burst: must be at least 1'],
    ['1', 'often', 'interval: must be a duration like 100ms or 1s'],
    ['1', '5', 'interval: must be a string, not a number; quote it'],
    ['a', '1s', 'burst: must be a non-negative integer'],
    ['1.5', '1s', 'burst: must be a non-negative integer'],
  ] as const) {
    it(`must not be burst ${burst} and interval ${interval}`, async () => {
      const result = await limit(burst, interval);
      assert.deepEqual(result.ok ? [] : result.error.slice(0, 1), [`web.yml:1: ${problem}`]);
    });
  }
});

for (const [tool, promtool, isNewest] of [
  ['promtool', 'promtool', false],
  ['promtool 3 (.ci/prometheus3)', PROMTOOL_3, true],
] as const) {
  describeWith([tool, 'openssl'], `${tool} check web-config`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'satoken-web-'));
    const accepts = (text: string): boolean => {
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

    for (const { it: title, text, isNew = false } of VALID) {
      if (isNewest || !isNew) it(`accepts ${title}`, () => assert.ok(accepts(text)));
    }
    for (const { it: title, text, toolkit } of INVALID) {
      it(`${toolkit} ${title}`, () => {
        assert.equal(
          accepts(text),
          toolkit === 'accepts' || (isNewest && toolkit === 'accepts (later versions)'),
        );
      });
    }
  });
}
