/**
 * Error responses as Status objects.
 *
 * Source of the messages: k8s.io/apimachinery/pkg/api/errors and k8s.io/apiserver.
 */
import { KINDS } from './kinds.ts';
import { type ApiRequest, isReview, REVIEWS } from './request.ts';

export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly code: number;
}

type Details = NonNullable<Status['details']>;

function failure(code: number, reason: string | undefined, message: string, details?: Details): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export function unauthorized(): Status {
  return failure(401, 'Unauthorized', 'Unauthorized');
}

function isDocument({ resource }: ApiRequest): boolean {
  return !(isReview(resource) || resource in KINDS);
}

export function forbidden(user: string, request: ApiRequest): Status {
  const { resource, verb, namespace, name, path } = request;
  if (isDocument(request))
    return failure(403, 'Forbidden', `forbidden: User "${user}" cannot ${verb} path "${path}"`, {});
  const group = isReview(resource) ? REVIEWS[resource].group : '';
  const subject = [
    group === '' ? resource : `${resource}.${group}`,
    ...(name === undefined ? [] : [`"${name}"`]),
  ];
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const act = `cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`;
  return failure(403, 'Forbidden', `${subject.join(' ')} is forbidden: User "${user}" ${act}`, {
    ...(name === undefined ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind: resource,
  });
}

export function notFound(resource: string, name: string): Status {
  return failure(404, 'NotFound', `${resource} "${name}" not found`, { name, kind: resource });
}

export function unknownPath(): Status {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function methodNotAllowed(): Status {
  const message = 'the server does not allow this method on the requested resource';
  return failure(405, 'MethodNotAllowed', message, {});
}

export function badRequest(message: string): Status {
  return failure(400, 'BadRequest', message);
}

/** An invalid field. */
export interface Cause {
  readonly field: string;
  /** As JSON. */
  readonly value: string;
  readonly message: string;
}

/** The kind and the name are empty, as in the responses of the real API server to invalid reviews. */
export function invalid(group: string, causes: readonly Cause[]): Status {
  const details = causes.map(({ field, value, message }) => ({
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${value}: ${message}`,
    field,
  }));
  const all = details.map(({ field, message }) => `${field}: ${message}`).join(', ');
  const message = `.${group} "" is invalid: ${details.length === 1 ? all : `[${all}]`}`;
  return failure(422, 'Invalid', message, { group, causes: details });
}

/** The watch cache no longer holds the changes after `requested`. */
export function expired(requested: number, oldest: number): Status {
  return failure(410, 'Expired', `too old resource version: ${requested} (${oldest})`);
}

export function etcdTimeout(): Status {
  return failure(500, undefined, 'etcdserver: request timed out');
}
