/**
 * TokenReviews of single tokens and of classes of tokens, within one rate limit.
 *
 * Genuine tokens and tokens that may be forged have separate budgets. A change of the issuer or the keys reaches all
 * nodes of a cluster at once, so the reviews that follow it are spread at random.
 */
import type { ClassReview, RejectReason, ResourceState, Review } from '../../core/cluster-facts.ts';
import type { ClassTarget, ReviewTargets } from '../../core/reviews/review-targets.ts';
import type { Token } from '../../core/token/token.ts';
import type { Clock } from '../../util/clock.ts';
import { ok } from '../../util/result.ts';
import { sameEntries, sameSet, stable } from '../../util/stable.ts';
import type { ApiResult } from './client/failures.ts';
import type { ApiServerCallbacks } from './health.ts';
import { type Attempt, createPoller, type Lane } from './poller.ts';

interface TokenTarget {
  readonly kind: 'token' | 'doubtful';
  readonly token: Token;
}

type Target = TokenTarget | ({ readonly kind: 'class' } & ClassTarget);
/** A class by its key. */
type Key = Token | string;

export interface ReviewsOptions {
  readonly review: (token: Token, signal: AbortSignal) => Promise<ApiResult<Review | undefined>>;
  /** Maximum number of token reviews in any minute. */
  readonly requestsPerMinute: number;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
  /** Before the first review. By default, the resource is up. */
  readonly initially?: ResourceState;
  /** The API server does not have the key of a token. */
  readonly onUnknownKey: () => void;
}

