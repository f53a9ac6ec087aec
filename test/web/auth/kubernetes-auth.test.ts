/**
 * Bearer tokens: which requests are accepted, how long decisions are cached, and what a flood costs.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { AccessReview, Decision } from '../../../src/web/auth/access-review.ts';
import type { AuthRequest, Rejection } from '../../../src/web/auth/guard.ts';
import { createDecisionCache, createKubernetesAuth } from '../../../src/web/auth/kubernetes-auth.ts';
import { createFakeClock, settle } from '../../support/fake-clock.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const FAILED: AccessReview = { outcome: 'failed', resource: 'tokenreviews', failure: 'unreachable' };
const PROMETHEUS = '10.0.0.1';

interface PendingReview {
  readonly token: string;
  readonly verb: string;
  readonly path: string;
  readonly resolve: (review: AccessReview) => void;
}

/** A guard whose reviews return what `reviewOf` returns for the token; if that is undefined, the test resolves them. */
function create(reviewOf: (token: string) => AccessReview | undefined = () => ({ outcome: 'allowed' })) {
  const clock = createFakeClock();
  const reviews: PendingReview[] = [];
  const errors: unknown[] = [];
  let respond = reviewOf;
  const guard = createKubernetesAuth({
    attributes: { verb: 'get', path: '/metrics' },
    monotonicMs: clock.monotonicMs,
    onError: (error) => errors.push(error),
    review: (token, { verb, path }) => {
      const { promise, resolve } = Promise.withResolvers<AccessReview>();
      reviews.push({ token, verb, path, resolve });
      const review = respond(token);
      if (review !== undefined) resolve(review);
      return promise;
    },
  });
  const send = (token: string, overrides: Partial<AuthRequest> = {}): Promise<Rejection | undefined> =>
    guard({
      authorization: `Bearer ${token}`,
      remoteAddress: PROMETHEUS,
      ...overrides,
    });
  const status = async (token: string, overrides: Partial<AuthRequest> = {}): Promise<number> =>
    (await send(token, overrides))?.status ?? 200;
  const respondWith = (next: typeof reviewOf): void => {
    respond = next;
  };
  /** Sends tokens that were not used before, one from each address. */
  const flood = (count: number, address = (index: number) => `192.0.2.${index}`) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        status(`bad-${index}-${reviews.length}`, { remoteAddress: address(index) }),
      ),
    );
  return { clock, reviews, errors, guard, send, status, respondWith, flood };
}

const decided = (outcome: Decision) => (): AccessReview => ({ outcome });

describe('the guard for bearer tokens', () => {
  const outcomes = [
    ['allowed', undefined],
    ['unauthenticated', { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } }],
    ['forbidden', { status: 403, headers: {} }],
  ] as const;
  for (const [outcome, rejection] of outcomes)
    it(`${rejection === undefined ? 'accepts a request' : `returns ${rejection.status}`} if the review is ${outcome}`, async () => {
      const { send, reviews } = create(decided(outcome));
      assert.deepEqual(await send('a'), rejection);
      assert.deepEqual(
        reviews.map(({ token, verb, path }) => [token, verb, path]),
        [['a', 'get', '/metrics']],
      );
    });

  it('returns 500 without a reason if the API server could not decide', async () => {
    const { send } = create(() => FAILED);
    assert.deepEqual(await send('a'), { status: 500, headers: {} });
  });

  for (const authorization of [undefined, '', 'Basic YTpi', 'Bearer', 'Bearer a b'])
    it(`returns 401 without a review for ${authorization === undefined ? 'no header' : JSON.stringify(authorization)}`, async () => {
      const { send, reviews } = create();
      const rejection = await send('', { authorization });
      assert.deepEqual([rejection?.status, reviews.length], [401, 0]);
    });

  it('reports a review that throws, and treats it as failed', async () => {
    const { status, respondWith, errors, clock } = create();
    const bug = new Error('a bug');
    respondWith(() => {
      throw bug;
    });
    assert.equal(await status('a'), 500);
    respondWith(decided('allowed'));
    assert.equal(await status('a'), 200);
    await clock.advance(MINUTE);
    respondWith(() => {
      throw bug;
    });
    assert.equal(await status('a'), 200);
    assert.deepEqual(errors, [bug, bug]);
  });
});

