/**
 * Routes authorized requests to objects, lists, watches, reviews and discovery documents.
 */
import type { Trust } from '../authority.ts';
import type { Cluster } from '../cluster.ts';
import type { StoredObject } from '../object-store.ts';
import type { Rbac } from './authorization.ts';
import { DISCOVERY, isPublished, jsonWebKeys, openidConfiguration, versionDocument } from './discovery.ts';
import { KINDS, parseFieldSelector, type Selector } from './kinds.ts';
import { type ApiRequest, isReview, type ObjectResource, type Verb } from './request.ts';
import { type ApiResponse, jsonResponse, statusResponse, textResponse } from './response.ts';
import { type OnReview, reviewAccess, reviewToken } from './reviews.ts';
import { badRequest, methodNotAllowed, notFound, unknownPath } from './status.ts';
import type { Reviewer } from './token-review.ts';

export interface RouteOptions {
  readonly cluster: Cluster;
  /** What the control plane that handles the request trusts. */
  readonly trust: Trust;
  readonly reviewer: Reviewer;
  readonly rbac: Rbac;
  readonly onReview: OnReview;
  /** The URL of the server. */
  readonly url: () => string;
  readonly isSilent: (request: ApiRequest) => boolean;
}

const ISSUER_HEADERS = { 'Cache-Control': 'public, max-age=3600' };
const KEYS_HEADERS = { ...ISSUER_HEADERS, 'Content-Type': 'application/jwk-set+json' };
/** The real API server ends watches without `timeoutSeconds` after 30 to 60 minutes. */
const WATCH_SECONDS = 1_800;

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

function list({ cluster }: RouteOptions, resource: ObjectResource, matches: Selector): ApiResponse {
  const metadata = { resourceVersion: String(cluster.revision()) };
  const items = cluster.list(resource).filter(matches);
  return jsonResponse({ kind: `${KINDS[resource].kind}List`, apiVersion: 'v1', metadata, items });
}

function watch(
  options: RouteOptions,
  request: ApiRequest,
  resource: ObjectResource,
  matches: Selector,
): ApiResponse {
  const { query } = request;
  const version = query.get('resourceVersion') ?? '';
  const since = wholeNumber(version);
  if (version !== '' && since === undefined)
    return statusResponse(badRequest(`resourceVersion: Invalid value: ${JSON.stringify(version)}`));
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

function collection(options: RouteOptions, request: ApiRequest, resource: ObjectResource): ApiResponse {
  const parsed = parseFieldSelector(request.query.get('fieldSelector') ?? '', resource);
  if (!parsed.ok) return statusResponse(badRequest(parsed.error));
  const isInNamespace = isIn(request.namespace);
  const matches: Selector = (object) => isInNamespace(object) && parsed.value(object);
  return request.verb === 'watch'
    ? watch(options, request, resource, matches)
    : list(options, resource, matches);
}

function single({ cluster }: RouteOptions, request: ApiRequest, resource: ObjectResource): ApiResponse {
  const { namespace, name = '' } = request;
  const isNamed = ({ metadata }: StoredObject): boolean =>
    metadata.name === name && isIn(namespace)({ metadata });
  const found = cluster.list(resource).find(isNamed);
  if (found === undefined) return statusResponse(notFound(resource, name));
  return jsonResponse({ kind: KINDS[resource].kind, apiVersion: 'v1', ...found });
}

function unknown({ path }: ApiRequest): ApiResponse {
  return /^\/apis?\//.test(path) ? statusResponse(unknownPath()) : textResponse(404, '404 page not found\n');
}

function discovery({ trust, url }: RouteOptions, request: ApiRequest): ApiResponse {
  if (!isPublished(trust)) return unknown(request);
  return request.resource === 'jwks'
    ? jsonResponse(jsonWebKeys(trust), 200, KEYS_HEADERS)
    : jsonResponse(openidConfiguration(trust, url()), 200, ISSUER_HEADERS);
}

/** Reviews can be created, everything else can only be read. */
function isMethodAllowed({ resource, verb }: ApiRequest): boolean {
  const verbs: readonly Verb[] = isReview(resource) ? ['create'] : ['get', 'list', 'watch'];
  return resource === 'unknown' || verbs.includes(verb);
}

export function route(options: RouteOptions, request: ApiRequest, body: string): ApiResponse {
  const { resource, name, path } = request;
  const { cluster, reviewer, rbac } = options;
  if (!isMethodAllowed(request)) return statusResponse(methodNotAllowed());
  switch (resource) {
    case 'pods':
    case 'serviceaccounts':
    case 'events':
    case 'persistentvolumeclaims':
      return name === undefined ? collection(options, request, resource) : single(options, request, resource);
    case 'tokenreviews':
      return reviewToken(reviewer, body, options.onReview);
    case 'subjectaccessreviews':
      return reviewAccess(rbac, body);
    case 'openid-configuration':
    case 'jwks':
      return discovery(options, request);
    case 'version':
      return jsonResponse(versionDocument(cluster.version));
    case 'discovery':
      return jsonResponse(DISCOVERY.get(path));
    case 'unknown':
      return unknown(request);
  }
}
