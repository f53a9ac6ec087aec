/**
 * Trimming of pods and service accounts.
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

/** Facts of a pod with these fields in its spec. */
function withSpec(fields: Json): PodFacts | undefined {
  return podOf({ spec: { serviceAccountName: 'api', containers: [], ...fields } });
}

function withVolumes(...volumes: readonly Json[]): PodFacts | undefined {
  return withSpec({ volumes });
}

function withStatus(status: unknown): PodFacts | undefined {
  return podOf({ status });
}

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

const DEFAULT_PROJECTION = {
  volume: 'kube-api-access-abcde',
  path: 'token',
  audience: undefined,
  expirationSeconds: 3607,
  isMounted: false,
  isOverwritable: false,
};

describe('podsPath', () => {
  it('escapes the name of the node', () => {
    assert.equal(podsPath('a&b'), '/api/v1/pods?fieldSelector=spec.nodeName%3Da%26b');
  });
});

describe('trimPod', () => {
  it('returns the fields that matter to tokens, keyed by uid', () => {
    assert.deepEqual(trimPod(pod()), {
      key: POD_UID,
      value: {
        namespace: 'payments',
        name: 'api-0',
        uid: POD_UID,
        serviceAccount: 'api',
        phase: 'Running',
        runtimeClass: undefined,
        containers: [
          {
            name: 'main',
            kind: 'main',
            isRunning: false,
            startedAt: undefined,
            finishedAt: undefined,
            fixedVolumes: ['kube-api-access-abcde'],
            copiedVolumes: [],
          },
        ],
        isTerminating: false,
        deletedAt: undefined,
        isStatic: false,
        isAutomounted: undefined,
        startedAt: STARTED_AT,
        projections: [{ ...DEFAULT_PROJECTION, isMounted: true, isOverwritable: true }],
        secrets: [],
        claims: [],
      },
    });
  });

  it('returns the runtime class of the pod, and none of the wrong type', () => {
    const classes = ['kata', undefined, 7, 'A\nB'];
    const found = classes.map((runtimeClassName) => withSpec({ runtimeClassName })?.runtimeClass);
    assert.deepEqual(found, ['kata', undefined, undefined, undefined]);
  });

  it('returns isTerminating if the pod has a deletion timestamp', () => {
    const { isTerminating } = podOf({ metadata: metadata({ deletionTimestamp: STARTED }) }) ?? {};
    assert.equal(isTerminating, true);
  });

  it('returns the end of the grace period, which is the deletion timestamp', () => {
    assert.equal(podOf({ metadata: metadata({ deletionTimestamp: STARTED }) })?.deletedAt, STARTED_AT);
  });

  it('returns the claims that its containers mount', () => {
    const mounts = ['data', 'scratch', 'kube-api-access-abcde'].map((name) => ({
      name,
      mountPath: `/${name}`,
    }));
    const facts = withSpec({
      containers: [{ name: 'main', volumeMounts: mounts }],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data-api-0' } },
        { name: 'scratch', ephemeral: { volumeClaimTemplate: {} } },
        { name: 'unused', persistentVolumeClaim: { claimName: 'unused' } },
        defaultVolume(),
      ],
    });
    assert.deepEqual(facts?.claims, ['data-api-0', 'api-0-scratch']);
  });

  it('returns isStatic for a mirror pod, which may have no service account', () => {
    const annotations = { 'kubernetes.io/config.mirror': 'a-hash' };
    const facts = podOf({ metadata: metadata({ annotations }), spec: { containers: [] } });
    assert.deepEqual([facts?.isStatic, facts?.serviceAccount], [true, '']);
  });

  for (const value of [true, false, undefined])
    it(`returns automountServiceAccountToken of the spec: ${value}`, () =>
      assert.equal(withSpec({ automountServiceAccountToken: value })?.isAutomounted, value));

  it('returns the phase Pending and no start time for a pod without a status', () => {
    for (const facts of [withStatus({}), withStatus(undefined), withStatus(null)])
      assert.deepEqual([facts?.phase, facts?.startedAt], ['Pending', undefined]);
  });

  for (const [title, source, isOverwritable] of [
    [
      'a ConfigMap with items',
      { configMap: { name: 'ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      false,
    ],
    ['a ConfigMap without items', { configMap: { name: 'ca' } }, true],
    ['a Secret with items', { secret: { name: 's', items: [{ key: 'a', path: 'b' }] } }, false],
    ['a Secret without items', { secret: { name: 's' } }, true],
    ['a Secret with empty items', { secret: { name: 's', items: [] } }, true],
    ['a downwardAPI source', { downwardAPI: { items: [] } }, false],
  ] as const)
    it(`returns isOverwritable ${isOverwritable} for a token next to ${title}`, () => {
      const sources = [{ serviceAccountToken: { path: 'token' } }, source];
      const { projections = [] } = withVolumes({ name: 'v', projected: { sources } }) ?? {};
      assert.deepEqual(
        projections.map((one) => one.isOverwritable),
        [isOverwritable],
      );
    });

  const projections = [
    ['an audience', { audience: 'vault' }, { audience: 'vault' }],
    ['an empty audience, which is the default', { audience: '' }, { audience: undefined }],
    [
      'no lifetime, which defaults to an hour',
      { expirationSeconds: undefined },
      { expirationSeconds: 3_600 },
    ],
    ['a path with folders', { path: 'a/b/token' }, { path: 'a/b/token' }],
    ['a path that is not normalized', { path: './a//b/' }, { path: 'a/b' }],
    [
      'a path that must be escaped',
      { path: 'a\nb/tök\u{202e}en' },
      { path: 'a\\x0ab/t\\xc3\\xb6k\\xe2\\x80\\xaeen' },
    ],
  ] as const;
  for (const [title, source, expected] of projections)
    it(`returns a projected token with ${title}`, () =>
      assert.deepEqual(withVolumes(projected('v', tokenSource(source)))?.projections, [
        { ...DEFAULT_PROJECTION, volume: 'v', ...expected },
      ]));

  it('returns several tokens of one volume and of several volumes', () => {
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

  it('omits a token whose audience contains a line break', () => {
    assert.deepEqual(withVolumes(projected('v', tokenSource({ audience: 'a\nb' })))?.projections, []);
  });

  describe('of a pod that is larger than any in use', () => {
    const sources = (count: number, path = '') =>
      Array.from({ length: count }, (_, index) => tokenSource({ path: `${path}${index}` }));
    const secrets = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `s-${index}`, secret: { secretName: 's' } }));

    it('returns 256 tokens and 256 Secrets', () => {
      const facts = withVolumes(projected('v', ...sources(256)), ...secrets(256));
      assert.deepEqual([facts?.projections.length, facts?.secrets.length], [256, 256]);
    });

    it('returns neither for more tokens or Secrets, and the rest: those that are left would seem to be all', () => {
      const expected = { ...withVolumes(), isOversized: true, hasUnknownContainers: true };
      assert.deepEqual(withVolumes(projected('v', ...sources(257))), expected);
      assert.deepEqual(withVolumes(...secrets(257)), expected);
      assert.equal(expected.namespace, 'payments');
    });

    it('returns no token for more than 64 KiB of paths', () => {
      const path = 'x'.repeat(4_000);
      assert.equal(withVolumes(projected('v', ...sources(16, path)))?.projections.length, 16);
      const facts = withVolumes(projected('v', ...sources(17, path)));
      assert.deepEqual([facts?.isOversized, facts?.projections], [true, []]);
    });

    it('looks at 40,000 sources of a volume once', () => {
      let looks = 0;
      const counted = Array.from({ length: 40_000 }, (_, index) =>
        Object.defineProperty(tokenSource({ path: `${index}` }), 'secret', {
          enumerable: true,
          get: () => {
            looks += 1;
            return undefined;
          },
        }),
      );
      assert.equal(withVolumes(projected('v', ...counted))?.isOversized, true);
      assert.ok(looks <= 2 * counted.length, `${looks}`);
    });
  });

  const mounts = [
    ['that is not mounted', 'containers', undefined, false],
    ['mounted at another path', 'containers', '/var/run/secrets/other', false],
    ['mounted below the token path', 'containers', `${TOKEN_PATH}/more`, false],
    ['mounted at the token path', 'containers', TOKEN_PATH, true],
    ['mounted at the token path with a trailing slash', 'containers', `${TOKEN_PATH}/`, true],
    ['mounted at the token path of an init container', 'initContainers', TOKEN_PATH, true],
    ['mounted at the token path of an ephemeral container', 'ephemeralContainers', TOKEN_PATH, true],
  ] as const;
  for (const [title, containers, mountPath, isAtTokenPath] of mounts)
    it(`returns a Secret ${title}`, () => {
      const volumeMounts = mountPath === undefined ? undefined : [{ name: 'legacy', mountPath }];
      const facts = withSpec({
        volumes: [{ name: 'legacy', secret: { secretName: 'api-token' } }],
        [containers]: [{ name: 'other' }, { name: 'main', volumeMounts }],
      });
      const isMounted = mountPath !== undefined;
      const expected = {
        volume: 'legacy',
        secretName: 'api-token',
        isMounted,
        isOptional: false,
        isAtTokenPath,
      };
      assert.deepEqual(facts?.secrets, [expected]);
    });

  it('returns an optional Secret and a Secret among the sources of a projected volume', () => {
    const facts = withVolumes(
      { name: 'a', secret: { secretName: 'one', optional: true } },
      projected('b', { secret: { name: 'two' } }),
    );
    assert.deepEqual(facts?.secrets, [
      { volume: 'a', secretName: 'one', isMounted: false, isOptional: true, isAtTokenPath: false },
      { volume: 'b', secretName: 'two', isMounted: false, isOptional: false, isAtTokenPath: false },
    ]);
  });

  const unidentified: readonly (readonly [string, Json])[] = [
    ['an object without metadata', { metadata: undefined }],
    ['metadata that is a string', { metadata: 'api-0' }],
    ['an object without a uid', { metadata: metadata({ uid: undefined }) }],
    ['a uid with a line break', { metadata: metadata({ uid: 'a\nb' }) }],
  ];
  for (const [title, overrides] of unidentified)
    it(`returns undefined for ${title}`, () => assert.equal(trimPod(pod(overrides)), undefined));

  const malformed: readonly (readonly [string, Json])[] = [
    ['a name in capitals', { metadata: metadata({ name: 'API' }) }],
    ['a namespace that is a number', { metadata: metadata({ namespace: 7 }) }],
    ['a pod without a spec', { spec: undefined }],
    ['a spec that is an array', { spec: [] }],
    ['volumes that are an object', { spec: { volumes: {} } }],
  ];
  for (const [title, overrides] of malformed)
    it(`returns only the key for ${title}`, () =>
      assert.deepEqual(trimPod(pod(overrides)), { key: POD_UID, value: undefined }));

  // biome-ignore lint/suspicious/noTemplateCurlyInString: of a template that was not expanded
  const unexpanded = '${SECRET}';
  const withoutField: readonly (readonly [string, Json])[] = [
    ['annotations that are an array', { metadata: metadata({ annotations: [] }) }],
    ['a service account that is an object', { serviceAccountName: {} }],
    ['automountServiceAccountToken as a string', { automountServiceAccountToken: 'false' }],
    ['a volume that is a string', { volumes: ['v', defaultVolume()] }],
    ['a volume without a name', { volumes: [{ emptyDir: {} }, defaultVolume()] }],
    ['a volume with an invalid name', { volumes: [projected('a/b', tokenSource()), defaultVolume()] }],
    [
      'a volume whose projection is a string',
      { volumes: [{ name: 'v', projected: 'all' }, defaultVolume()] },
    ],
    ['sources that are an object', { volumes: [{ name: 'v', projected: { sources: {} } }, defaultVolume()] }],
    ['a source that is a number', { volumes: [{ name: 'v', projected: { sources: [7] } }, defaultVolume()] }],
    [
      'a token without a path',
      { volumes: [projected('v', tokenSource({ path: undefined })), defaultVolume()] },
    ],
    [
      'a token whose path is too long',
      { volumes: [projected('v', tokenSource({ path: 'ü'.repeat(2_049) })), defaultVolume()] },
    ],
    [
      'a token with an array of audiences',
      { volumes: [projected('v', tokenSource({ audience: ['a'] })), defaultVolume()] },
    ],
    ['a Secret without a name', { volumes: [{ name: 'v', secret: {} }, defaultVolume()] }],
    ['a Secret that is a string', { volumes: [{ name: 'v', secret: 's' }, defaultVolume()] }],
    [
      'a Secret with an underscore',
      { volumes: [{ name: 'v', secret: { secretName: 'auth_secret' } }, defaultVolume()] },
    ],
    [
      'a Secret of an unexpanded template',
      { volumes: [{ name: 'v', secret: { secretName: unexpanded } }, defaultVolume()] },
    ],
    [
      'a projected Secret with an invalid name',
      { volumes: [projected('v', { secret: { name: 'A_b' } }), defaultVolume()] },
    ],
    [
      'a Secret whose optional is a string',
      { volumes: [{ name: 'v', secret: { secretName: 's', optional: 'no' } }, defaultVolume()] },
    ],
    ['a status that is an array', { status: [] }],
    ['a phase that is a number', { status: { phase: 1 } }],
    ['a malformed start time', { status: { startTime: '2026-13-01T00:00:00Z' } }],
    ['a start time that is a number', { status: { startTime: 1_795_000_000 } }],
  ];
  const withoutContainer: readonly (readonly [string, Json])[] = [
    ['containers that are a string', { containers: 'main' }],
    ['a container that is null', { containers: [null] }],
    ['mounts that are an object', { containers: [{ volumeMounts: {} }] }],
    ['a mount without a path', { containers: [{ volumeMounts: [{ name: 'v' }] }] }],
    [
      'a mount whose path is too long',
      { containers: [{ volumeMounts: [{ name: 'v', mountPath: '/a'.repeat(2_049) }] }] },
    ],
    ['a mount without a name', { containers: [{ volumeMounts: [{ mountPath: TOKEN_PATH }] }] }],
  ];
  for (const [title, spec] of withoutContainer)
    it(`returns the rest of a pod with ${title}, and that a container is missing`, () => {
      const [facts, expected] = [spec, {}].map((one) =>
        podOf({ status: {}, spec: { volumes: [defaultVolume()], ...one } }),
      );
      assert.deepEqual(facts, { ...expected, hasUnknownContainers: true });
    });

  for (const [title, fields] of withoutField)
    it(`returns the rest of a pod with ${title}`, () => {
      const { metadata: meta = metadata(), status = {}, ...spec } = fields;
      const facts = podOf({ metadata: meta, status, spec: { volumes: [defaultVolume()], ...spec } });
      const expected = podOf({ status: {}, spec: { volumes: [defaultVolume()] } });
      assert.deepEqual(facts, expected);
    });

  for (const expirationSeconds of ['1h', 0.5, null, []])
    it(`returns the default lifetime for ${JSON.stringify(expirationSeconds)}`, () => {
      const [projection] = withVolumes(projected('v', tokenSource({ expirationSeconds })))?.projections ?? [];
      assert.equal(projection?.expirationSeconds, 3_600);
    });

  it('returns isTerminating for a malformed deletion timestamp', () => {
    for (const deletionTimestamp of ['soon', 7])
      assert.equal(podOf({ metadata: metadata({ deletionTimestamp }) })?.isTerminating, true);
    assert.equal(podOf({ metadata: metadata({ deletionTimestamp: null }) })?.isTerminating, false);
  });

  it('returns facts keyed by their uid or undefined, for any JSON', () => {
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
        assert.ok(facts?.value === undefined || facts.key === facts.value.uid);
      }),
    );
  });
});

