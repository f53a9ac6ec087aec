/**
 * What the simulated API server issues and says as Kubernetes 1.27 to 1.37.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createApiServer } from '../../../simulator/api-server.ts';
import { type ClusterOptions, createCluster } from '../../../simulator/cluster.ts';
import { createPod } from '../../../simulator/pods.ts';
import { NOW, TOKEN, USER } from './client.ts';

const NODE = { name: 'node-1', uid: 'node-uid' };
const DEFAULT_TOKEN = { path: 'token', expirationSeconds: 3_607 };

interface Claims {
  readonly iat: number;
  readonly exp: number;
  readonly jti?: string;
  readonly 'kubernetes.io': { readonly node?: object; readonly warnafter?: number };
}

function stage(options: Partial<ClusterOptions>) {
  const cluster = createCluster({ now: () => NOW, ...options });
  const pod = cluster.setPod(createPod(cluster, { name: 'web', serviceAccount: 'app' }));
  const result = cluster.requestToken(pod, DEFAULT_TOKEN, NODE);
  assert.ok(result.ok);
  const { token } = result.value;
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
  return { cluster, pod, token, claims };
}

type Stage = ReturnType<typeof stage>;

/** The status of a TokenReview. */
async function review({ cluster }: Stage, token: string) {
  const api = createApiServer({ cluster, users: new Map([[TOKEN, USER]]) });
  const url = await api.listen();
  try {
    const response = await fetch(`${url}/apis/authentication.k8s.io/v1/tokenreviews`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ spec: { token } }),
    });
    const { status } = (await response.json()) as {
      readonly status: { readonly error?: string; readonly user: { readonly extra?: object } };
    };
    return status;
  } finally {
    await api.close();
  }
}

const altered = (token: string): string => {
  const at = token.lastIndexOf('.') + 10;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
};

interface Case {
  readonly version: string;
  readonly hasTokenId: boolean;
  readonly signatureError: string;
  readonly refusal: string;
  readonly isMarkedTokenRefused: boolean;
}

const SHORT_REFUSAL = 'serviceaccounts "app" is forbidden: audience "vault" not found in pod spec volume';
const SQUARE = 'square/go-jose: error in cryptographic primitive';
const GO_JOSE = 'go-jose/go-jose: error in cryptographic primitive';
const REFUSAL = `${SHORT_REFUSAL}, system:node:node-1 is not authorized to request tokens for this audience`;

const CASES: readonly Case[] = [
  {
    version: 'v1.27.16',
    hasTokenId: false,
    signatureError: SQUARE,
    refusal: SHORT_REFUSAL,
    isMarkedTokenRefused: false,
  },
  {
    version: 'v1.29.14',
    hasTokenId: false,
    signatureError: SQUARE,
    refusal: SHORT_REFUSAL,
    isMarkedTokenRefused: true,
  },
  {
    version: 'v1.32.9',
    hasTokenId: true,
    signatureError: SQUARE,
    refusal: SHORT_REFUSAL,
    isMarkedTokenRefused: true,
  },
  {
    version: 'v1.33.5',
    hasTokenId: true,
    signatureError: GO_JOSE,
    refusal: REFUSAL,
    isMarkedTokenRefused: true,
  },
  {
    version: 'v1.37.0',
    hasTokenId: true,
    signatureError: GO_JOSE,
    refusal: REFUSAL,
    isMarkedTokenRefused: true,
  },
];

describe('the simulated API server', () => {
  for (const { version, hasTokenId, signatureError, refusal, isMarkedTokenRefused } of CASES)
    describe(`as ${version}`, () => {
      it(`issues tokens ${hasTokenId ? 'with' : 'without'} jti and node`, async () => {
        const staged = stage({ version });
        const { claims, token } = staged;
        assert.deepEqual(
          [claims.jti !== undefined, claims['kubernetes.io'].node],
          [hasTokenId, hasTokenId ? NODE : undefined],
        );
        const names = Object.keys((await review(staged, token)).user.extra ?? {}).map((name) =>
          name.replace('authentication.kubernetes.io/', ''),
        );
        assert.deepEqual(
          names,
          hasTokenId
            ? ['credential-id', 'node-name', 'node-uid', 'pod-name', 'pod-uid']
            : ['pod-name', 'pod-uid'],
        );
      });

      it('rejects an altered signature in its own words', async () => {
        const staged = stage({ version });
        const { error } = await review(staged, altered(staged.token));
        assert.equal(error, `[invalid bearer token, ${signatureError}]`);
      });

      it('refuses an audience in its own words', () => {
        const { cluster, pod } = stage({ version });
        cluster.denyAudience('vault');
        const result = cluster.requestToken(pod, { ...DEFAULT_TOKEN, audience: 'vault' }, NODE);
        assert.deepEqual(result, { ok: false, error: refusal });
      });

      it(`${isMarkedTokenRefused ? 'rejects' : 'accepts'} a legacy token with the label of the cleaner`, async () => {
        const staged = stage({ version });
        const { metadata, ...secret } = staged.cluster.createLegacySecret('default', 'held', 'app');
        const labels = { 'kubernetes.io/legacy-token-invalid-since': '2026-11-18' };
        staged.cluster.addSecret({ ...secret, metadata: { ...metadata, labels } });
        const { error } = await review(staged, secret.data['token'] ?? '');
        assert.equal(error?.includes('has been marked invalid') ?? false, isMarkedTokenRefused);
      });

      it('reports its version', async () => {
        const { cluster } = stage({ version });
        const api = createApiServer({ cluster, users: new Map([[TOKEN, USER]]) });
        const url = await api.listen();
        const response = await fetch(`${url}/version`, { headers: { Authorization: `Bearer ${TOKEN}` } });
        assert.equal(((await response.json()) as { gitVersion: string }).gitVersion, version);
        await api.close();
      });
    });

  it('supports no version before 1.27 or after 1.37', () => {
    for (const version of ['v1.26.15', 'v1.38.0', '1.36', 'v2.1.0'])
      assert.throws(() => createCluster({ now: () => NOW, version }), /unsupported version/);
  });

  it('extends default tokens to a year, unless it caps the extension or has none', () => {
    const lifetimes = [{}, { extendedSeconds: 90 * 86_400 }, { extendedSeconds: undefined }].map(
      (options) => {
        const { exp, iat, 'kubernetes.io': bound } = stage(options).claims;
        return [exp - iat, bound.warnafter === undefined ? undefined : bound.warnafter - iat];
      },
    );
    assert.deepEqual(lifetimes, [
      [31_536_000, 3_607],
      [7_776_000, 3_607],
      [3_607, undefined],
    ]);
  });
});
