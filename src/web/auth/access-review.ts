/**
 * Asks the API server whether a bearer token may access a path, as controller-runtime does: a TokenReview, then a
 * SubjectAccessReview of the user it returned.
 *
 * The token is sent and not kept; no result and no error contains it.
 */
import { createHash } from 'node:crypto';
import type { ClusterFailure } from '../../core/cluster-facts.ts';
import type { Api } from '../../sources/api-server/client/api.ts';
import { type ApiResult, failed } from '../../sources/api-server/client/failures.ts';
import type { AccessResource } from '../../sources/api-server/client/requests.ts';
import { anyText, boolean, nullable, parsed, required } from '../../sources/api-server/fields.ts';
import {
  parseRejectReason,
  parseReviewStatus,
  postReview,
  TOKEN_REVIEWS,
  tokenReviewBody,
} from '../../sources/api-server/token-review.ts';
import { type Clock, createDeadline } from '../../util/clock.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { createTtlCache, type TtlCache } from '../../util/ttl-cache.ts';
import { isBearerToken } from './authorization-header.ts';

/** The non-resource attributes of a SubjectAccessReview. */
export interface AccessAttributes {
  readonly verb: string;
  readonly path: string;
}

/** `unauthenticated`: the token is not valid. `forbidden`: the token is valid, but RBAC denies access. */
export type Decision = 'allowed' | 'unauthenticated' | 'forbidden';

export type AccessReview =
  | { readonly outcome: Decision }
  /** The API server could not decide. */
  | {
      readonly outcome: 'failed';
      readonly resource: AccessResource;
      readonly failure: ClusterFailure;
    };

export interface AccessReviewerOptions {
  readonly api: Api;
  readonly clock: Clock;
  /** Called for a failed review, unless the one before failed for the same reason. */
  readonly onFailure: (resource: AccessResource, failure: ClusterFailure) => void;
}

export interface AccessReviewer {
  /** Resolves within five seconds. Never rejects. */
  readonly review: (token: string, attributes: AccessAttributes) => Promise<AccessReview>;
  /** Aborts pending reviews. */
  readonly close: () => void;
}

const ACCESS_REVIEWS = {
  resource: 'subjectaccessreviews',
  path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
} as const;

/** For both requests together: a scrape times out after ten seconds, and the response has to come before that. */
const TIMEOUT_MS = 5_000;
/** controller-runtime's five minutes, less the minute for which the guard caches the decision. */
const ALLOWED_TTL_MS = 4 * 60_000;
const MAX_ALLOWED = 1_000;
/** A user may be in hundreds of groups. */
const MAX_BODY_BYTES = 256 * 1024;

const ALLOWED: AccessReview = { outcome: 'allowed' };
const FORBIDDEN: AccessReview = { outcome: 'forbidden' };
const UNAUTHENTICATED: AccessReview = { outcome: 'unauthenticated' };

function failedAt(resource: AccessResource, failure: ClusterFailure): AccessReview {
  return { outcome: 'failed', resource, failure };
}

function nonEmptyText(value: unknown): string | undefined {
  return value === '' ? undefined : anyText(value);
}

