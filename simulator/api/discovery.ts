/**
 * The documents of the API server about itself: version, API discovery, OpenID Connect discovery and JWKS.
 */

import type { SigningKey, Trust } from '../authority.ts';
import type { KubernetesVersion } from '../version.ts';
import { KINDS } from './kinds.ts';
import { REVIEWS } from './request.ts';

/** `/version`. */
export function versionDocument({ gitVersion, minor }: KubernetesVersion): object {
  return {
    major: '1',
    minor: String(minor),
    gitVersion,
    gitTreeState: 'clean',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}

const READ_VERBS = ['get', 'list', 'watch'];

function resourceList(groupVersion: string, resources: readonly object[]): object {
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

const objectResources = Object.entries(KINDS).map(([name, { kind, singularName, shortNames }]) => ({
  name,
  singularName,
  namespaced: true,
  kind,
  verbs: READ_VERBS,
  shortNames,
}));

const reviews = Object.entries(REVIEWS).map(([name, { kind, group }]) => {
  const resource = { name, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ['create'] };
  return { group, resource };
});

const groups = reviews.map(({ group: name }) => {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
});

/** API discovery documents, by path. */
export const DISCOVERY: ReadonlyMap<string, object> = new Map([
  ['/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }],
  ['/api/v1', resourceList('v1', objectResources)],
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups }],
  ...reviews.map(
    ({ group, resource }) => [`/apis/${group}/v1`, resourceList(`${group}/v1`, [resource])] as const,
  ),
]);

/** Without an https URL as the issuer, the API server logs an error and serves neither of the two documents. */
export function isPublished(trust: Trust): boolean {
  return URL.parse(trust.issuer())?.protocol === 'https:';
}

/** `/.well-known/openid-configuration`. */
export function openidConfiguration(trust: Trust, url: string): object {
  const algorithms = new Set(trust.keys().map(({ publicJwk }) => publicJwk.alg));
  return {
    issuer: trust.issuer(),
    jwks_uri: `${url}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...algorithms],
  };
}

/** Fields in the order of the real API server. */
function printedKey({ publicJwk }: SigningKey): object {
  const { use, kty, kid, crv, alg, n, e, x, y } = publicJwk;
  return { use, kty, kid, crv, alg, n, e, x, y };
}

/** `/openid/v1/jwks`. */
export function jsonWebKeys(trust: Trust): object {
  return { keys: trust.keys().map(printedKey) };
}
