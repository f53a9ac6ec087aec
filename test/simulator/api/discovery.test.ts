/**
 * The discovery documents of the simulated API server, compared with captures of a real one.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, it } from 'mocha';
import { createApiServer } from '../../../simulator/api-server.ts';
import { createCluster } from '../../../simulator/cluster.ts';
import { createPod } from '../../../simulator/pods.ts';
import { CAPTURES, NOW, TOKEN, USER, withApi } from './client.ts';

const captured = (name: string): object =>
  JSON.parse(readFileSync(new URL(name, CAPTURES), 'utf8')) as object;

const DOCUMENTS = [
  { path: '/.well-known/openid-configuration', file: 'openid-configuration.json', type: 'application/json' },
  { path: '/openid/v1/jwks', file: 'jwks.json', type: 'application/jwk-set+json' },
] as const;

/** JSON with placeholders for the values that differ between clusters. */
function shapeOf(document: unknown): string {
  return JSON.stringify(document, (key, value: unknown) =>
    ['kid', 'n', 'jwks_uri'].includes(key) ? `a ${typeof value}` : value,
  );
}

describe('discovery of the simulated API server', () => {
  for (const { path, file, type } of DOCUMENTS) {
    it(`serves ${path} with the fields, order and headers of a real API server`, async () => {
      const cluster = createCluster({ now: () => NOW, algorithm: 'RS256' });
      const api = createApiServer({ cluster, users: new Map([[TOKEN, USER]]) });
      const url = await api.listen();
      try {
        const response = await fetch(url + path, { headers: { Authorization: `Bearer ${TOKEN}` } });
        assert.equal(shapeOf(await response.json()), shapeOf(captured(file)));
        assert.equal(response.headers.get('content-type'), type);
        assert.equal(response.headers.get('cache-control'), 'public, max-age=3600');
      } finally {
        await api.close();
      }
    });
  }

  it(
    'publishes the keys that verify its tokens, and their URL',
    withApi(async ({ cluster, fetch, url }) => {
      cluster.changeKey(true);
      const configuration = (await (await fetch('/.well-known/openid-configuration')).json()) as {
        issuer: string;
        jwks_uri: string;
      };
      assert.equal(configuration.jwks_uri, `${url}/openid/v1/jwks`);
      const keys = (await (await fetch('/openid/v1/jwks')).json()) as JSONWebKeySet;
      assert.equal(keys.keys.length, 2);
      const pod = cluster.setPod(createPod(cluster, { name: 'web' }));
      const result = cluster.requestToken(
        pod,
        { path: 'token', expirationSeconds: 600 },
        { name: 'node-1', uid: 'u' },
      );
      assert.ok(result.ok);
      const { payload } = await jwtVerify(result.value.token, createLocalJWKSet(keys), {
        issuer: configuration.issuer,
        currentDate: new Date(NOW * 1_000),
      });
      assert.equal(payload.sub, 'system:serviceaccount:default:default');
    }),
  );

  it(
    'publishes the new issuer after a change',
    withApi(async ({ cluster, fetch }) => {
      cluster.changeIssuer('https://elsewhere');
      const { issuer } = (await (await fetch('/.well-known/openid-configuration')).json()) as {
        issuer: string;
      };
      assert.equal(issuer, 'https://elsewhere');
    }),
  );

  it(
    'serves the version of the captured API server',
    withApi(async ({ fetch }) => {
      const { gitVersion } = (await (await fetch('/version')).json()) as { gitVersion: string };
      assert.equal(gitVersion, 'v1.36.3');
    }),
  );
});