describe('a cached decision', () => {
  const ttls = [
    ['allowed', MINUTE],
    ['unauthenticated', MINUTE],
    ['forbidden', 30 * SECOND],
  ] as const;
  for (const [outcome, ttlMs] of ttls)
    it(`is used for ${ttlMs / SECOND} seconds if it is ${outcome}`, async () => {
      const { send, reviews, clock } = create(decided(outcome));
      const first = await send('a');
      await clock.advance(ttlMs - 1);
      assert.deepEqual([await send('a'), reviews.length], [first, 1]);
      await clock.advance(1);
      assert.deepEqual([await send('a'), reviews.length], [first, 2]);
      await clock.advance(ttlMs - 1);
      assert.deepEqual([await send('a'), reviews.length], [first, 2]);
    });

  it('is not made of a review that failed', async () => {
    const { status, respondWith } = create(() => FAILED);
    assert.equal(await status('a'), 500);
    respondWith(decided('allowed'));
    assert.equal(await status('a'), 200);
  });

  it('holds for one token, from any address', async () => {
    const { send, reviews } = create();
    await send('a');
    await send('b');
    assert.equal(reviews.length, 2);
    await send('a', { remoteAddress: 'another' });
    assert.equal(reviews.length, 2);
  });

  it('is replaced by the next decision', async () => {
    const { status, respondWith, clock } = create();
    assert.equal(await status('a'), 200);
    await clock.advance(MINUTE);
    respondWith(decided('unauthenticated'));
    assert.equal(await status('a'), 401);
    await clock.advance(MINUTE);
    respondWith(decided('allowed'));
    assert.equal(await status('a'), 200);
  });
});

describe('an earlier acceptance', () => {
  const HELD = 11 * MINUTE;

  it('holds for ten more minutes while the API server cannot decide, and is rechecked', async () => {
    const { status, respondWith, reviews, clock } = create();
    await status('a');
    respondWith(() => FAILED);
    await clock.advance(MINUTE);
    assert.deepEqual([await status('a'), reviews.length], [200, 2]);
    await clock.advance(HELD - MINUTE - 1);
    assert.deepEqual([await status('a'), reviews.length], [200, 3]);
    await clock.advance(1);
    assert.equal(await status('a'), 500);
  });

  it('is rechecked once in five seconds, however often the token is used', async () => {
    const { status, respondWith, reviews, clock } = create();
    await status('a');
    respondWith(() => FAILED);
    await clock.advance(MINUTE);
    for (let turn = 0; turn < 50; turn += 1) assert.equal(await status('a'), 200);
    assert.equal(reviews.length, 2);
    await clock.advance(5 * SECOND);
    assert.deepEqual([await status('a'), reviews.length], [200, 3]);
  });

  it('starts again with each new acceptance', async () => {
    const { status, respondWith, clock } = create();
    await status('a');
    await clock.advance(HELD - 1);
    await status('a');
    respondWith(() => FAILED);
    await clock.advance(HELD - 1);
    assert.equal(await status('a'), 200);
  });

  for (const [outcome, code] of [
    ['unauthenticated', 401],
    ['forbidden', 403],
  ] as const)
    it(`ends with a review that is ${outcome}, and a later failure does not restore it`, async () => {
      const { status, respondWith, clock } = create();
      await status('a');
      await clock.advance(MINUTE);
      respondWith(decided(outcome));
      assert.equal(await status('a'), code);
      respondWith(() => FAILED);
      await clock.advance(MINUTE);
      assert.equal(await status('a'), 500);
    });

  it('holds for its own token only', async () => {
    const { status, respondWith, clock } = create();
    await status('a');
    respondWith(() => FAILED);
    await clock.advance(MINUTE);
    assert.deepEqual([await status('a'), await status('b')], [200, 500]);
  });
});

