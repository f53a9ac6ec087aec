/**
 * Parses requests to the API server: resource, verb, namespace and name, from method and URL.
 */
import type { Resource } from '../stores.ts';

/** The kinds of objects that are served. Secrets are not: no client here may read them. */
export type ObjectResource = Exclude<Resource, 'secrets'>;

export type ReviewResource = 'tokenreviews' | 'subjectaccessreviews';

export type RequestedResource =
  | ObjectResource
  | ReviewResource
  | 'openid-configuration'
  | 'jwks'
  | 'version'
  | 'discovery'
  | 'unknown';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly resource: RequestedResource;
  readonly verb: Verb;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

const OBJECTS = /^\/api\/v1(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[a-z]+)(?:\/(?<name>[^/]+))?$/;
const OBJECT_RESOURCES: readonly string[] = [
  'pods',
  'serviceaccounts',
  'events',
  'persistentvolumeclaims',
] satisfies ObjectResource[];

/** Kind and API group of each review. */
export const REVIEWS: Readonly<Record<ReviewResource, { readonly kind: string; readonly group: string }>> = {
  tokenreviews: { kind: 'TokenReview', group: 'authentication.k8s.io' },
  subjectaccessreviews: { kind: 'SubjectAccessReview', group: 'authorization.k8s.io' },
};

export function isReview(resource: RequestedResource): resource is ReviewResource {
  return resource in REVIEWS;
}

const REVIEW_PATHS = Object.entries(REVIEWS).flatMap(([resource, { group }]) => [
  [`/apis/${group}/v1`, 'discovery' as const] as const,
  [`/apis/${group}/v1/${resource}`, resource as ReviewResource] as const,
]);

const PATHS: ReadonlyMap<string, RequestedResource> = new Map<string, RequestedResource>([
  ...REVIEW_PATHS,
  ['/.well-known/openid-configuration', 'openid-configuration'],
  ['/openid/v1/jwks', 'jwks'],
  ['/version', 'version'],
  ['/api', 'discovery'],
  ['/api/v1', 'discovery'],
  ['/apis', 'discovery'],
]);

const WRITES: ReadonlyMap<string, Verb> = new Map([
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

function readingVerb(isCollection: boolean, query: URLSearchParams): Verb {
  if (!isCollection) return 'get';
  return ['1', 'true'].includes(query.get('watch') ?? '') ? 'watch' : 'list';
}

export function parseRequest(method: string, url: string): ApiRequest {
  const { pathname: path, searchParams: query } = new URL(url, 'http://api');
  const { namespace, resource = '', name } = OBJECTS.exec(path)?.groups ?? {};
  const isObject = OBJECT_RESOURCES.includes(resource);
  return {
    method,
    path,
    query,
    resource: isObject ? (resource as ObjectResource) : (PATHS.get(path) ?? 'unknown'),
    verb: WRITES.get(method) ?? readingVerb(isObject && name === undefined, query),
    namespace,
    name,
  };
}
