/**
 * Tokens of the simulated API server: signatures, lifetimes, and error messages.
 */
import assert from 'node:assert/strict';
import { createLocalJWKSet, type JWK, jwtVerify } from 'jose';
import { describe, it } from 'mocha';
import { type Cluster, createCluster } from '../../simulator/cluster.ts';
import { createTokenCache } from '../../simulator/kubelet/token-cache.ts';
import type { TokenProjection } from '../../simulator/objects.ts';
import { createPod } from '../../simulator/pods.ts';
import type { TokenResult } from '../../simulator/token-issuer.ts';

const NODE = { name: 'node-1', uid: 'node-uid' };
const NOW = 1_795_000_000;

function verify(cluster: Cluster, result: TokenResult) {
  assert.ok(result.ok);
  const keys = createLocalJWKSet({ keys: cluster.keys().map(({ publicJwk }) => publicJwk as JWK) });
  return jwtVerify(result.value.token, keys, {
    currentDate: new Date(NOW * 1_000),
    issuer: cluster.issuer(),
  });
}

function world(projection: Partial<TokenProjection> = {}) {
  let now = NOW;
  const cluster = createCluster({ now: () => now });
  const pod = cluster.setPod(createPod(cluster, { name: 'web', serviceAccount: 'app' }));
  const projected = { path: 'token', expirationSeconds: 3607, ...projection };
  const cache = createTokenCache(cluster, NODE);
  const at = (age: number) => {
    now = NOW + age;
    return cache.get(pod, projected);
  };
  return { cluster, at, request: () => cluster.requestToken(pod, projected, NODE) };
}

describe('the simulated API server', () => {
  for (const algorithm of ['RS256', 'ES256'] as const) {
    it(`signs tokens with ${algorithm} that its published keys verify`, async () => {
      const cluster = createCluster({ now: () => NOW, algorithm });
      const pod = cluster.setPod(createPod(cluster, { name: 'web' }));
      const result = cluster.requestToken(pod, { path: 'token', expirationSeconds: 3607 }, NODE);
      const { protectedHeader, payload } = await verify(cluster, result);
      assert.equal(protectedHeader.alg, algorithm);
      assert.equal(payload.sub, 'system:serviceaccount:default:default');
    });
  }

  it('publishes keys that verify old tokens only until the old key is withdrawn', async () => {
    const { cluster, request } = world();
    const result = request();
    cluster.changeKey(true);
    await verify(cluster, result);
    cluster.changeKey(false);
    await assert.rejects(verify(cluster, result), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  const extensions = [
    { it: 'extends a default token to one year', projection: {}, lifetime: 31_536_000 },
    {
      it: 'does not extend a token with another lifetime',
      projection: { expirationSeconds: 3600 },
      lifetime: 3600,
    },
    { it: 'does not extend a token for another audience', projection: { audience: 'vault' }, lifetime: 3607 },
  ] as const;
  for (const { it: title, projection, lifetime } of extensions) {
    it(title, async () => {
      const { cluster, request } = world(projection);
      const { payload } = await verify(cluster, request());
      assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), lifetime);
    });
  }

  const failures = [
    {
      cause: 'the service account is deleted',
      fail: (cluster: Cluster) => cluster.deleteServiceAccount('default', 'app'),
      message: 'serviceaccounts "app" not found',
    },
    {
      cause: 'the audience is denied',
      fail: (cluster: Cluster) => cluster.denyAudience('vault'),
      message:
        'serviceaccounts "app" is forbidden: audience "vault" not found in pod spec volume, system:node:node-1 is not authorized to request tokens for this audience',
    },
    {
      cause: 'the API server is down',
      fail: (cluster: Cluster) => cluster.setAvailable(false),
      message: 'dial tcp 127.0.0.1:6443: connect: connection refused',
    },
  ] as const;
  for (const { cause, fail, message } of failures) {
    it(`fails if ${cause}, which the kubelet reports only after the old token expires`, () => {
      const { cluster, at } = world({ audience: 'vault', expirationSeconds: 600 });
      const first = at(0);
      fail(cluster);
      assert.deepEqual(at(599), first);
      assert.deepEqual(at(600), { ok: false, error: message });
    });
  }
});

describe('the token cache of the emulated kubelet', () => {
  const cases = [
    { seconds: 600, keptAt: 470, freshAt: 481 },
    { seconds: 3607, keptAt: 2876, freshAt: 2887 },
    { seconds: 86_400, keptAt: 69_110, freshAt: 69_121 },
    { seconds: 172_800, keptAt: 86_390, freshAt: 86_401 },
  ] as const;
  for (const { seconds, keptAt, freshAt } of cases) {
    it(`rotates a token of ${seconds} s between ${keptAt} s and ${freshAt} s of age`, () => {
      const { at } = world({ expirationSeconds: seconds });
      const first = at(0);
      assert.ok(first.ok);
      const [kept, fresh] = [at(keptAt), at(freshAt)];
      assert.equal(kept.ok && kept.value.token, first.value.token);
      assert.notEqual(fresh.ok && fresh.value.token, first.value.token);
    });
  }

  it('returns the same token for two volumes with the same audience and lifetime', () => {
    const { at } = world();
    assert.deepEqual(at(1), at(0));
  });

  it('does not rotate a token from the future before it is due', () => {
    const { at } = world({ expirationSeconds: 600 });
    const ahead = at(7200);
    assert.deepEqual(at(0), ahead);
  });
});
