/**
 * What answers what: objects, lists, watches, reviews and documents.
 *
 * Knows nothing of connections; asks nobody whether the request is allowed.
 */
import type { Cluster } from '../cluster.ts';
import type { StoredObject } from '../object-store.ts';
import { DISCOVERY, jsonWebKeys, openidConfiguration, VERSION } from './discovery.ts';
import { KINDS, parseFieldSelector, type Selector } from './kinds.ts';
import type { Rbac } from './rbac.ts';
import { type ApiRequest, isReview, type ObjectResource, type Verb } from './request.ts';
import { type Answer, document, plainText, refusal } from './response.ts';
import { reviewAccess, reviewToken } from './reviews.ts';
import { badRequest, methodNotAllowed, notFound, unknownPath } from './status.ts';
import type { Reviewer } from './token-review.ts';

export interface RouteOptions {
  readonly cluster: Cluster;
  readonly reviewer: Reviewer;
  readonly rbac: Rbac;
  /** Where the server is reached. */
  readonly url: () => string;
  readonly isSilent: (request: ApiRequest) => boolean;
}

const ISSUER_HEADERS = { 'Cache-Control': 'public, max-age=3600' };
const KEYS_HEADERS = { ...ISSUER_HEADERS, 'Content-Type': 'application/jwk-set+json' };
/** The real one ends watches that name no timeout after 30 to 60 minutes. */
const WATCH_SECONDS = 1_800;

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

function list({ cluster }: RouteOptions, resource: ObjectResource, matches: Selector): Answer {
  const metadata = { resourceVersion: String(cluster.revision()) };
  const items = cluster.list(resource).filter(matches);
  return document({ kind: `${KINDS[resource].kind}List`, apiVersion: 'v1', metadata, items });
}

function watch(
  options: RouteOptions,
  request: ApiRequest,
  resource: ObjectResource,
  matches: Selector,
): Answer {
  const { query } = request;
  const asked = query.get('resourceVersion') ?? '';
  const since = wholeNumber(asked);
  if (asked !== '' && since === undefined)
    return refusal(badRequest(`resourceVersion: Invalid value: ${JSON.stringify(asked)}`));
  const seconds = wholeNumber(query.get('timeoutSeconds')) ?? 0;
  return {
    kind: 'watch',
    spec: {
      resource,
      matches,
      since: since === 0 ? undefined : since,
      hasBookmarks: ['1', 'true'].includes(query.get('allowWatchBookmarks') ?? ''),
      timeoutSeconds: seconds > 0 ? seconds : WATCH_SECONDS + Math.random() * WATCH_SECONDS,
      isSilent: () => options.isSilent(request),
    },
  };
}

function isIn(namespace: string | undefined): Selector {
  return ({ metadata }) => namespace === undefined || metadata.namespace === namespace;
}

function collection(options: RouteOptions, request: ApiRequest, resource: ObjectResource): Answer {
  const parsed = parseFieldSelector(request.query.get('fieldSelector') ?? '', resource);
  if (!parsed.ok) return refusal(badRequest(parsed.message));
  const isThere = isIn(request.namespace);
  const matches: Selector = (object) => isThere(object) && parsed.matches(object);
  return request.verb === 'watch'
    ? watch(options, request, resource, matches)
    : list(options, resource, matches);
}

function single({ cluster }: RouteOptions, request: ApiRequest, resource: ObjectResource): Answer {
  const { namespace, name = '' } = request;
  const isNamed = ({ metadata }: StoredObject): boolean =>
    metadata.name === name && isIn(namespace)({ metadata });
  const found = cluster.list(resource).find(isNamed);
  if (found === undefined) return refusal(notFound(resource, name));
  return document({ kind: KINDS[resource].kind, apiVersion: 'v1', ...found });
}

function unknown({ path }: ApiRequest): Answer {
  return /^\/apis?\//.test(path) ? refusal(unknownPath()) : plainText(404, '404 page not found\n');
}

/** Reviews are made and all else is read; nothing can be changed. */
function isAllowed({ resource, verb }: ApiRequest): boolean {
  const verbs: readonly Verb[] = isReview(resource) ? ['create'] : ['get', 'list', 'watch'];
  return resource === 'unknown' || verbs.includes(verb);
}

/** The answer to a request that is permitted. */
export function route(options: RouteOptions, request: ApiRequest, body: string): Answer {
  const { resource, name, path } = request;
  const { cluster, reviewer, rbac, url } = options;
  if (!isAllowed(request)) return refusal(methodNotAllowed());
  switch (resource) {
    case 'pods':
    case 'serviceaccounts':
    case 'events':
      return name === undefined ? collection(options, request, resource) : single(options, request, resource);
    case 'tokenreviews':
      return reviewToken(reviewer, body);
    case 'subjectaccessreviews':
      return reviewAccess(rbac, body);
    case 'openid-configuration':
      return document(openidConfiguration(cluster, url()), 200, ISSUER_HEADERS);
    case 'jwks':
      return document(jsonWebKeys(cluster), 200, KEYS_HEADERS);
    case 'version':
      return document(VERSION);
    case 'discovery':
      return document(DISCOVERY.get(path));
    case 'unknown':
      return unknown(request);
  }
}
