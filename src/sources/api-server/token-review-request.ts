/**
 * A review as it is posted to the API server, and the status that comes back.
 *
 * The body of a request, which holds a raw token, is wiped once that is over. Knows nothing of what a status means.
 */
import { type JsonObject, object } from '../../core/claim-rules.ts';
import type { Answer, Api } from './api.ts';
import type { Question } from './connection.ts';
import { failed } from './failures.ts';

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
