/**
 * Fault injection: which requests fail, how often, until when, and what the API server responds instead.
 */
import { KINDS } from './kinds.ts';
import type { ApiRequest, ObjectResource, RequestedResource, Verb } from './request.ts';
import { type ApiResponse, jsonResponse, statusResponse, textResponse } from './response.ts';
import { etcdTimeout, expired, forbidden, unauthorized } from './status.ts';

export type FaultStatus = 401 | 403 | 410 | 429 | 500;

export type Fault =
  /** Accepts the request and never responds. */
  | { readonly kind: 'freeze' }
  /** Responds after some time, or when the fault ends if no time is given. */
  | { readonly kind: 'slow'; readonly seconds?: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'status'; readonly code: FaultStatus; readonly retryAfterSeconds?: number }
  /** Truncated JSON. */
  | { readonly kind: 'half' }
  /** Objects of an unexpected kind. */
  | { readonly kind: 'wrong_kind' }
  | { readonly kind: 'huge'; readonly objects: number }
  | { readonly kind: 'endless' }
  /** Watches stay open and send neither events nor bookmarks. */
  | { readonly kind: 'silent' }
  /** Watches get 200 and then an ERROR event with 410, as after a restart of the API server. */
  | { readonly kind: 'gone' }
  /** Watches get 200 and are closed at once, without an event. */
  | { readonly kind: 'closed' };

function faultStatus(code: FaultStatus, request: ApiRequest, retryAfterSeconds = 1): ApiResponse {
  switch (code) {
    case 401:
      return statusResponse(unauthorized());
    case 403:
      return statusResponse(forbidden('system:anonymous', request));
    case 410:
      return statusResponse(expired(1, 2));
    case 429:
      return textResponse(code, 'Too many requests, please try again later.', {
        'Retry-After': String(retryAfterSeconds),
      });
    case 500:
      return statusResponse(etcdTimeout());
  }
}

const NODE_OBJECT = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'node-1', resourceVersion: '1' } };

function* frameOf(object: object, type = 'ADDED'): Iterable<string> {
  yield `${JSON.stringify({ type, object })}\n`;
}

/** A watch that sends only these chunks. Other requests get the real response. */
function endedWatch({ verb }: ApiRequest, chunks: Iterable<string>, real: () => ApiResponse): ApiResponse {
  return verb === 'watch' ? { kind: 'chunks', chunks } : real();
}

function wrongKind({ verb }: ApiRequest): ApiResponse {
  if (verb === 'watch') return { kind: 'chunks', chunks: frameOf(NODE_OBJECT) };
  return jsonResponse({ kind: 'NodeList', apiVersion: 'v1', metadata: {}, items: [NODE_OBJECT] });
}

function fillerObject(resource: string, index: number): object {
  const name = `filler-${index}`;
  if (resource === 'jwks')
    return { use: 'sig', kty: 'EC', kid: name, crv: 'P-256', alg: 'ES256', x: '', y: '' };
  const metadata = { name, namespace: 'default', uid: name, resourceVersion: '1' };
  const spec = { nodeName: 'node-1', serviceAccountName: 'default', containers: [], volumes: [] };
  return resource === 'pods' ? { metadata, spec, status: { phase: 'Running' } } : { metadata };
}

function kindOf(resource: string): string {
  return KINDS[resource as ObjectResource]?.kind ?? '';
}

function* manyFrames(resource: string, count: number): Iterable<string> {
  for (let index = 0; index < count; index += 1)
    yield* frameOf({ kind: kindOf(resource), apiVersion: 'v1', ...fillerObject(resource, index) });
}

function* manyItems(resource: string, count: number): Iterable<string> {
  const head = { kind: `${kindOf(resource)}List`, apiVersion: 'v1', metadata: { resourceVersion: '1' } };
  yield `${JSON.stringify(head).slice(0, -1)},"${resource === 'jwks' ? 'keys' : 'items'}":[`;
  for (let index = 0; index < count; index += 1)
    yield (index === 0 ? '' : ',') + JSON.stringify(fillerObject(resource, index));
  yield ']}';
}