describe('concurrent requests', () => {
  it('share a review of the same token and its outcome', async () => {
    const { status, reviews } = create(() => undefined);
    const all = Array.from({ length: 100 }, (_, index) => status('a', { remoteAddress: `192.0.2.${index}` }));
    await settle();
    assert.equal(reviews.length, 1);
    reviews[0]?.resolve({ outcome: 'forbidden' });
    assert.deepEqual(new Set(await Promise.all(all)), new Set([403]));
    assert.equal(reviews.length, 1);
  });

  it('share a failed review and do not repeat it one by one', async () => {
    const { status, reviews } = create(() => undefined);
    const all = Array.from({ length: 100 }, () => status('a'));
    await settle();
    reviews[0]?.resolve(FAILED);
    assert.deepEqual(new Set(await Promise.all(all)), new Set([500]));
    assert.equal(reviews.length, 1);
  });

  it('have four pending reviews at most, and a rejected one may be retried', async () => {
    const { send, reviews, respondWith, status } = create(() => undefined);
    const first = [0, 1, 2, 3].map((index) => send(`a${index}`, { remoteAddress: `192.0.2.${index}` }));
    assert.deepEqual(await send('b', { remoteAddress: '192.0.2.9' }), {
      status: 429,
      headers: { 'Retry-After': '1' },
    });
    assert.equal(reviews.length, 4);
    reviews[0]?.resolve({ outcome: 'allowed' });
    await first[0];
    respondWith(decided('allowed'));
    assert.equal(await status('b', { remoteAddress: '192.0.2.9' }), 200);
    for (const { resolve } of reviews) resolve(FAILED);
    await Promise.all(first);
  });
});

describe('a flood', () => {
  it('from one address causes five reviews, then one in five seconds', async () => {
    const { send, flood, reviews, clock } = create(decided('unauthenticated'));
    for (let turn = 0; turn < 10; turn += 1) await flood(1, () => '192.0.2.1');
    assert.equal(reviews.length, 5);
    const remoteAddress = '192.0.2.1';
    assert.deepEqual(await send('x', { remoteAddress }), { status: 429, headers: { 'Retry-After': '5' } });
    await clock.advance(4_999);
    assert.deepEqual(await send('x', { remoteAddress }), { status: 429, headers: { 'Retry-After': '1' } });
    await clock.advance(1);
    assert.equal((await send('x', { remoteAddress }))?.status, 401);
    assert.equal((await send('y', { remoteAddress: '::ffff:192.0.2.1' }))?.status, 429);
  });

  it('from one IPv6 network counts as one from one address', async () => {
    const { flood, reviews } = create(decided('unauthenticated'));
    for (let turn = 0; turn < 10; turn += 1) await flood(1, () => `2001:db8::${turn}`);
    assert.equal(reviews.length, 5);
  });

  it('from many addresses causes twenty reviews, then one a second', async () => {
    const { flood, reviews, clock } = create(decided('unauthenticated'));
    for (let turn = 0; turn < 30; turn += 1) await flood(1, () => `192.0.2.${turn}`);
    assert.equal(reviews.length, 20);
    await clock.advance(SECOND);
    for (let turn = 0; turn < 30; turn += 1) await flood(1, () => `198.51.100.${turn}`);
    assert.equal(reviews.length, 21);
  });

  it('blocks neither a client that was accepted before nor its next token', async () => {
    const { flood, status, respondWith, reviews, clock } = create();
    await status('prometheus');
    respondWith((token) => (token.startsWith('bad') ? undefined : { outcome: 'allowed' }));
    for (let scrape = 0; scrape < 200; scrape += 1) {
      // The flood fills its lane, and its reviews stay pending.
      await Promise.race([flood(50), settle()]);
      await clock.advance(15 * SECOND);
      assert.equal(await status('prometheus'), 200);
      assert.equal(await status(`prometheus-${scrape >> 3}`), 200);
    }
    assert.equal(reviews.filter(({ token }) => token.startsWith('bad')).length, 4);
  });

  it('from the address of an accepted client is limited as well', async () => {
    const { flood, status, respondWith, reviews } = create();
    await status('prometheus');
    respondWith(decided('unauthenticated'));
    for (let turn = 0; turn < 20; turn += 1) await flood(1, () => PROMETHEUS);
    assert.equal(reviews.length, 1 + 5);
    assert.equal(await status('prometheus'), 200);
  });

  it('leaves the reserve to the exact address of a client accepted within eleven minutes', async () => {
    const scraper = '2001:db8::1';
    for (const [remoteAddress, afterMs, expected] of [
      [scraper, 11 * MINUTE - 1, 200],
      [scraper, 11 * MINUTE, 429],
      ['2001:db8::2', 0, 429],
    ] as const) {
      const { flood, status, respondWith, clock } = create();
      await status('prometheus', { remoteAddress: scraper });
      await clock.advance(afterMs);
      respondWith(decided('unauthenticated'));
      for (let turn = 0; turn < 10; turn += 1) await flood(1, () => '2001:db8::bad');
      respondWith(decided('allowed'));
      assert.equal(await status('new', { remoteAddress }), expected);
    }
  });

  it('does not push an accepted token out of the cache', async () => {
    const { status, respondWith, flood, reviews, clock } = create();
    await status('prometheus');
    respondWith(decided('unauthenticated'));
    for (let second = 0; second < 59; second += 1) {
      await flood(1, () => `198.51.100.${second}`);
      await clock.advance(SECOND);
    }
    const before = reviews.length;
    assert.deepEqual([await status('prometheus'), reviews.length], [200, before]);
  });

  it('of rechecks leaves earlier acceptances in place if the lane is full', async () => {
    const { status, respondWith, reviews, clock } = create();
    for (const token of ['a', 'b', 'c']) await status(token);
    await clock.advance(MINUTE);
    respondWith(() => undefined);
    const [a, b] = [status('a'), status('b')];
    assert.equal(await status('c'), 200);
    assert.equal(reviews.length, 5);
    for (const { resolve } of reviews) resolve({ outcome: 'forbidden' });
    assert.deepEqual(await Promise.all([a, b]), [403, 403]);
  });
});

