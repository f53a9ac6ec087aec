/**
 * The table of options: values that each one accepts and rejects, from the flag and from the environment.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { environmentName, loadConfig } from '../../src/config/load.ts';
import { type Config, OPTIONS } from '../../src/config/options.ts';
import { configOf } from '../support/config.ts';

interface Case<K extends keyof Config> {
  readonly initial: Config[K];
  readonly good: readonly (readonly [text: string, value: Config[K]])[];
  readonly bad: readonly string[];
}

/** A new option does not compile without its cases. */
const CASES: { readonly [K in keyof Config]: Case<K> } = {
  listenAddress: {
    initial: { host: undefined, port: 9894 },
    good: [['[::1]:9000', { host: '::1', port: 9000 }]],
    bad: ['9894', 'host', ':99999'],
  },
  telemetryPath: {
    initial: '/metrics',
    good: [
      ['/node/tokens', '/node/tokens'],
      ['/a/b-c_d.e', '/a/b-c_d.e'],
    ],
    bad: [
      '/',
      'metrics',
      '/metrics/',
      '//evil',
      '/..',
      '/.a',
      '/a b',
      '/:id',
      '/*',
      '/%2e',
      '/healthz',
      '/-/ready',
      '/tokens',
      '/api/v1/tokens',
      '/apis/metrics',
      '/openapi/v2',
      '/openid/v1/jwks',
      '/version',
      '/healthz/metrics',
      '/livez/metrics',
      '/readyz/metrics',
    ],
  },
  webConfig: { initial: undefined, good: [['/etc/web.yml', '/etc/web.yml']], bad: ['web\n.yml'] },
  isKubernetesAuth: { initial: false, good: [['true', true]], bad: ['yes'] },
  probeAddress: {
    initial: undefined,
    good: [[':9895', { host: undefined, port: 9895 }]],
    bad: ['9895'],
  },
  allowedHosts: {
    initial: undefined,
    good: [
      ['a', ['a']],
      ['Exporter.Example.com,x-1', ['exporter.example.com', 'x-1']],
    ],
    bad: ['a:80', 'a,', 'a b', '*.example.com', '-a', 'a..b'],
  },
  maxRequests: { initial: 128, good: [['1', 1]], bad: ['0', '10001', 'many'] },
  isPageEnabled: {
    initial: true,
    good: [
      ['true', false],
      ['false', true],
    ],
    bad: ['1'],
  },
  runbooks: {
    initial: 'https://github.com/sa-token-exporter/sa-token-exporter/blob/main/docs/runbooks',
    good: [
      ['https://wiki.example.com/runbooks/', 'https://wiki.example.com/runbooks'],
      ['http://wiki:8080', 'http://wiki:8080'],
    ],
    bad: ['wiki', '/runbooks', 'javascript:alert(1)', 'https://user:secret@wiki/'],
  },
  logLevel: { initial: 'info', good: [['debug', 'debug']], bad: ['trace', 'INFO'] },
  logFormat: { initial: 'logfmt', good: [['json', 'json']], bad: ['xml'] },
  rootDir: {
    initial: '/var/lib/kubelet',
    good: [['/var/lib/k0s/kubelet/', '/var/lib/k0s/kubelet']],
    bad: ['kubelet'],
  },
  nodeName: { initial: undefined, good: [['node-1', 'node-1']], bad: ['node\n1'] },
  rotationGrace: {
    initial: 300,
    good: [
      ['0s', 0],
      ['1d', 86_400],
    ],
    bad: ['10', '1d1s'],
  },
  syncFrequency: {
    initial: 60,
    good: [
      ['1s', 1],
      ['1h', 3_600],
    ],
    bad: ['0s', '61m', '60'],
  },
  scanInterval: {
    initial: 30,
    good: [
      ['1s', 1],
      ['1h', 3_600],
    ],
    bad: ['0s', '61m', '30'],
  },
  isWatching: { initial: true, good: [['false', false]], bad: ['off'] },
  areReadsWatched: { initial: false, good: [['true', true]], bad: ['on'] },
  perToken: { initial: 'all', good: [['none', 'none']], bad: ['some'] },
  isRelativeShown: { initial: true, good: [['false', false]], bad: ['0'] },
  audienceRules: { initial: undefined, good: [['rules.yaml', 'rules.yaml']], bad: ['\x1b'] },
  useCatalogue: { initial: true, good: [['false', false]], bad: ['no'] },
  clusterMode: { initial: 'auto', good: [['off', 'off']], bad: ['yes'] },
  kubeconfig: { initial: undefined, good: [['/a:/b', '/a:/b']], bad: ['\x1b'] },
  tokenReview: { initial: 'suspect', good: [['all', 'all']], bad: ['some'] },
  usesPods: { initial: true, good: [['false', false]], bad: ['no'] },
  usesServiceAccounts: { initial: true, good: [['false', false]], bad: ['no'] },
  usesKeys: { initial: true, good: [['false', false]], bad: ['no'] },
  usesEvents: { initial: true, good: [['false', false]], bad: ['no'] },
  selfPodUid: { initial: undefined, good: [['a-uid', 'a-uid']], bad: ['\x1b'] },
  selfTokenFile: {
    initial: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    good: [['/token', '/token']],
    bad: ['token'],
  },
  isProblemsOnly: { initial: false, good: [['true', true]], bad: ['yes'] },
  output: { initial: 'table', good: [['json', 'json']], bad: ['yaml'] },
  at: { initial: undefined, good: [['1795480173.5', 1_795_480_173.5]], bad: ['yesterday'] },
};

