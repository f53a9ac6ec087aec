/**
 * Asks the API server whether it would accept a token, and reads why not.
 *
 * Knows nothing of which tokens give reason to ask, nor of how often.
 */

import type { PodFacts, RejectReason, Review } from '../../core/cluster-facts.ts';
import { matchesPattern } from '../../core/pattern.ts';
import type { Token } from '../../core/token.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { isTokenText, trimToken } from '../../util/raw-token.ts';
import type { Answer, Api } from './api.ts';
import type { Question } from './connection.ts';
import { failed } from './failures.ts';
import { anyText, boolean, optional, parsed } from './fields.ts';
import type { ReadRaw } from './signatures.ts';

type Posted = Question & Required<Pick<Question, 'body'>>;

export const TOKEN_REVIEWS = {
  resource: 'tokenreviews',
  path: '/apis/authentication.k8s.io/v1/tokenreviews',
} as const;

/**
 * A TokenReview as JSON. No string is made of the token, which must be of characters that JSON leaves as they are.
 *
 * `audiences`: none for the API server's own.
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

/** Posts a review and answers its status. The body is gone afterwards. */
export async function postReview(api: Api, question: Posted): Promise<Answer<JsonObject>> {
  const answer = await api.ask(question);
  question.body.fill(0);
  if (!answer.ok) return answer;
  const status = object(object(answer.value)?.['status']);
  return status === undefined ? failed('bad_answer') : { ok: true, value: status };
}

export interface ReviewerOptions {
  readonly api: Api;
  readonly readRaw: ReadRaw;
  /** The pod of the uid, where it is known. */
  readonly podOf: (uid: string) => PodFacts | undefined;
}

const DEFAULT_VOLUME = 'kube-api-access-*';

const MINUTE_MS = 60_000;
/** A refusal may end at any time, an acceptance only at times that are known. */
const GOOD_FOR_MS = { accepted: 10 * MINUTE_MS, refused: MINUTE_MS };

/** What the API server's messages say; a row holds where all of its words are there, the first that holds counts. */
const WORDS: readonly (readonly [RejectReason, ...string[]])[] = [
  // Before the others: this one alone quotes what a token says.
  ['audience', 'token audiences ', ' is invalid for the target audiences '],
  ['expired', 'service account token has expired'],
  ['not_yet_valid', 'service account token is not valid yet'],
  ['not_yet_valid', 'service account token is issued in the future'],
  ['account_deleted', 'serviceaccounts "', '" not found'],
  ['account_deleted', 'service account ', ' has been deleted'],
  ['account_recreated', 'service account UID (', ') does not match claim ('],
  ['account_recreated', 'ServiceAccount UID (', ') does not match claim ('],
  ['invalidated', 'oken has been invalidated'],
  ['invalidated', "Token does not match server's copy"],
  ['invalidated', 'pod UID (', ') does not match service account pod ref claim ('],
  ['invalidated', 'secret UID (', ') does not match service account secret ref claim ('],
  ['unknown_key', 'no keys found'],
  ['signature', 'error in cryptographic primitive'],
];

/** Where the API server itself could not find out: no refusal, nobody knows. */
const NOT_ASKED = [
  'timed out',
  'timeout',
  'deadline exceeded',
  'context canceled',
  'dial tcp',
  'connection re',
];

/** A refusal by its message; undefined where it is none. */
export function refusalOf(message: string): RejectReason | undefined {
  const row = WORDS.find(([, ...words]) => words.every((word) => message.includes(word)));
  if (row !== undefined) return row[0];
  return NOT_ASKED.some((words) => message.includes(words)) ? undefined : 'other';
}

/**
 * The audiences to ask for; none for the API server's own.
 *
 * A token is asked about as its receiver would: one that its pod's spec means for the API server by the audiences the
 * API server has now, any other by its own, or each of those would be refused. Whether these are the right ones is
 * another question.
 */
export function audiencesToAsk({ identity, claims }: Token, pod: PodFacts | undefined): readonly string[] {
  const { volume, path } = identity;
  const projection = pod?.projections.find((one) => one.volume === volume && one.path === path);
  const isDefault = projection === undefined ? matchesPattern(DEFAULT_VOLUME, volume) : !projection.audience;
  return isDefault ? [] : claims.audiences;
}

/** The request; undefined where the bytes are no token. */
function bodyOf(raw: Buffer, audiences: readonly string[]): Buffer | undefined {
  const token = trimToken(raw);
  return isTokenText(token) ? tokenReviewBody(token, audiences) : undefined;
}

interface Status {
  readonly isAccepted: boolean;
  readonly message: string;
}

/** Undefined where the fields are not those of one. */
export function readStatus(status: JsonObject): Status | undefined {
  return parsed(() => {
    const isAccepted = optional(status, 'authenticated', boolean) ?? false;
    return { isAccepted, message: optional(status, 'error', anyText) ?? '' };
  });
}

function reviewOf({ isAccepted, message }: Status): Review | undefined {
  if (isAccepted) return { isAccepted };
  const reason = refusalOf(message);
  return reason === undefined ? undefined : { isAccepted, reason };
}

export function goodForMs(review: Review | undefined): number {
  return review?.isAccepted ? GOOD_FOR_MS.accepted : GOOD_FOR_MS.refused;
}

/** Makes the function that asks about one token; it answers undefined where nobody can tell. */
export function createReviewer({ api, readRaw, podOf }: ReviewerOptions) {
  return async (token: Token, signal: AbortSignal): Promise<Answer<Review | undefined>> => {
    const audiences = audiencesToAsk(token, podOf(token.identity.podUid));
    const body = readRaw(token, (raw) => bodyOf(raw, audiences));
    if (body === undefined) return { ok: true, value: undefined };
    const answer = await postReview(api, { ...TOKEN_REVIEWS, body, signal });
    if (!answer.ok) return answer;
    const status = readStatus(answer.value);
    return status === undefined ? failed('bad_answer') : { ok: true, value: reviewOf(status) };
  };
}
