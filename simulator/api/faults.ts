/**
 * What can be wrong with an API server's answer, and the answer it then gives.
 *
 * Pure. Knows nothing of when a fault is on.
 */

import { KINDS } from './kinds.ts';
import type { ApiRequest, ObjectResource } from './request.ts';
import { type Answer, document, plainText, refusal } from './response.ts';
import { etcdTimeout, expired, forbidden, unauthorized } from './status.ts';

export type FaultStatus = 401 | 403 | 410 | 429 | 500;

export type Fault =
  /** Accepted, never answered. */
  | { readonly kind: 'freeze' }
  /** Answered after some time; where none is given, once the fault is healed. */
  | { readonly kind: 'slow'; readonly seconds?: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'status'; readonly code: FaultStatus; readonly retryAfterSeconds?: number }
  /** JSON that breaks off in the middle. */
  | { readonly kind: 'half' }
  /** Objects of another kind. */
  | { readonly kind: 'wrong_kind' }
  | { readonly kind: 'huge'; readonly objects: number }
  | { readonly kind: 'endless' }
  /** Watches stay open, without an event or a bookmark. */
  | { readonly kind: 'silent' };

function statusAnswer(code: FaultStatus, request: ApiRequest, retryAfterSeconds = 1): Answer {
  switch (code) {
    case 401:
      return refusal(unauthorized());
    case 403:
      return refusal(forbidden('system:anonymous', request));
    case 410:
      return refusal(expired(1, 2));
    case 429:
      return plainText(code, 'Too many requests, please try again later.', {
        'Retry-After': String(retryAfterSeconds),
      });
    case 500:
      return refusal(etcdTimeout());
  }
}

const STRANGER = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'node-1', resourceVersion: '1' } };

function* frameOf(object: object): Iterable<string> {
  yield `${JSON.stringify({ type: 'ADDED', object })}\n`;
}

function strangers({ verb }: ApiRequest): Answer {
  if (verb === 'watch') return { kind: 'chunks', chunks: frameOf(STRANGER) };
  return document({ kind: 'NodeList', apiVersion: 'v1', metadata: {}, items: [STRANGER] });
}

function filler(resource: string, index: number): object {
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
    yield* frameOf({ kind: kindOf(resource), apiVersion: 'v1', ...filler(resource, index) });
}

function* manyItems(resource: string, count: number): Iterable<string> {
  const head = { kind: `${kindOf(resource)}List`, apiVersion: 'v1', metadata: { resourceVersion: '1' } };
  yield `${JSON.stringify(head).slice(0, -1)},"${resource === 'jwks' ? 'keys' : 'items'}":[`;
  for (let index = 0; index < count; index += 1)
    yield (index === 0 ? '' : ',') + JSON.stringify(filler(resource, index));
  yield ']}';
}

/** A list, or a watch's frames, of so many objects. */
function manyObjects({ resource, verb }: ApiRequest, count: number): Answer {
  return {
    kind: 'chunks',
    chunks: verb === 'watch' ? manyFrames(resource, count) : manyItems(resource, count),
  };
}

/** The first half of what would have been said; of a watch, half a frame. */
function half(answer: Answer): Answer {
  if (answer.kind === 'watch') return { kind: 'chunks', chunks: ['{"type":"ADDED","object":{"kind":"Po'] };
  if (answer.kind !== 'document') return answer;
  return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
}

/** The answer with the fault in it; `real` makes the one without. */
export function faultyAnswer(fault: Fault, request: ApiRequest, real: () => Answer): Answer {
  switch (fault.kind) {
    case 'freeze':
      return { kind: 'nothing' };
    case 'reset':
      return { kind: 'reset' };
    case 'status':
      return statusAnswer(fault.code, request, fault.retryAfterSeconds);
    case 'half':
      return half(real());
    case 'wrong_kind':
      return strangers(request);
    case 'huge':
      return manyObjects(request, fault.objects);
    case 'endless':
      return manyObjects(request, Number.POSITIVE_INFINITY);
    case 'slow':
    case 'silent':
      return real();
  }
}
