/**
 * What pods and accounts of the API come down to.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { PodFacts } from '../../../src/core/cluster-facts.ts';
import { podsPath, trimAccount, trimPod } from '../../../src/sources/api-server/resources.ts';
import { POD_UID } from '../../support/tokens.ts';
import {
  account,
  defaultVolume,
  type Json,
  metadata,
  pod,
  projected,
  STARTED,
  STARTED_AT,
  tokenSource,
} from './objects.ts';

const CAPTURE = new URL('../../fixtures/captures/kubelet-v1.36.3/api.json', import.meta.url);

interface Captured {
  readonly items: readonly (Json & { readonly kind: string })[];
}

const captured = (JSON.parse(readFileSync(CAPTURE, 'utf8')) as Captured).items;

function podOf(overrides: Json): PodFacts | undefined {
  return trimPod(pod(overrides))?.value;
}

/** A pod with these fields of its spec. */
function withSpec(fields: Json): PodFacts | undefined {
  return podOf({ spec: { serviceAccountName: 'api', containers: [], ...fields } });
}

function withVolumes(...volumes: readonly Json[]): PodFacts | undefined {
  return withSpec({ volumes });
}

function withStatus(status: unknown): PodFacts | undefined {
  return podOf({ status });
}

const DEFAULT_PROJECTION = {
  volume: 'kube-api-access-abcde',
  path: 'token',
  audience: undefined,
  expirationSeconds: 3607,
};

describe('the pods of a node', () => {
  it('are asked for by its name, escaped', () => {
    assert.equal(podsPath('a&b'), '/api/v1/pods?fieldSelector=spec.nodeName%3Da%26b');
  });
});

