/**
 * TokenReviews: sends one to learn whether the API server accepts a token, and interprets the reason of a rejection.
 */

import type { PodFacts, RejectReason, Review } from '../../core/cluster-facts.ts';
import type { Token } from '../../core/token/token.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { matchesPattern } from '../../util/pattern.ts';
import { isTokenText, trimToken } from '../../util/raw-token.ts';
import { ok } from '../../util/result.ts';
import type { Api } from './client/api.ts';
import type { ApiRequest } from './client/connection.ts';
import { type ApiResult, failed } from './client/failures.ts';
import { anyText, boolean, nullable, parsed } from './fields.ts';
import type { ApiServerCallbacks } from './health.ts';
import type { ReadRaw } from './keys/signatures.ts';

type PostRequest = ApiRequest & Required<Pick<ApiRequest, 'body'>>;

export const TOKEN_REVIEWS = {
  resource: 'tokenreviews',
  path: '/apis/authentication.k8s.io/v1/tokenreviews',
} as const;

/**
 * A TokenReview as JSON. No string is made of the token, which must consist of characters that JSON does not escape.
 *
 * `audiences`: empty for those of the API server.
 */
export function tokenReviewBody(token: Buffer, audiences: readonly string[]): Buffer {
  const review = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { audiences, token: '' },
  };
  const json = JSON.stringify(review);
  const at = json.length - '"}}'.length;
  return Buffer.concat([Buffer.from(json.slice(0, at)), token, Buffer.from(json.slice(at))]);
}

/** Posts a review and returns its status. Wipes the body, which may hold a raw token. */
export async function postReview(api: Api, request: PostRequest): Promise<ApiResult<JsonObject>> {
  const review = await api.request(request);
  request.body.fill(0);
  if (!review.ok) return review;
  const status = object(object(review.value)?.['status']);
  return status === undefined ? failed('bad_answer') : ok(status);
}

/** Substrings of the API server's messages. A row matches if all of its strings occur; the first match counts. */
const REJECT_MESSAGES: readonly (readonly [RejectReason, ...string[]])[] = [
  // First, because it is the only message that quotes the token's claims.
  ['audience', 'token audiences ', ' is invalid for the target audiences '],
  ['expired', 'service account token has expired'],
  ['not_yet_valid', 'service account token is not valid yet'],
  ['not_yet_valid', 'service account token is issued in the future'],
  ['account_deleted', 'serviceaccounts "', '" not found'],
  ['account_deleted', 'service account ', ' has been deleted'],
  ['account_deleted', 'ServiceAccount ', ' has been deleted'],
  ['account_recreated', 'service account UID (', ') does not match claim ('],
  ['account_recreated', 'ServiceAccount UID (', ') does not match claim ('],
  ['invalidated', 'oken has been invalidated'],
  ['invalidated', "Token does not match server's copy"],
  ['invalidated', 'pod UID (', ') does not match service account pod ref claim ('],
  ['invalidated', 'secret UID (', ') does not match service account secret ref claim ('],
  ['invalidated', 'node UID (', ') does not match service account node ref claim ('],
  ['marked_invalid', 'the token in secret ', ' has been marked invalid'],
  ['unknown_key', 'no keys found'],
  ['signature', 'error in cryptographic primitive'],
];

/** Substrings of messages that say that the API server could not decide. */
const INCONCLUSIVE_MESSAGES = [
  'timed out',
  'timeout',
  'deadline exceeded',
  'context canceled',
  'dial tcp',
  'connection re',
];

/** Returns undefined if the API server could not decide. */
export function parseRejectReason(message: string): RejectReason | undefined {
  const row = REJECT_MESSAGES.find(([, ...parts]) => parts.every((part) => message.includes(part)));
  if (row !== undefined) return row[0];
  return INCONCLUSIVE_MESSAGES.some((part) => message.includes(part)) ? undefined : 'other';
}

interface ReviewStatus {
  readonly isAccepted: boolean;
  readonly message: string;
}

/** Returns undefined if the status is malformed. */
export function parseReviewStatus(status: JsonObject): ReviewStatus | undefined {
  return parsed(() => {
    const isAccepted = nullable(status, 'authenticated', boolean) ?? false;
    return { isAccepted, message: nullable(status, 'error', anyText) ?? '' };
  });
}

function toReview({ isAccepted, message }: ReviewStatus, isForApiServer: boolean): Review | undefined {
  if (isAccepted) return { isAccepted, isForApiServer };
  const reason = parseRejectReason(message);
  return reason === undefined ? undefined : { isAccepted, reason };
}

const DEFAULT_VOLUME = 'kube-api-access-*';

/**
 * The audiences to review a token for; empty for those of the API server.
 *
 * The review should have the result that the token's recipient gets. A token that the pod's spec requests for the API
 * server is reviewed for the API server's current audiences, any other for its own, without which it would be rejected.
 * Whether its audiences are the expected ones is a separate check.
 */
export function reviewAudiences({ identity, claims }: Token, pod: PodFacts | undefined): readonly string[] {
  const { volume, path } = identity;
  const projection = pod?.projections.find((one) => one.volume === volume && one.path === path);
  const isForApiServer =
    projection === undefined ? matchesPattern(DEFAULT_VOLUME, volume) : !projection.audience;
  return isForApiServer ? [] : claims.audiences;
}

/** Returns undefined if the bytes are not a token. */
function requestBody(raw: Buffer, audiences: readonly string[]): Buffer | undefined {
  const token = trimToken(raw);
  return isTokenText(token) ? tokenReviewBody(token, audiences) : undefined;
}

export interface TokenReviewerOptions {
  readonly api: Api;
  readonly readRaw: ReadRaw;
  /** Returns undefined if the pod is unknown. */
  readonly podOf: (uid: string) => PodFacts | undefined;
  readonly callbacks: Pick<ApiServerCallbacks, 'onDropped'>;
}

/** Returns a function that reviews one token. Its result is undefined if the token is gone or the review inconclusive. */
export function createTokenReviewer({ api, readRaw, podOf, callbacks }: TokenReviewerOptions) {
  return async (token: Token, signal: AbortSignal): Promise<ApiResult<Review | undefined>> => {
    const audiences = reviewAudiences(token, podOf(token.identity.podUid));
    const body = readRaw(token, (raw) => requestBody(raw, audiences));
    if (body === undefined) return ok(undefined);
    const posted = await postReview(api, { ...TOKEN_REVIEWS, body, signal });
    if (!posted.ok) return posted;
    const status = parseReviewStatus(posted.value);
    if (status === undefined) callbacks.onDropped('tokenreviews', 'malformed', '');
    return ok(status && toReview(status, audiences.length === 0));
  };
}
