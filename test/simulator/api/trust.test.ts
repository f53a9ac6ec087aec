/**
 * Issuers and keys that the simulated API server accepts, and what it publishes of them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { currentTrust } from '../../../simulator/authority.ts';
import { createForeignIssuer } from '../../../simulator/foreign.ts';
import { NOW, withApi } from './client.ts';
import { API, assertRejected, review, stage } from './reviews.ts';

const NEW = 'https://new.example';
const NODE = { name: 'node-1', uid: 'node-uid' };
const ISSUER_PATH = '/.well-known/openid-configuration';
const KEYS_PATH = '/openid/v1/jwks';

describe('the simulated API server with several issuers', () => {
  it(
    'accepts tokens of all of them, and signs with and publishes the first',
    withApi(async (t) => {
      const { token, pod, cluster, fetch } = stage(t);
      cluster.changeIssuer(NEW, true);
      const renewed = cluster.requestToken(pod, { path: 'token', expirationSeconds: 600 }, NODE);
      assert.ok(renewed.ok);
      assert.deepEqual(cluster.issuers(), [NEW, API]);
      for (const one of [token, renewed.value.token])
        assert.equal((await review(t, one)).status.authenticated, true);
      const { issuer } = (await (await fetch(ISSUER_PATH)).json()) as { issuer: string };
      assert.equal(issuer, NEW);
    }),
  );

  it(
    'accepts tokens for each of them as the audience',
    withApi(async (t) => {
      t.cluster.changeIssuer(NEW, true);
      const { token } = stage(t);
      assert.deepEqual((await review(t, token)).status.audiences, [NEW, API]);
    }),
  );

  it(
    'rejects tokens of a former issuer that is no longer listed',
    withApi(async (t) => {
      const { token } = stage(t);
      t.cluster.changeIssuer(NEW);
      assertRejected(await review(t, token), undefined);
    }),
  );
});

describe('the simulated API server with a key that it does not publish', () => {
  it(
    'accepts its tokens',
    withApi(async (t) => {
      const { token, cluster, fetch } = stage(t);
      cluster.unpublishKey(cluster.keys()[0]?.keyId ?? '');
      assert.deepEqual(await (await fetch(KEYS_PATH)).json(), { keys: [] });
      assert.equal((await review(t, token)).status.authenticated, true);
    }),
  );
});

describe('the simulated API server without an https URL as the issuer', () => {
  for (const issuer of ['api', 'http://api.example'])
    it(
      `publishes neither issuer nor keys: ${issuer}`,
      withApi(async (t) => {
        t.cluster.changeIssuer(issuer);
        for (const path of [ISSUER_PATH, KEYS_PATH]) assert.equal((await t.fetch(path)).status, 404);
        const { token } = stage(t);
        assert.equal((await review(t, token)).status.authenticated, true);
      }),
    );
});

describe('a simulated API server with two control planes', () => {
  it(
    'contradicts itself until the roll-out is complete',
    withApi(async (t) => {
      const remove = t.api.chaos.addControlPlane(currentTrust(t.cluster));
      t.cluster.changeKey(false);
      const { token } = stage(t);
      const both = [await review(t, token), await review(t, token)];
      const keysOf = async () => JSON.stringify(await (await t.fetch(KEYS_PATH)).json());
      assert.deepEqual(both.map(({ status }) => status.error ?? 'accepted').sort(), [
        '[invalid bearer token, invalid signature, no keys found]',
        'accepted',
      ]);
      assert.notEqual(await keysOf(), await keysOf());
      remove();
      assert.equal(await keysOf(), await keysOf());
      t.clock.advance(60);
      for (let count = 0; count < 2; count += 1)
        assert.equal((await review(t, token)).status.authenticated, true);
    }),
  );

  it(
    "rejects the exporter's own token after its key is withdrawn",
    withApi(async (t) => {
      const { token, fetch } = stage(t);
      const asOwn = { headers: { Authorization: `Bearer ${token}` } };
      assert.equal((await fetch('/version', asOwn)).status, 200);
      t.cluster.changeKey(false);
      t.clock.advance(60);
      assert.equal((await fetch('/version', asOwn)).status, 401);
    }),
  );
});

describe('tokens of other clusters and services', () => {
  const issuer = createForeignIssuer({ now: () => NOW });
  const tokens = {
    'a virtual pod': issuer.virtualPodToken('tenant', { name: 'web', uid: 'virtual' }, 'app'),
    'another cluster': issuer.accessToken('argocd', 'argocd-manager'),
    'a Secret of another cluster': issuer.legacyToken('submariner', 'broker-token', 'broker'),
    'another service': issuer.sign({
      iss: 'https://gitlab.example',
      sub: 'project_path:a/b:ref_type:branch',
    }),
  };
  for (const [name, token] of Object.entries(tokens))
    it(
      `is rejected and recorded as foreign: a token of ${name}`,
      withApi(async (t) => {
        const own = stage(t);
        assert.notEqual((await review(t, token)).status.authenticated, true);
        await review(t, own.token);
        assert.deepEqual(
          t.api.reviews().map(({ isForeign }) => isForeign),
          [true, false],
        );
      }),
    );
});
