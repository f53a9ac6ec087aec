/**
 * The reviews that are posted: what is asked in them, and the answers as the API server sends them.
 *
 * Rules and words of a SubjectAccessReview: k8s.io/kubernetes/pkg/apis/authorization/validation. Knows nothing of how
 * tokens are judged, or paths.
 */
import { isObject, type JsonObject } from '../jwt.ts';
import type { Rbac } from './rbac.ts';
import { REVIEWS, type ReviewResource } from './request.ts';
import { type Answer, document, refusal } from './response.ts';
import { badRequest, type Cause, invalid } from './status.ts';
import { textOf } from './token-checks.ts';
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

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function headOf(resource: ReviewResource): object {
  const { kind, group } = REVIEWS[resource];
  return { kind, apiVersion: `${group}/v1`, metadata: {} };
}

export function reviewToken(reviewer: Reviewer, body: string): Answer {
  const spec = specOf(body);
  const { token, audiences } = spec;
  if (typeof token !== 'string' || token === '')
    return refusal(badRequest('token is required for TokenReview in authentication'));
  return document(
    { ...headOf('tokenreviews'), spec, status: reviewer.review(token, textsOf(audiences)) },
    201,
  );
}

/** What is wrong with a question; empty where nothing is. */
function causesOf({ resourceAttributes, nonResourceAttributes, user, groups }: JsonObject): readonly Cause[] {
  const hasOne = isObject(resourceAttributes) !== isObject(nonResourceAttributes);
  const value = isObject(nonResourceAttributes) ? JSON.stringify(nonResourceAttributes) : 'null';
  const words = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  const hasSubject = (typeof user === 'string' && user !== '') || textsOf(groups).length > 0;
  return [
    ...(hasOne ? [] : [{ field: 'spec', value, words }]),
    ...(hasSubject
      ? []
      : [{ field: 'spec.user', value: '""', words: 'at least one of user or group must be specified' }]),
  ];
}

/** Nobody is allowed anything with objects: that is the table in permissions.ts, and no question here. */
function judge(rbac: Rbac, spec: JsonObject): object {
  const { nonResourceAttributes: asked } = spec;
  const [path, verb] = [textOf(asked, 'path'), textOf(asked, 'verb')];
  const reason = isObject(asked)
    ? rbac.allows({ user: textOf(spec, 'user'), groups: textsOf(spec['groups']), path, verb })
    : undefined;
  return reason === undefined ? { allowed: false } : { allowed: true, reason };
}

export function reviewAccess(rbac: Rbac, body: string): Answer {
  const spec = specOf(body);
  const causes = causesOf(spec);
  if (causes.length > 0) return refusal(invalid(REVIEWS.subjectaccessreviews.group, causes));
  return document({ ...headOf('subjectaccessreviews'), spec, status: judge(rbac, spec) }, 201);
}
