/**
 * When tokens and classes of tokens are reviewed, and what is remembered of it.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { Review } from '../../../src/core/cluster-facts.ts';
import { NO_REVIEW_TARGETS } from '../../../src/core/reviews/review-targets.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { type ApiResult, failed } from '../../../src/sources/api-server/client/failures.ts';
import { createReviews, reviewTtlMs } from '../../../src/sources/api-server/reviews.ts';
import { ok } from '../../../src/util/result.ts';
import { legacyToken, token } from '../../support/tokens.ts';
import { createCallbacks, createClock, MINUTE, SECOND } from './fakes.ts';

type Outcome = ApiResult<Review | undefined>;

const ACCEPTED: Review = { isAccepted: true, isForApiServer: true };
const NO_KEY: Review = { isAccepted: false, reason: 'unknown_key' };
const NO_ISSUER: Review = { isAccepted: false, reason: 'other' };
const DELETED: Review = { isAccepted: false, reason: 'account_deleted' };

const named = (id: string): Token => token({ claims: { id } });
const [a, b, c, d] = [named('a'), named('b'), named('c'), named('d')];
const classOf = (...tokens: readonly Token[]) => ({
  ...NO_REVIEW_TARGETS,
  classes: [{ key: 'class', tokens }],
});

const stops = new Set<AbortController>();

/** Running reviews with the results of `review`, ten per minute. */
function start(review: (id: string, count: number) => Outcome = () => ok(ACCEPTED), random = 0) {
  const clock = createClock();
  const callbacks = createCallbacks();
  /** Ids of tokens with the time of the request, in seconds. */
  const sent: string[] = [];
  let unknownKeys = 0;
  const reviews = createReviews({
    review: async ({ claims: { id = '' } }) => {
      sent.push(`${id} ${clock.monotonicMs() / SECOND}`);
      return review(id, sent.length);
    },
    requestsPerMinute: 10,
    clock,
    random: () => random,
    callbacks,
    onUnknownKey: () => {
      unknownKeys += 1;
    },
  });
  const stop = new AbortController();
  stops.add(stop);
  void reviews.run(stop.signal);
  const classReview = () => reviews.classReviews().get('class');
  return { clock, callbacks, reviews, sent, classReview, unknownKeys: () => unknownKeys };
}

