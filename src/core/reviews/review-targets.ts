/**
 * Which tokens to send in a TokenReview: at most one of each class, and individually those whose problem is their own.
 *
 * A token of another cluster is never sent, nor one that may be: its recipient could use it.
 */
import { type Assessment, type CheckFailure, isFailing } from '../assessment.ts';
import { isApiAudienceDoubtful } from '../audiences/audience.ts';
import { issuerMismatch } from '../checks/issuer-mismatch.ts';
import { signingKeyUnknown } from '../checks/signing-key-unknown.ts';
import type { ClusterFacts, TokenReviewMode } from '../cluster-facts.ts';
import type { TokenContext } from '../context.ts';
import type { Token } from '../token/token.ts';
import { isGenuine, reviewClassOf } from './review-class.ts';

/** A class of tokens that a single review can settle. */
export interface ClassTarget {
  /** See reviewClassOf. */
  readonly key: string;
  /** Its genuine tokens, those without another problem first. */
  readonly tokens: readonly Token[];
}

export interface ReviewTargets {
  readonly classes: readonly ClassTarget[];
  /** Genuine tokens to review individually. */
  readonly tokens: readonly Token[];
  /** Tokens that may be forged. They have a budget of their own, so that they take no review from the others. */
  readonly doubtful: readonly Token[];
}

export const NO_REVIEW_TARGETS: ReviewTargets = { classes: [], tokens: [], doubtful: [] };

const CLASS_REASONS: readonly string[] = [issuerMismatch.reason, signingKeyUnknown.reason];

/** Whether the failure of the check is one that an accepted review of the class ends. */
function isClassFailure({ check }: CheckFailure, token: Token, context: TokenContext): boolean {
  if (check.reason === 'audience_mismatch') return isApiAudienceDoubtful(token, context);
  return CLASS_REASONS.includes(check.reason);
}

/** Whether the token would fail for its issuer, its key or its audience without the reviews, and therefore needs one. */
function isInQuestion(assessment: Assessment): boolean {
  if (assessment.stage !== 'active') return false;
  const context = { ...assessment.context, review: undefined, classReview: undefined };
  const input = { ...assessment, context };
  const verdicts = [issuerMismatch.judge(input), signingKeyUnknown.judge(input)];
  return verdicts.some(({ status }) => status === 'fail') || isApiAudienceDoubtful(assessment.token, context);
}

function hasOwnFailure({ token, context, failures }: Assessment): boolean {
  return failures.some((failure) => !isClassFailure(failure, token, context));
}

function classTargets(inQuestion: readonly Assessment[]): readonly ClassTarget[] {
  const sorted = inQuestion.toSorted((a, b) => Number(hasOwnFailure(a)) - Number(hasOwnFailure(b)));
  const tokens = Map.groupBy(
    sorted.map(({ token }) => token),
    ({ claims }) => reviewClassOf(claims),
  );
  return Array.from(tokens, ([key, members]) => ({ key, tokens: members }));
}

/** Whether all targets have been reviewed. */
export function areReviewed(
  { classes, tokens, doubtful }: ReviewTargets,
  { reviews, classReviews }: Pick<ClusterFacts, 'reviews' | 'classReviews'>,
): boolean {
  const isClassReviewed = ({ key }: ClassTarget): boolean => typeof classReviews.get(key) === 'object';
  return classes.every(isClassReviewed) && [...tokens, ...doubtful].every((token) => reviews.has(token));
}

/** Whether the token has to be reviewed individually. In the mode `suspect`, a problem of its class does not count. */
function needsOwnReview(assessment: Assessment, mode: TokenReviewMode): boolean {
  return mode === 'all' || hasOwnFailure(assessment);
}

function isCandidate({ context, failures, stage }: Assessment, mode: TokenReviewMode): boolean {
  if (stage !== 'active' && mode !== 'all') return false;
  const isReviewed = context.review !== undefined || context.classReview !== undefined;
  return mode === 'all' || (mode === 'suspect' && (failures.length > 0 || isReviewed));
}

/** What to review in this mode. Tokens that fail a check come first. */
export function reviewTargetsOf(assessments: readonly Assessment[], mode: TokenReviewMode): ReviewTargets {
  const candidates = assessments
    .filter((one) => one.context.isReviewable && isCandidate(one, mode))
    .toSorted((a, b) => Number(isFailing(b)) - Number(isFailing(a)));
  const inQuestion = new Set(candidates.filter((one) => isInQuestion(one)));
  const genuine = candidates.filter(({ token, context }) => isGenuine(token, context));
  const doubtful = candidates.filter(({ token, context }) => !isGenuine(token, context));
  return {
    classes: classTargets(genuine.filter((one) => inQuestion.has(one))),
    tokens: genuine.filter((one) => needsOwnReview(one, mode)).map(({ token }) => token),
    doubtful: doubtful
      .filter((one) => needsOwnReview(one, mode) || inQuestion.has(one))
      .map(({ token }) => token),
  };
}