describe('trimAccount', () => {
  for (const value of [true, false, undefined])
    it(`returns the uid and automountServiceAccountToken: ${value}`, () =>
      assert.deepEqual(trimAccount(account({ automountServiceAccountToken: value })), {
        key: 'payments/api',
        value: { uid: 'account-uid', isAutomounted: value },
      }));

  const unidentified: readonly (readonly [string, Json])[] = [
    ['an object without metadata', { metadata: undefined }],
    ['an object without a name', { metadata: metadata({ name: undefined }) }],
    ['a namespace with a slash', { metadata: metadata({ namespace: 'a/b' }) }],
  ];
  for (const [title, overrides] of unidentified)
    it(`returns undefined for ${title}`, () => assert.equal(trimAccount(account(overrides)), undefined));

  it('returns only the key for an object without a uid', () =>
    assert.deepEqual(trimAccount(account({ metadata: metadata({ uid: '' }) })), {
      key: 'payments/api-0',
      value: undefined,
    }));

  it('returns the rest of an account with automountServiceAccountToken as a number', () =>
    assert.deepEqual(trimAccount(account({ automountServiceAccountToken: 0 })), trimAccount(account())));
});

describe('the trimmed objects of a real API server', () => {
  const pods = captured.filter(({ kind }) => kind === 'Pod').map(trimPod);
  const accounts = captured.filter(({ kind }) => kind === 'ServiceAccount').map(trimAccount);
  const podNamed = (name: string) => pods.find((one) => one?.value?.name === name)?.value;

  it('include every pod and every service account', () => {
    assert.ok(pods.length >= 20 && accounts.length >= 40);
    assert.ok([...pods, ...accounts].every((one) => one?.value !== undefined));
  });

  it('include the tokens that pods request', () => {
    const paths = podNamed('e-multi')?.projections.map(({ path }) => path);
    assert.deepEqual(paths?.toSorted(), ['first', 'sub/dir/token']);
  });

  it('mount every token', () => {
    const projections = pods.flatMap((one) => one?.value?.projections ?? []);
    assert.ok(projections.length >= 10 && projections.every(({ isMounted }) => isMounted));
  });

  it('include a pod without tokens, a static pod, a completed pod and a pod with a Secret', () => {
    assert.deepEqual(podNamed('c-noautomount')?.projections, []);
    assert.equal(podNamed('c-noautomount')?.isAutomounted, false);
    assert.equal(podNamed('h-static-bench-node-1')?.isStatic, true);
    assert.equal(podNamed('k-completed')?.phase, 'Succeeded');
    assert.equal(podNamed('f-legacy')?.secrets[0]?.secretName, 'legacy-token');
  });
});
