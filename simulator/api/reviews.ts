/**
 * The endpoints of TokenReview and SubjectAccessReview: validation and responses.
 *
 * Source of the validation rules and messages: k8s.io/kubernetes/pkg/apis/authorization/validation.
 */
import { isObject, type JsonObject, stringField } from '../jwt.ts';
import type { Rbac } from './authorization.ts';
import { REVIEWS, type ReviewResource } from './request.ts';
import { type ApiResponse, jsonResponse, statusResponse } from './response.ts';
import { badRequest, type Cause, invalid } from './status.ts';
import type { Reviewer } from './token-review.ts';

function parseJson(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function specOf(body: string): JsonObject {
  const { spec } = parseJson(body);
  return isObject(spec) ? spec : {};
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function typeMeta(resource: ReviewResource): object {
  const { kind, group } = REVIEWS[resource];
  return { kind, apiVersion: `${group}/v1`, metadata: {} };
}

/** A token under review; `audiences` is empty for those of the API server. */
export type OnReview = (token: string, audiences: readonly string[]) => void;

export function reviewToken(reviewer: Reviewer, body: string, onReview: OnReview): ApiResponse {
  const spec = specOf(body);
  const { token, audiences } = spec;
  if (typeof token !== 'string' || token === '')
    return statusResponse(badRequest('token is required for TokenReview in authentication'));
  const requested = stringsOf(audiences);
  onReview(token, requested);
  return jsonResponse({ ...typeMeta('tokenreviews'), spec, status: reviewer.review(token, requested) }, 201);
}

/** Returns the validation errors of a SubjectAccessReview. */
function causesOf({ resourceAttributes, nonResourceAttributes, user, groups }: JsonObject): readonly Cause[] {
  const hasOne = isObject(resourceAttributes) !== isObject(nonResourceAttributes);
  const value = isObject(nonResourceAttributes) ? JSON.stringify(nonResourceAttributes) : 'null';
  const message = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  const hasSubject = (typeof user === 'string' && user !== '') || stringsOf(groups).length > 0;
  return [
    ...(hasOne ? [] : [{ field: 'spec', value, message }]),
    ...(hasSubject
      ? []
      : [{ field: 'spec.user', value: '""', message: 'at least one of user or group must be specified' }]),
  ];
}

/** Denies all requests for objects: only non-resource paths can be bound. */
function judge(rbac: Rbac, spec: JsonObject): object {
  const { nonResourceAttributes: attributes } = spec;
  const [path, verb] = [stringField(attributes, 'path'), stringField(attributes, 'verb')];
  const reason = isObject(attributes)
    ? rbac.allows({ user: stringField(spec, 'user'), groups: stringsOf(spec['groups']), path, verb })
    : undefined;
  return reason === undefined ? { allowed: false } : { allowed: true, reason };
}

export function reviewAccess(rbac: Rbac, body: string): ApiResponse {
  const spec = specOf(body);
  const causes = causesOf(spec);
  if (causes.length > 0) return statusResponse(invalid(REVIEWS.subjectaccessreviews.group, causes));
  return jsonResponse({ ...typeMeta('subjectaccessreviews'), spec, status: judge(rbac, spec) }, 201);
}
