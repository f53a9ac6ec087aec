/**
 * Asks the API server whose a bearer token is and whether they may do what they attempt, as controller-runtime does:
 * a TokenReview, then a SubjectAccessReview of whom it named.
 *
 * The token is sent and forgotten: it is in no answer and no error. Knows nothing of who came with it, nor of how often
 * to ask; of a yes of RBAC's it remembers that there was one.
 */

import type { ClusterFailure } from '../../core/cluster-facts.ts';
import type { Answer, Api } from '../../sources/api-server/api.ts';
import { failed } from '../../sources/api-server/failures.ts';
import { anyText, boolean, optional, parsed, required } from '../../sources/api-server/fields.ts';
import type { AccessResource } from '../../sources/api-server/requests.ts';
import {
  postReview,
  readStatus,
  refusalOf,
  TOKEN_REVIEWS,
  tokenReviewBody,
} from '../../sources/api-server/token-review.ts';
import { type Clock, createDeadline } from '../../util/clock.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { type Access, type Attempt, isBearerToken } from './access.ts';
import { createPermits, type Permits } from './permits.ts';

export interface AccessReviewerOptions {
  readonly api: Api;
  readonly clock: Clock;
  /** Called where the API server does not tell, unless that is so for the same reason as the time before. */
  readonly onFailure: (resource: AccessResource, failure: ClusterFailure) => void;
}

export interface AccessReviewer {
  /** Never rejects, and takes no longer than five seconds. */
  readonly review: (token: string, attempt: Attempt) => Promise<Access>;
  /** Ends what is under way. */
  readonly close: () => void;
}

const ACCESS_REVIEWS = {
  resource: 'subjectaccessreviews',
  path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
} as const;

/** For both questions together: a scrape has ten, and something is to be said before they are over. */
const MAX_MS = 5_000;
/** controller-runtime's five minutes, less the one for which whoever asks here may remember the answer. */
const PERMIT_MS = 4 * 60_000;
/** Somebody may be in hundreds of groups. */
const MAX_BODY_BYTES = 256 * 1024;

const ALLOWED: Access = { outcome: 'allowed' };
const FORBIDDEN: Access = { outcome: 'forbidden' };
const UNAUTHENTICATED: Access = { outcome: 'unauthenticated' };

function failedAt(resource: AccessResource, failure: ClusterFailure): Access {
  return { outcome: 'failed', resource, failure };
}

function nonEmptyText(value: unknown): string | undefined {
  return value === '' ? undefined : anyText(value);
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

function textsByKey(value: unknown): JsonObject | undefined {
  const lists = object(value);
  return lists && Object.values(lists).every((list) => texts(list) !== undefined) ? lists : undefined;
}

/** A user of a TokenReview as a SubjectAccessReview wants it; undefined where it is none. */
function subjectOf(status: JsonObject): JsonObject | undefined {
  return parsed(() => {
    const user = required(status, 'user', object);
    return {
      user: required(user, 'username', nonEmptyText),
      uid: optional(user, 'uid', anyText),
      groups: optional(user, 'groups', texts),
      extra: optional(user, 'extra', textsByKey),
    };
  });
}

/** Whose the token is; undefined where it is not accepted. */
function readSubject(status: JsonObject): Answer<JsonObject | undefined> {
  const read = readStatus(status);
  if (read === undefined) return failed('bad_answer');
  if (read.isAccepted) {
    const subject = subjectOf(status);
    return subject === undefined ? failed('bad_answer') : { ok: true, value: subject };
  }
  // No refusal: the API server could not find out.
  return refusalOf(read.message) === undefined ? failed('server_error') : { ok: true, value: undefined };
}

async function authenticate(
  api: Api,
  token: string,
  signal: AbortSignal,
): Promise<Answer<JsonObject | undefined>> {
  const raw = Buffer.from(token);
  const body = tokenReviewBody(raw, []);
  raw.fill(0);
  const answer = await postReview(api, { ...TOKEN_REVIEWS, body, signal });
  return answer.ok ? readSubject(answer.value) : answer;
}

function questionAbout(subject: JsonObject, { verb, path }: Attempt): string {
  const spec = { nonResourceAttributes: { path, verb }, ...subject };
  return JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec });
}

/** A no by one of several authorizers is one, whatever the others say. */
function readAllowed(status: JsonObject): boolean | undefined {
  return parsed(() => {
    const isDenied = optional(status, 'denied', boolean) ?? false;
    return required(status, 'allowed', boolean) && !isDenied;
  });
}

async function authorize(
  api: Api,
  permits: Permits,
  question: string,
  signal: AbortSignal,
): Promise<Answer<boolean>> {
  if (permits.holds(question)) return { ok: true, value: true };
  const body = Buffer.from(question);
  if (body.length > MAX_BODY_BYTES) return failed('too_large');
  const answer = await postReview(api, { ...ACCESS_REVIEWS, body, signal });
  if (!answer.ok) return answer;
  const value = readAllowed(answer.value);
  if (value === undefined) return failed('bad_answer');
  if (value) permits.note(question);
  return { ok: true, value };
}

/** Tells of a failure that is another than the one before. */
function createTell(onFailure: AccessReviewerOptions['onFailure']): (access: Access) => void {
  let last = '';
  return (access) => {
    const now = access.outcome === 'failed' ? `${access.resource} ${access.failure}` : '';
    if (access.outcome === 'failed' && now !== last) onFailure(access.resource, access.failure);
    last = now;
  };
}

export function createAccessReviewer({ api, clock, onFailure }: AccessReviewerOptions): AccessReviewer {
  const permits = createPermits(PERMIT_MS, clock.monotonicMs);
  const tell = createTell(onFailure);
  const closing = new AbortController();

  const ask = async (token: string, attempt: Attempt, signal: AbortSignal): Promise<Access> => {
    const subject = await authenticate(api, token, signal);
    if (!subject.ok) return failedAt('tokenreviews', subject.failure);
    if (subject.value === undefined) return UNAUTHENTICATED;
    const isAllowed = await authorize(api, permits, questionAbout(subject.value, attempt), signal);
    if (!isAllowed.ok) return failedAt('subjectaccessreviews', isAllowed.failure);
    return isAllowed.value ? ALLOWED : FORBIDDEN;
  };

  const review = async (token: string, attempt: Attempt): Promise<Access> => {
    if (!isBearerToken(token)) return UNAUTHENTICATED;
    const deadline = createDeadline(clock, MAX_MS, closing.signal);
    const told = await ask(token, attempt, deadline.signal).finally(deadline.cancel);
    // An answer that was cut off in the middle looks like one that broke off.
    const isLate = told.outcome === 'failed' && deadline.isOver();
    const access = isLate ? failedAt(told.resource, 'timeout') : told;
    tell(access);
    return access;
  };
  return { review, close: () => closing.abort() };
}