describe('a pod', () => {
  it('comes down to what its tokens hang on', () => {
    assert.deepEqual(trimPod(pod()), {
      key: POD_UID,
      value: {
        namespace: 'payments',
        name: 'api-0',
        uid: POD_UID,
        serviceAccount: 'api',
        phase: 'Running',
        isTerminating: false,
        isStatic: false,
        isAutomounted: undefined,
        startedAt: STARTED_AT,
        projections: [DEFAULT_PROJECTION],
        secrets: [],
      },
    });
  });

  it('is terminating once it has a time of deletion', () => {
    const { isTerminating } = podOf({ metadata: metadata({ deletionTimestamp: STARTED }) }) ?? {};
    assert.equal(isTerminating, true);
  });

  it('is static where it mirrors one that the kubelet reads from a file, and may have no account', () => {
    const annotations = { 'kubernetes.io/config.mirror': 'a-hash' };
    const facts = podOf({ metadata: metadata({ annotations }), spec: { containers: [] } });
    assert.deepEqual([facts?.isStatic, facts?.serviceAccount], [true, '']);
  });

  for (const value of [true, false, undefined])
    it(`is automounted as its spec says: ${value}`, () =>
      assert.equal(withSpec({ automountServiceAccountToken: value })?.isAutomounted, value));

  it('is pending and not started before the kubelet has seen it', () => {
    for (const facts of [withStatus({}), withStatus(undefined), withStatus(null)])
      assert.deepEqual([facts?.phase, facts?.startedAt], ['Pending', undefined]);
  });

  const projections = [
    ['an audience of its own', { audience: 'vault' }, { audience: 'vault' }],
    ['an empty audience, which is none', { audience: '' }, { audience: undefined }],
    ['no lifetime, which is an hour', { expirationSeconds: undefined }, { expirationSeconds: 3_600 }],
    ['a path with folders', { path: 'a/b/token' }, { path: 'a/b/token' }],
    ['a path that the kubelet cleans', { path: './a//b/' }, { path: 'a/b' }],
    [
      'a path that cannot be shown',
      { path: 'a\nb/tök\u{202e}en' },
      { path: 'a\\x0ab/t\\xc3\\xb6k\\xe2\\x80\\xaeen' },
    ],
  ] as const;
  for (const [title, source, expected] of projections)
    it(`may ask for a token with ${title}`, () =>
      assert.deepEqual(withVolumes(projected('v', tokenSource(source)))?.projections, [
        { ...DEFAULT_PROJECTION, volume: 'v', ...expected },
      ]));

  it('may ask for several tokens, in one volume and in others', () => {
    const facts = withVolumes(
      projected('v', tokenSource({ path: 'a' }), { secret: { name: 's' } }, tokenSource({ path: 'b' })),
      { name: 'w', emptyDir: {} },
      defaultVolume(),
    );
    assert.deepEqual(
      facts?.projections.map(({ volume, path }) => `${volume} ${path}`),
      ['v a', 'v b', 'kube-api-access-abcde token'],
    );
  });

  it('leaves out a token whose audience nobody could show', () => {
    assert.deepEqual(withVolumes(projected('v', tokenSource({ audience: 'a\nb' })))?.projections, []);
  });

  it('is cut to 256 tokens and 256 Secrets', () => {
    const sources = Array.from({ length: 300 }, (_, index) => tokenSource({ path: `${index}` }));
    const secrets = Array.from({ length: 300 }, (_, index) => ({
      name: `s-${index}`,
      secret: { secretName: 's' },
    }));
    const facts = withVolumes(projected('v', ...sources), ...secrets);
    assert.deepEqual([facts?.projections.length, facts?.secrets.length], [256, 256]);
  });

  const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
  const mounts = [
    ['nowhere', 'containers', undefined, false],
    ['elsewhere', 'containers', '/var/run/secrets/other', false],
    ['below the place of tokens', 'containers', `${TOKEN_PATH}/more`, false],
    ['at the place of tokens', 'containers', TOKEN_PATH, true],
    ['at the place of tokens, with a slash', 'containers', `${TOKEN_PATH}/`, true],
    ['there in an init container', 'initContainers', TOKEN_PATH, true],
    ['there in an ephemeral container', 'ephemeralContainers', TOKEN_PATH, true],
  ] as const;
  for (const [title, containers, mountPath, isAtTokenPath] of mounts)
    it(`may mount a Secret ${title}`, () => {
      const volumeMounts = mountPath === undefined ? undefined : [{ name: 'legacy', mountPath }];
      const facts = withSpec({
        volumes: [{ name: 'legacy', secret: { secretName: 'api-token' } }],
        [containers]: [{ name: 'other' }, { name: 'main', volumeMounts }],
      });
      const expected = { volume: 'legacy', secretName: 'api-token', isOptional: false, isAtTokenPath };
      assert.deepEqual(facts?.secrets, [expected]);
    });

  it('may mount a Secret that is optional, or one among the sources of a volume', () => {
    const facts = withVolumes(
      { name: 'a', secret: { secretName: 'one', optional: true } },
      projected('b', { secret: { name: 'two' } }),
    );
    assert.deepEqual(facts?.secrets, [
      { volume: 'a', secretName: 'one', isOptional: true, isAtTokenPath: false },
      { volume: 'b', secretName: 'two', isOptional: false, isAtTokenPath: false },
    ]);
  });

  const wrong: readonly (readonly [string, Json])[] = [
    ['no metadata', { metadata: undefined }],
    ['metadata that is a text', { metadata: 'api-0' }],
    ['no uid', { metadata: metadata({ uid: undefined }) }],
    ['a uid with a line break', { metadata: metadata({ uid: 'a\nb' }) }],
    ['a name in capitals', { metadata: metadata({ name: 'API' }) }],
    ['a namespace that is a number', { metadata: metadata({ namespace: 7 }) }],
    ['annotations that are a list', { metadata: metadata({ annotations: [] }) }],
    ['a deletion at no time', { metadata: metadata({ deletionTimestamp: 'soon' }) }],
    ['no spec', { spec: undefined }],
    ['a spec that is a list', { spec: [] }],
    ['an account that is an object', { spec: { serviceAccountName: {} } }],
    ['a word for automounting', { spec: { automountServiceAccountToken: 'false' } }],
    ['volumes that are an object', { spec: { volumes: {} } }],
    ['a volume that is a text', { spec: { volumes: ['v'] } }],
    ['a volume without a name', { spec: { volumes: [{ emptyDir: {} }] } }],
    ['a volume with a name that is no name', { spec: { volumes: [projected('a/b')] } }],
    ['sources that are an object', { spec: { volumes: [{ name: 'v', projected: { sources: {} } }] } }],
    ['a token without a path', { spec: { volumes: [projected('v', tokenSource({ path: undefined }))] } }],
    [
      'a token with a list of audiences',
      { spec: { volumes: [projected('v', tokenSource({ audience: ['a'] }))] } },
    ],
    [
      'a lifetime in words',
      { spec: { volumes: [projected('v', tokenSource({ expirationSeconds: '1h' }))] } },
    ],
    [
      'a lifetime of a fraction',
      { spec: { volumes: [projected('v', tokenSource({ expirationSeconds: 0.5 }))] } },
    ],
    ['a Secret without a name', { spec: { volumes: [{ name: 'v', secret: {} }] } }],
    ['containers that are a text', { spec: { containers: 'main' } }],
    ['a mount without a path', { spec: { containers: [{ volumeMounts: [{ name: 'v' }] }] } }],
    ['a status that is a list', { status: [] }],
    ['a phase that is a number', { status: { phase: 1 } }],
    ['a start at no time', { status: { startTime: '2026-13-01T00:00:00Z' } }],
    ['a start that is a number', { status: { startTime: 1_795_000_000 } }],
  ];
  for (const [title, overrides] of wrong)
    it(`is none with ${title}`, () => assert.equal(trimPod(pod(overrides)), undefined));

  it('is facts or none, for any JSON anywhere', () => {
    const anything = fc.jsonValue() as fc.Arbitrary<unknown>;
    const maybe = (value: Json) => fc.oneof(fc.constant(value), anything);
    const volumes = fc.array(
      fc.oneof(anything, fc.record({ name: fc.constant('v'), projected: anything, secret: anything })),
    );
    const spec = fc.oneof(
      anything,
      fc.record({ volumes, containers: anything, serviceAccountName: anything }),
    );
    const any = fc.record({ metadata: maybe(metadata()), spec, status: maybe({ phase: 'Running' }) });
    fc.assert(
      fc.property(any, (value) => {
        const facts = trimPod(value);
        assert.ok(facts === undefined || facts.key === facts.value.uid);
      }),
    );
  });
});