describe('token reviews', () => {
  afterEach(() => {
    for (const stop of stops) stop.abort();
    stops.clear();
  });

  it('ask about one token of a class, and about it again after ten minutes', async () => {
    const { clock, reviews, sent, classReview } = start();
    reviews.setTargets(classOf(a, b, c));
    await clock.advance(10 * MINUTE - 1);
    assert.deepEqual([sent, classReview()], [['a 0'], ACCEPTED]);
    await clock.advance(1);
    assert.deepEqual(sent, ['a 0', 'a 600']);
  });

  it('remember a class for which there is no target at the moment', async () => {
    const { clock, reviews, sent, classReview } = start();
    reviews.setTargets(classOf(a));
    await clock.advance(MINUTE);
    reviews.setTargets(NO_REVIEW_TARGETS);
    await clock.advance(MINUTE);
    assert.deepEqual(classReview(), ACCEPTED);
    reviews.setTargets(classOf(b));
    await clock.advance(7 * MINUTE);
    assert.deepEqual(sent, ['a 0']);
    await clock.advance(MINUTE);
    assert.deepEqual(sent, ['a 0', 'b 600']);
  });

  it('forget a class without a target five minutes after its review has expired', async () => {
    const { clock, reviews, classReview } = start();
    reviews.setTargets(classOf(a));
    await clock.advance(0);
    reviews.setTargets(NO_REVIEW_TARGETS);
    await clock.advance(15 * MINUTE + 1);
    assert.equal(classReview(), undefined);
  });

  it('have a pending class until the first answer', async () => {
    const { clock, reviews, classReview } = start();
    reviews.setTargets(classOf(a));
    assert.equal(classReview(), 'pending');
    await clock.advance(0);
    assert.deepEqual(classReview(), ACCEPTED);
  });

  it('have no pending class after a request has failed', async () => {
    const { clock, reviews, classReview } = start(() => failed('forbidden'));
    reviews.setTargets(classOf(a));
    await clock.advance(0);
    assert.equal(classReview(), undefined);
  });

  it('are pending for each token to review individually, until it has a result', async () => {
    const { clock, reviews } = start((id) => (id === 'b' ? failed('timeout') : ok(ACCEPTED)));
    assert.deepEqual(reviews.pendingReviews(), new Set());
    reviews.setTargets({ ...classOf(c), tokens: [a, b], doubtful: [d] });
    assert.deepEqual(reviews.pendingReviews(), new Set([a, b, d]));
    await clock.advance(10 * MINUTE);
    assert.deepEqual(reviews.pendingReviews(), new Set([b]));
    assert.equal(reviews.pendingReviews(), reviews.pendingReviews());
    reviews.setTargets(NO_REVIEW_TARGETS);
    assert.deepEqual(reviews.pendingReviews(), new Set());
  });

  it('ask about another token if the rejection of the first one is its own, at most about three', async () => {
    const { clock, reviews, sent, classReview } = start((id) => ok(id === 'b' ? ACCEPTED : DELETED));
    reviews.setTargets(classOf(a, b, c));
    await clock.advance(0);
    assert.deepEqual([sent, classReview()], [['a 0', 'b 0'], ACCEPTED]);
    const allDeleted = start(() => ok(DELETED));
    allDeleted.reviews.setTargets(classOf(a, b, c, d));
    await allDeleted.clock.advance(MINUTE - 1);
    assert.deepEqual(allDeleted.sent, ['a 0', 'b 0', 'c 0']);
  });

  it('ask about one token every ten minutes if the API server does not know the issuer', async () => {
    const { clock, reviews, sent, classReview } = start(() => ok(NO_ISSUER));
    reviews.setTargets(classOf(a, b, c));
    await clock.advance(10 * MINUTE);
    assert.deepEqual([sent, classReview()], [['a 0', 'a 600'], NO_ISSUER]);
  });

  it('ask again after a minute if no key was found, and report it', async () => {
    const { clock, reviews, sent, classReview, unknownKeys } = start(() => ok(NO_KEY));
    reviews.setTargets(classOf(a, b));
    await clock.advance(MINUTE);
    assert.deepEqual([sent, classReview(), unknownKeys()], [['a 0', 'a 60'], NO_KEY, 2]);
  });

  it('ask once more if an answer contradicts the one before, and keep to the majority', async () => {
    const answers = [ACCEPTED, NO_KEY, ACCEPTED, NO_KEY, NO_KEY];
    const { clock, reviews, sent, classReview } = start((_id, count) => ok(answers[count - 1]));
    reviews.setTargets(classOf(a));
    await clock.advance(10 * MINUTE);
    assert.deepEqual([sent, classReview()], [['a 0', 'a 600', 'a 600'], ACCEPTED]);
    await clock.advance(10 * MINUTE);
    assert.deepEqual([sent.slice(3), classReview()], [['a 1200', 'a 1200'], NO_KEY]);
  });

  it('believe at once that a token was revoked', async () => {
    const { clock, reviews, sent } = start((_id, count) => ok(count === 1 ? ACCEPTED : DELETED));
    reviews.setTargets({ ...NO_REVIEW_TARGETS, tokens: [a] });
    await clock.advance(10 * MINUTE);
    assert.deepEqual([sent, reviews.reviews().get(a)], [['a 0', 'a 600'], DELETED]);
  });

  it('keep a budget for each kind of token: those that may be forged never delay the others', async () => {
    const { clock, reviews, sent } = start();
    const doubtful = Array.from({ length: 50 }, (_, index) => named(`forged-${index}`));
    reviews.setTargets({ ...NO_REVIEW_TARGETS, doubtful });
    await clock.advance(SECOND);
    assert.equal(sent.length, 3);
    reviews.setTargets({ ...classOf(a), tokens: [b], doubtful });
    await clock.advance(0);
    assert.deepEqual(sent.slice(3), ['a 1', 'b 1']);
  });

  it('send at most ten requests a minute in all', async () => {
    const { clock, reviews, sent } = start(() => ok(DELETED));
    const many = (name: string) => Array.from({ length: 50 }, (_, index) => named(`${name}-${index}`));
    reviews.setTargets({ ...NO_REVIEW_TARGETS, tokens: many('real'), doubtful: many('forged') });
    await clock.advance(MINUTE - 1);
    assert.equal(sent.length, 10);
  });

  it('drop all answers and ask again after a change of the keys, spread at random', async () => {
    const { clock, reviews, sent, classReview } = start(() => ok(ACCEPTED), 0.5);
    reviews.setTargets({ ...classOf(a), tokens: [b] });
    await clock.advance(MINUTE);
    reviews.clear();
    assert.deepEqual([classReview(), reviews.reviews().size], ['pending', 0]);
    await clock.advance(14 * SECOND);
    assert.deepEqual(sent, ['a 0', 'b 0']);
    await clock.advance(3 * MINUTE);
    assert.deepEqual(sent.slice(2), ['b 75', 'a 150']);
  });

  it('spread the first question about a class after a change of the keys', async () => {
    const { clock, reviews, sent } = start(() => ok(ACCEPTED), 0.5);
    reviews.clear();
    reviews.setTargets({ ...classOf(a), tokens: [b] });
    await clock.advance(2 * MINUTE);
    assert.deepEqual(sent, ['b 0', 'a 90']);
  });

  it('ignore an answer to a question from before a change of the keys', async () => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const clock = createClock();
    const reviews = createReviews({
      review: () => promise,
      requestsPerMinute: 10,
      clock,
      random: () => 0.5,
      callbacks: createCallbacks(),
      onUnknownKey: () => undefined,
    });
    const stop = new AbortController();
    stops.add(stop);
    void reviews.run(stop.signal);
    reviews.setTargets({ ...NO_REVIEW_TARGETS, tokens: [a] });
    await clock.advance(0);
    reviews.clear();
    resolve(ok(NO_KEY));
    await clock.advance(0);
    assert.equal(reviews.reviews().size, 0);
  });

  it('return the same maps until an answer changes', async () => {
    const { clock, reviews } = start();
    reviews.setTargets({ ...classOf(a), tokens: [b] });
    await clock.advance(0);
    const before = [reviews.reviews(), reviews.classReviews()];
    await clock.advance(10 * MINUTE);
    assert.deepEqual([reviews.reviews() === before[0], reviews.classReviews() === before[1]], [true, true]);
  });
});

describe('reviewTtlMs', () => {
  it('is ten minutes for an accepted token, and a minute for any other result', () => {
    assert.equal(reviewTtlMs(ACCEPTED, token()), 10 * MINUTE);
    assert.equal(reviewTtlMs(DELETED, token()), MINUTE);
    assert.equal(reviewTtlMs(undefined, token()), MINUTE);
  });

  it('is less than a minute for an accepted legacy token, with the ten seconds of the API server', () => {
    assert.ok(reviewTtlMs(ACCEPTED, legacyToken()) + 10 * SECOND < MINUTE);
  });
});