describe('the decision cache', () => {
  const KEYS = Array.from({ length: 1_001 }, (_, index) => `key-${index}`);

  for (const decision of ['allowed', 'unauthenticated', 'forbidden'] as const)
    it(`keeps the latest thousand keys that are ${decision}`, () => {
      const cache = createDecisionCache(() => 0);
      for (const key of KEYS) cache.set(key, decision);
      assert.deepEqual(
        KEYS.filter((key) => cache.current(key) !== decision),
        ['key-0'],
      );
      assert.equal(KEYS.filter(cache.isHeld).length, decision === 'allowed' ? 1_000 : 0);
    });

  it('keeps an allowed key however many others are rejected', () => {
    const cache = createDecisionCache(() => 0);
    cache.set('scraper', 'allowed');
    for (const key of KEYS) cache.set(key, 'unauthenticated');
    assert.deepEqual([cache.current('scraper'), cache.isHeld('scraper')], ['allowed', true]);
  });

  it('drops a key that was not allowed again before one that was', () => {
    const cache = createDecisionCache(() => 0);
    for (const key of KEYS.slice(0, 1_000)) cache.set(key, 'allowed');
    cache.set('key-0', 'allowed');
    cache.set('another', 'allowed');
    assert.deepEqual([cache.current('key-0'), cache.current('key-1')], ['allowed', undefined]);
  });

  it('has one decision for a key, the latest', () => {
    const cache = createDecisionCache(() => 0);
    for (const decision of ['forbidden', 'unauthenticated', 'allowed', 'forbidden'] as const) {
      cache.set('key', decision);
      assert.deepEqual([cache.current('key'), cache.isHeld('key')], [decision, decision === 'allowed']);
    }
  });

  const ages = [
    { decision: 'allowed', ttlMs: 60_000, heldMs: 660_000 },
    { decision: 'unauthenticated', ttlMs: 60_000, heldMs: 0 },
    { decision: 'forbidden', ttlMs: 30_000, heldMs: 0 },
  ] as const;
  for (const { decision, ttlMs, heldMs } of ages)
    it(`returns ${decision} for ${ttlMs} ms and holds it for ${heldMs} ms`, () => {
      let nowMs = 0;
      const cache = createDecisionCache(() => nowMs);
      cache.set('key', decision);
      const at = (ms: number) => {
        nowMs = ms;
        return [cache.current('key'), cache.isHeld('key')];
      };
      assert.deepEqual(at(ttlMs - 1), [decision, heldMs > 0]);
      assert.deepEqual(at(ttlMs), [undefined, heldMs > 0]);
      if (heldMs > 0) assert.deepEqual(at(heldMs - 1), [undefined, true]);
      assert.deepEqual(at(Math.max(ttlMs, heldMs)), [undefined, false]);
    });
});