describe('an account', () => {
  for (const value of [true, false, undefined])
    it(`comes down to its uid and whether it is automounted: ${value}`, () =>
      assert.deepEqual(trimAccount(account({ automountServiceAccountToken: value })), {
        key: 'payments/api',
        value: { uid: 'account-uid', isAutomounted: value },
      }));

  const wrong: readonly (readonly [string, Json])[] = [
    ['no metadata', { metadata: undefined }],
    ['no uid', { metadata: metadata({ uid: '' }) }],
    ['no name', { metadata: metadata({ name: undefined }) }],
    ['a namespace with a slash', { metadata: metadata({ namespace: 'a/b' }) }],
    ['a number for automounting', { automountServiceAccountToken: 0 }],
  ];
  for (const [title, overrides] of wrong)
    it(`is none with ${title}`, () => assert.equal(trimAccount(account(overrides)), undefined));
});

describe('what a real API server lists', () => {
  const pods = captured.filter(({ kind }) => kind === 'Pod').map(trimPod);
  const accounts = captured.filter(({ kind }) => kind === 'ServiceAccount').map(trimAccount);
  const podNamed = (name: string) => pods.find((one) => one?.value.name === name)?.value;

  it('is all read', () => {
    assert.ok(pods.length >= 20 && accounts.length >= 40);
    assert.ok([...pods, ...accounts].every((one) => one !== undefined));
  });

  it('has the tokens that its pods ask for', () => {
    const paths = podNamed('e-multi')?.projections.map(({ path }) => path);
    assert.deepEqual(paths?.toSorted(), ['first', 'sub/dir/token']);
  });

  it('has the pod that asks for none, the static one and the one that ended', () => {
    assert.deepEqual(podNamed('c-noautomount')?.projections, []);
    assert.equal(podNamed('c-noautomount')?.isAutomounted, false);
    assert.equal(podNamed('h-static-bench-node-1')?.isStatic, true);
    assert.equal(podNamed('k-completed')?.phase, 'Succeeded');
    assert.equal(podNamed('f-legacy')?.secrets[0]?.secretName, 'legacy-token');
  });
});