/** A list or a watch with `count` objects. */
function manyObjects({ resource, verb }: ApiRequest, count: number): ApiResponse {
  return {
    kind: 'chunks',
    chunks: verb === 'watch' ? manyFrames(resource, count) : manyItems(resource, count),
  };
}

/** The first half of a response; half a frame of a watch. */
function truncated(response: ApiResponse): ApiResponse {
  if (response.kind === 'watch') return { kind: 'chunks', chunks: ['{"type":"ADDED","object":{"kind":"Po'] };
  if (response.kind !== 'document') return response;
  return { ...response, body: response.body.slice(0, response.body.length / 2) };
}

/** Returns the response with the fault applied; `real` returns the response without it. */
export function faultyResponse(fault: Fault, request: ApiRequest, real: () => ApiResponse): ApiResponse {
  switch (fault.kind) {
    case 'freeze':
      return { kind: 'hang' };
    case 'reset':
      return { kind: 'reset' };
    case 'status':
      return faultStatus(fault.code, request, fault.retryAfterSeconds);
    case 'half':
      return truncated(real());
    case 'wrong_kind':
      return wrongKind(request);
    case 'huge':
      return manyObjects(request, fault.objects);
    case 'endless':
      return manyObjects(request, Number.POSITIVE_INFINITY);
    case 'gone':
      return endedWatch(request, frameOf(expired(1, 2), 'ERROR'), real);
    case 'closed':
      return endedWatch(request, [], real);
    case 'slow':
    case 'silent':
      return real();
  }
}

/** The requests to which a fault applies: all, unless restricted. */
export interface Target {
  readonly resource?: RequestedResource;
  readonly verb?: Verb;
  /** The number of requests that fail; later ones succeed. */
  readonly times?: number;
}

export interface ActiveFault {
  readonly fault: Fault;
  /** Resolves when the fault ends. */
  readonly healed: Promise<void>;
}

export interface FaultInjector {
  /** Returns a function that ends the fault. */
  readonly inject: (fault: Fault, target?: Target) => () => void;
  /** Ends all faults. */
  readonly heal: () => void;
  /** Returns the latest fault for this request and counts it. Excludes `silent`, which is checked at every frame. */
  readonly take: (request: ApiRequest) => ActiveFault | undefined;
  readonly isSilent: (request: ApiRequest) => boolean;
}

interface InjectedFault extends ActiveFault {
  readonly target: Target;
  readonly heal: () => void;
  remaining: number;
}

function hits({ resource, verb }: Target, request: ApiRequest): boolean {
  return (resource ?? request.resource) === request.resource && (verb ?? request.verb) === request.verb;
}

export function createFaultInjector(): FaultInjector {
  let active: readonly InjectedFault[] = [];

  const inject = (fault: Fault, target: Target = {}): (() => void) => {
    const { promise: healed, resolve } = Promise.withResolvers<void>();
    const heal = (): void => {
      active = active.filter((one) => one !== injected);
      resolve();
    };
    const remaining = target.times ?? Number.POSITIVE_INFINITY;
    const injected: InjectedFault = { fault, target, healed, heal, remaining };
    active = [injected, ...active];
    return heal;
  };

  const take = (request: ApiRequest): ActiveFault | undefined => {
    const found = active.find(
      ({ fault, target, remaining }) => fault.kind !== 'silent' && remaining > 0 && hits(target, request),
    );
    if (found !== undefined) found.remaining -= 1;
    return found;
  };

  return {
    inject,
    heal: () => {
      for (const { heal } of active) heal();
    },
    take,
    isSilent: (request) =>
      active.some(({ fault, target }) => fault.kind === 'silent' && hits(target, request)),
  };
}