const rows = (Object.keys(OPTIONS) as (keyof Config)[]).map((key) => ({
  key,
  ...OPTIONS[key],
  ...CASES[key],
}));

function configured(
  key: keyof Config,
  args: readonly string[],
  environment: Record<string, string> = {},
): unknown {
  return configOf(args, environment)[key];
}

for (const { key, flag, default: initialText, help, isSwitch, initial, good, bad } of rows) {
  describe(`--${flag}`, () => {
    const variable = environmentName(flag);

    it('has its default if it is not set, or set to it', () => {
      assert.deepEqual(configured(key, []), initial);
      assert.deepEqual(configured(key, [`--${flag}=${initialText}`]), initial);
    });

    it('has its default if its variable is empty', () => {
      assert.deepEqual(configured(key, [], { [variable]: '' }), initial);
    });

    for (const [text, value] of good) {
      it(`accepts ${text} from the flag and from the environment, which the flag overrides`, () => {
        assert.deepEqual(configured(key, [`--${flag}=${text}`]), value);
        assert.deepEqual(configured(key, [], { [variable]: text }), value);
        assert.deepEqual(configured(key, [`--${flag}=${text}`], { [variable]: initialText }), value);
        if (!isSwitch) assert.deepEqual(configured(key, [`--${flag}`, text]), value);
      });
    }

    for (const text of bad) {
      it(`rejects ${JSON.stringify(text)}, and says where it was set`, () => {
        for (const [loaded, name] of [
          [loadConfig([`--${flag}=${text}`], {}), `--${flag}`],
          [loadConfig([], { [variable]: text }), variable],
        ] as const) {
          assert.ok(!loaded.ok);
          const [problem = '', ...others] = loaded.error;
          assert.deepEqual(others, []);
          assert.ok(problem.startsWith(`${name}=${text}: `), problem);
        }
      });
    }

    it('is named as in other exporters, and is described in a sentence', () => {
      assert.match(flag, /^[a-z]+(?:[.-][a-z]+)*$/);
      assert.match(variable, /^SATOKEN_[A-Z]+(?:_[A-Z]+)*$/);
      assert.match(help, /^[A-Z][^\n]*\.$/);
      assert.equal(isSwitch, typeof initial === 'boolean');
    });
  });
}

describe('the environment variables', () => {
  it('of all options differ', () => {
    assert.equal(new Set(rows.map(({ flag }) => environmentName(flag))).size, rows.length);
  });
});