function strings(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

function stringsByKey(value: unknown): JsonObject | undefined {
  const lists = object(value);
  return lists && Object.values(lists).every((list) => strings(list) !== undefined) ? lists : undefined;
}

/** The user of a TokenReview in the form of a SubjectAccessReview; undefined if it is malformed. */
function subjectOf(status: JsonObject): JsonObject | undefined {
  return parsed(() => {
    const user = required(status, 'user', object);
    return {
      user: required(user, 'username', nonEmptyText),
      uid: nullable(user, 'uid', anyText),
      groups: nullable(user, 'groups', strings),
      extra: nullable(user, 'extra', stringsByKey),
    };
  });
}

/** The subject that the token belongs to; undefined if the token is not valid. */
function readSubject(status: JsonObject): ApiResult<JsonObject | undefined> {
  const read = parseReviewStatus(status);
  if (read === undefined) return failed('bad_answer');
  if (read.isAccepted) {
    const subject = subjectOf(status);
    return subject === undefined ? failed('bad_answer') : { ok: true, value: subject };
  }
  // Without a known reason the token was not rejected: the API server failed to check it.
  return parseRejectReason(read.message) === undefined
    ? failed('server_error')
    : { ok: true, value: undefined };
}

async function authenticate(
  api: Api,
  token: string,
  signal: AbortSignal,
): Promise<ApiResult<JsonObject | undefined>> {
  const raw = Buffer.from(token);
  const body = tokenReviewBody(raw, []);
  raw.fill(0);
  const response = await postReview(api, { ...TOKEN_REVIEWS, body, signal });
  return response.ok ? readSubject(response.value) : response;
}

function accessReviewBody(subject: JsonObject, { verb, path }: AccessAttributes): string {
  const spec = { nonResourceAttributes: { path, verb }, ...subject };
  return JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec });
}

/** A denial by one of several authorizers overrides `allowed`. */
function readAllowed(status: JsonObject): boolean | undefined {
  return parsed(() => {
    const isDenied = nullable(status, 'denied', boolean) ?? false;
    return required(status, 'allowed', boolean) && !isDenied;
  });
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('base64');
}

/** `allowed` holds what was allowed recently; a denial is not cached. */
async function authorize(
  api: Api,
  allowed: TtlCache<true>,
  review: string,
  signal: AbortSignal,
): Promise<ApiResult<boolean>> {
  const key = digestOf(review);
  if (allowed.get(key)) return { ok: true, value: true };
  const body = Buffer.from(review);
  if (body.length > MAX_BODY_BYTES) return failed('too_large');
  const response = await postReview(api, { ...ACCESS_REVIEWS, body, signal });
  if (!response.ok) return response;
  const value = readAllowed(response.value);
  if (value === undefined) return failed('bad_answer');
  if (value) allowed.set(key, true);
  return { ok: true, value };
}

/** Reports a failure that differs from the one before. */
function createReport(onFailure: AccessReviewerOptions['onFailure']): (review: AccessReview) => void {
  let last: string | undefined;
  return (review) => {
    const failure = review.outcome === 'failed' ? `${review.resource} ${review.failure}` : undefined;
    if (review.outcome === 'failed' && failure !== last) onFailure(review.resource, review.failure);
    last = failure;
  };
}

export function createAccessReviewer({ api, clock, onFailure }: AccessReviewerOptions): AccessReviewer {
  const expiry = { ttlMs: ALLOWED_TTL_MS, monotonicMs: clock.monotonicMs };
  const allowed = createTtlCache<true>({ maxEntries: MAX_ALLOWED, expiry });
  const report = createReport(onFailure);
  const closing = new AbortController();

  const ask = async (
    token: string,
    attributes: AccessAttributes,
    signal: AbortSignal,
  ): Promise<AccessReview> => {
    const subject = await authenticate(api, token, signal);
    if (!subject.ok) return failedAt('tokenreviews', subject.error.failure);
    if (subject.value === undefined) return UNAUTHENTICATED;
    const isAllowed = await authorize(api, allowed, accessReviewBody(subject.value, attributes), signal);
    if (!isAllowed.ok) return failedAt('subjectaccessreviews', isAllowed.error.failure);
    return isAllowed.value ? ALLOWED : FORBIDDEN;
  };

  const review = async (token: string, attributes: AccessAttributes): Promise<AccessReview> => {
    if (!isBearerToken(token)) return UNAUTHENTICATED;
    const deadline = createDeadline(clock, TIMEOUT_MS, closing.signal);
    const result = await ask(token, attributes, deadline.signal).finally(deadline.cancel);
    // A response cut off by the deadline looks like a connection that broke.
    const isTimeout = result.outcome === 'failed' && deadline.isExpired();
    const reviewed = isTimeout ? failedAt(result.resource, 'timeout') : result;
    report(reviewed);
    return reviewed;
  };
  return { review, close: () => closing.abort() };
}