export interface Reviews {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly setTargets: (targets: ReviewTargets) => void;
  /** The issuer or the keys have changed: drops all results and reviews all targets again. */
  readonly clear: () => void;
  /** The same map until a result changes. */
  readonly reviews: () => ReadonlyMap<Token, Review>;
  /** By class. The same map until a result changes. */
  readonly classReviews: () => ReadonlyMap<string, ClassReview>;
  /** Tokens to review individually that have no result; the same set until that changes. */
  readonly pendingReviews: () => ReadonlySet<Token>;
  readonly state: () => ResourceState;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** Share of the requests that is reserved for tokens that may be forged. */
const DOUBTFUL_SHARE = 0.3;
/** After a change of the issuer or the keys: how far to spread the reviews of a fleet. */
const CLASS_SPREAD_MS = 180 * SECOND_MS;
const TOKEN_SPREAD_MS = 30 * SECOND_MS;
/** How many tokens of a class to review one after the other, if the rejection of the first ones is their own. */
const MAX_PER_CLASS = 3;

const TTL_MS = {
  accepted: 10 * MINUTE_MS,
  /** A rejection may end at any time. */
  rejected: MINUTE_MS,
  /** A deleted Secret revokes a legacy token at once. The API server caches an acceptance for another 10 s. */
  legacy: 45 * SECOND_MS,
};

/** From the result of a token's review to the next one. */
export function reviewTtlMs(review: Review | undefined, { claims }: Token): number {
  if (!review?.isAccepted) return TTL_MS.rejected;
  return claims.kind === 'legacy' ? TTL_MS.legacy : TTL_MS.accepted;
}

/** Reasons that depend on nothing but the class. The API server checks them first. */
const CLASS_REASONS: readonly RejectReason[] = ['other', 'unknown_key', 'audience'];

function isOfClass(review: Review): boolean {
  return review.isAccepted || CLASS_REASONS.includes(review.reason);
}

/** Only "no keys found" may end soon: API servers learn of a new key at different times. */
function classTtlMs(review: Review | undefined): number {
  const isTemporary = review === undefined || !(review.isAccepted || review.reason !== 'unknown_key');
  return isTemporary || !isOfClass(review) ? TTL_MS.rejected : TTL_MS.accepted;
}

function ttlMs(review: Review | undefined, target: Target): number {
  return target.kind === 'class' ? classTtlMs(review) : reviewTtlMs(review, target.token);
}

/** Whether the answers differ in what API servers of one cluster can differ in while their configuration changes. */
function contradicts(review: Review | undefined, previous: Review | undefined): boolean {
  if (review === undefined || previous === undefined || review.isAccepted === previous.isAccepted)
    return false;
  return isOfClass(review) && isOfClass(previous);
}

function lanesFor(requestsPerMinute: number): readonly Lane<Target>[] {
  const doubtful = Math.max(1, Math.floor(requestsPerMinute * DOUBTFUL_SHARE));
  return [
    { has: ({ kind }) => kind !== 'doubtful', requestsPerMinute: requestsPerMinute - doubtful },
    { has: ({ kind }) => kind === 'doubtful', requestsPerMinute: doubtful },
  ];
}

function keyOf(target: Target): Key {
  return target.kind === 'class' ? target.key : target.token;
}

function toTargets({ classes, tokens, doubtful }: ReviewTargets): readonly Target[] {
  return [
    ...classes.map((target) => ({ kind: 'class', ...target }) as const),
    ...tokens.map((token) => ({ kind: 'token', token }) as const),
    ...doubtful.map((token) => ({ kind: 'doubtful', token }) as const),
  ];
}

type Outcome = ApiResult<Review | undefined>;

/** Whether no other token of the class has to be reviewed. */
function isSettled(outcome: Outcome): boolean {
  return !outcome.ok || (outcome.value !== undefined && isOfClass(outcome.value));
}

function reviewOf(outcome: Outcome): Review | undefined {
  return outcome.ok ? outcome.value : undefined;
}

/** Polls one target. */
function createPoll({ review, onUnknownKey }: ReviewsOptions) {
  const reviewToken = async (token: Token, signal: AbortSignal): Promise<Outcome> => {
    const result = await review(token, signal);
    if (result.ok && result.value?.isAccepted === false && result.value.reason === 'unknown_key')
      onUnknownKey();
    return result;
  };

  /** Contradicting answers are those of different API servers: the next answer decides. */
  const confirmed = async (token: Token, attempt: Attempt<Review>): Promise<Outcome> => {
    const { previous, takeAnother, signal } = attempt;
    const first = await reviewToken(token, signal);
    if (!first.ok || !contradicts(first.value, previous)) return first;
    return takeAnother() ? reviewToken(token, signal) : ok(previous);
  };

  /** Reviews the tokens of a class until the answer is that of the class. */
  const reviewClass = async (tokens: readonly Token[], attempt: Attempt<Review>): Promise<Outcome> => {
    const [token, ...others] = tokens;
    if (token === undefined) return ok(attempt.previous);
    const result = await confirmed(token, attempt);
    if (isSettled(result)) return result;
    const isLast = others.length === 0 || !attempt.takeAnother();
    return isLast ? ok(attempt.previous ?? reviewOf(result)) : reviewClass(others, attempt);
  };

  return (target: Target, attempt: Attempt<Review>): Promise<Outcome> =>
    target.kind === 'class'
      ? reviewClass(target.tokens.slice(0, MAX_PER_CLASS), attempt)
      : confirmed(target.token, attempt);
}

function isOfToken(entry: readonly [Key, Review]): entry is readonly [Token, Review] {
  return typeof entry[0] === 'object';
}

export function createReviews(options: ReviewsOptions): Reviews {
  const { random, requestsPerMinute } = options;
  /** Whether the issuer or the keys have changed since the start, as they do for the whole fleet. */
  let hasChanged = false;
  const firstDelayMs = (target: Target, isFresh: boolean): number => {
    if (!hasChanged) return 0;
    if (target.kind === 'class') return random() * CLASS_SPREAD_MS;
    return isFresh ? 0 : random() * TOKEN_SPREAD_MS;
  };
  const poller = createPoller<Target, Key, Review>({
    ...options,
    resource: 'tokenreviews',
    lanes: lanesFor(requestsPerMinute),
    keyOf,
    poll: createPoll(options),
    ttlMs,
    firstDelayMs,
    isKept: ({ kind }) => kind === 'class',
  });
  const stableReviews = stable<ReadonlyMap<Token, Review>>(sameEntries);
  const stablePending = stable<ReadonlySet<Token>>(sameSet);
  const stableClassReviews = stable<ReadonlyMap<string, ClassReview>>(sameEntries);

  const reviews = (): ReadonlyMap<Token, Review> =>
    stableReviews(new Map([...poller.results()].filter((entry) => isOfToken(entry))));
  const classReviews = (): ReadonlyMap<string, ClassReview> => {
    const found = new Map<string, ClassReview>();
    for (const key of poller.untried()) if (typeof key === 'string') found.set(key, 'pending');
    for (const [key, one] of poller.results()) if (typeof key === 'string') found.set(key, one);
    return stableClassReviews(found);
  };
  const pendingReviews = (): ReadonlySet<Token> =>
    stablePending(new Set(poller.unanswered().filter((key) => typeof key === 'object')));
  const clear = (): void => {
    hasChanged = true;
    poller.clear();
  };
  return {
    run: poller.run,
    setTargets: (targets) => poller.setTargets(toTargets(targets)),
    clear,
    reviews,
    classReviews,
    pendingReviews,
    state: poller.state,
  };
}
