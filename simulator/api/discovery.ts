/**
 * What the API server says of itself: its version, its resources, its issuer and its keys.
 *
 * Knows nothing of objects.
 */
import type { Cluster } from '../cluster.ts';
import type { SigningKey } from '../signing-key.ts';
import { KINDS } from './kinds.ts';
import { REVIEWS } from './request.ts';

export const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.3',
  gitTreeState: 'clean',
  compiler: 'gc',
  platform: 'linux/amd64',
};

const READ = ['get', 'list', 'watch'];

function resourceList(groupVersion: string, resources: readonly object[]): object {
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

const objectResources = Object.entries(KINDS).map(([name, { kind, singularName, shortNames }]) => ({
  name,
  singularName,
  namespaced: true,
  kind,
  verbs: READ,
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

/** What clients read to find out what there is, by path. */
export const DISCOVERY: ReadonlyMap<string, object> = new Map([
  ['/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }],
  ['/api/v1', resourceList('v1', objectResources)],
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups }],
  ...reviews.map(
    ({ group, resource }) => [`/apis/${group}/v1`, resourceList(`${group}/v1`, [resource])] as const,
  ),
]);

/** `/.well-known/openid-configuration` of an API server at a URL. */
export function openidConfiguration(cluster: Cluster, url: string): object {
  const algorithms = new Set(cluster.keys().map(({ publicJwk }) => publicJwk.alg));
  return {
    issuer: cluster.issuer(),
    jwks_uri: `${url}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...algorithms],
  };
}

/** In the order that the real one prints. */
function printedKey({ publicJwk }: SigningKey): object {
  const { use, kty, kid, crv, alg, n, e, x, y } = publicJwk;
  return { use, kty, kid, crv, alg, n, e, x, y };
}

/** `/openid/v1/jwks`. */
export function jsonWebKeys(cluster: Cluster): object {
  return { keys: cluster.keys().map(printedKey) };
}
