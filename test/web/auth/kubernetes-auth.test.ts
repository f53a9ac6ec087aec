/**
 * Whom the guard lets in, for how long, how often it asks, and what a flood comes to.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Access, Decision } from '../../../src/web/auth/access.ts';
import type { Asked, Refusal } from '../../../src/web/auth/guard.ts';
import { createKubernetesGuard } from '../../../src/web/auth/kubernetes-auth.ts';
import { createFakeClock, settle } from '../../support/fake-clock.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const FAILED: Access = { outcome: 'failed', resource: 'tokenreviews', failure: 'unreachable' };
const PROMETHEUS = '10.0.0.1';

interface Question {
  readonly token: string;
  readonly verb: string;
  readonly path: string;
  readonly answer: (access: Access) => void;
}

/** A guard, and an API server whose word is what `says` answers for a token; undefined where the test answers. */
function create(says: (token: string) => Access | undefined = () => ({ outcome: 'allowed' })) {
  const clock = createFakeClock();
  const asked: Question[] = [];
  const errors: unknown[] = [];
  let answer = says;
  const guard = createKubernetesGuard({
    monotonicMs: clock.monotonicMs,
    onError: (error) => errors.push(error),
    review: (token, { verb, path }) => {
      const { promise, resolve } = Promise.withResolvers<Access>();
      asked.push({ token, verb, path, answer: resolve });
      const access = answer(token);
      if (access !== undefined) resolve(access);
      return promise;
    },
  });
  const come = (token: string, overrides: Partial<Asked> = {}): Promise<Refusal | undefined> =>
    guard({
      method: 'GET',
      path: '/metrics',
      authorization: `Bearer ${token}`,
      peer: PROMETHEUS,
      ...overrides,
    });
  /** What it comes to: 200 where it is let in. */
  const status = async (token: string, overrides: Partial<Asked> = {}): Promise<number> =>
    (await come(token, overrides))?.status ?? 200;
  const say = (next: typeof says): void => {
    answer = next;
  };
  /** So many tokens that were never seen, one from each address. */
  const flood = (count: number, peer = (index: number) => `192.0.2.${index}`) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        status(`bad-${index}-${asked.length}`, { peer: peer(index) }),
      ),
    );
  return { clock, asked, errors, guard, come, status, say, flood };
}

const decided = (outcome: Decision) => (): Access => ({ outcome });

describe('the guard by tokens of the cluster', () => {
  const answers = [
    ['allowed', undefined],
    ['unauthenticated', { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } }],
    ['forbidden', { status: 403, headers: {} }],
  ] as const;
  for (const [outcome, refusal] of answers)
    it(`answers ${refusal?.status ?? 'nothing'} where the API server says ${outcome}`, async () => {
      const { come, asked } = create(decided(outcome));
      assert.deepEqual(await come('a'), refusal);
      assert.deepEqual(
        asked.map(({ token, verb, path }) => [token, verb, path]),
        [['a', 'get', '/metrics']],
      );
    });

  it('says nothing of why the API server could not be asked', async () => {
    const { come } = create(() => FAILED);
    assert.deepEqual(await come('a'), { status: 500, headers: {} });
  });

  for (const authorization of [undefined, '', 'Basic YTpi', 'Bearer', 'Bearer a b'])
    it(`refuses ${authorization ?? 'nothing'} without a question`, async () => {
      const { come, asked } = create();
      const refusal = await come('', { authorization });
      assert.deepEqual([refusal?.status, asked.length], [401, 0]);
    });

  it('asks for the method in small letters and the path as it is', async () => {
    const { come, asked } = create();
    await come('a', { method: 'HEAD', path: '/Metrics/' });
    assert.deepEqual([asked[0]?.verb, asked[0]?.path], ['head', '/Metrics/']);
  });

  it('tells of a bug, and fails', async () => {
    const { status, say, errors, clock } = create();
    const bug = new Error('a bug');
    say(() => {
      throw bug;
    });
    assert.equal(await status('a'), 500);
    say(decided('allowed'));
    assert.equal(await status('a'), 200);
    await clock.advance(MINUTE);
    say(() => {
      throw bug;
    });
    assert.equal(await status('a'), 200);
    assert.deepEqual(errors, [bug, bug]);
  });
});

describe('what the API server said', () => {
  const times = [
    ['allowed', MINUTE],
    ['unauthenticated', MINUTE],
    ['forbidden', 30 * SECOND],
  ] as const;
  for (const [outcome, goodForMs] of times)
    it(`is good for ${goodForMs / SECOND} seconds where it is ${outcome}`, async () => {
      const { come, asked, clock } = create(decided(outcome));
      const first = await come('a');
      await clock.advance(goodForMs - 1);
      assert.deepEqual([await come('a'), asked.length], [first, 1]);
      await clock.advance(1);
      assert.deepEqual([await come('a'), asked.length], [first, 2]);
      await clock.advance(goodForMs - 1);
      assert.deepEqual([await come('a'), asked.length], [first, 2]);
    });

  it('is not good at all where it could not be asked', async () => {
    const { status, say } = create(() => FAILED);
    assert.equal(await status('a'), 500);
    say(decided('allowed'));
    assert.equal(await status('a'), 200);
  });

  it('is for one token, one method and one path', async () => {
    const { come, asked } = create();
    await come('a');
    await come('b');
    await come('a', { method: 'HEAD' });
    await come('a', { path: '/' });
    assert.equal(asked.length, 4);
    await come('a', { peer: 'another' });
    assert.equal(asked.length, 4);
  });

  it('is over with the next answer, whichever way', async () => {
    const { status, say, clock } = create();
    assert.equal(await status('a'), 200);
    await clock.advance(MINUTE);
    say(decided('unauthenticated'));
    assert.equal(await status('a'), 401);
    await clock.advance(MINUTE);
    say(decided('allowed'));
    assert.equal(await status('a'), 200);
  });
});

describe('an earlier yes', () => {
  const HELD = 11 * MINUTE;

  it('holds for ten minutes more while the API server cannot be asked, and is asked for each time', async () => {
    const { status, say, asked, clock } = create();
    await status('a');
    say(() => FAILED);
    await clock.advance(MINUTE);
    assert.deepEqual([await status('a'), asked.length], [200, 2]);
    await clock.advance(HELD - MINUTE - 1);
    assert.deepEqual([await status('a'), asked.length], [200, 3]);
    await clock.advance(1);
    assert.equal(await status('a'), 500);
  });

  it('is asked about once in five seconds, however often it comes', async () => {
    const { status, say, asked, clock } = create();
    await status('a');
    say(() => FAILED);
    await clock.advance(MINUTE);
    for (let turn = 0; turn < 50; turn += 1) assert.equal(await status('a'), 200);
    assert.equal(asked.length, 2);
    await clock.advance(5 * SECOND);
    assert.deepEqual([await status('a'), asked.length], [200, 3]);
  });

  it('begins anew once the API server can be asked again', async () => {
    const { status, say, clock } = create();
    await status('a');
    await clock.advance(HELD - 1);
    await status('a');
    say(() => FAILED);
    await clock.advance(HELD - 1);
    assert.equal(await status('a'), 200);
  });

  for (const [outcome, code] of [
    ['unauthenticated', 401],
    ['forbidden', 403],
  ] as const)
    it(`ends at once where the API server says ${outcome}, and does not come back by a failure`, async () => {
      const { status, say, clock } = create();
      await status('a');
      await clock.advance(MINUTE);
      say(decided(outcome));
      assert.equal(await status('a'), code);
      say(() => FAILED);
      await clock.advance(MINUTE);
      assert.equal(await status('a'), 500);
    });

  it('is that of its own path and token alone', async () => {
    const { status, say, clock } = create();
    await status('a');
    say(() => FAILED);
    await clock.advance(MINUTE);
    assert.deepEqual([await status('a', { path: '/' }), await status('b')], [500, 500]);
  });
});

describe('those who come at the same time', () => {
  it('share a question about the same, and its answer', async () => {
    const { status, asked } = create(() => undefined);
    const all = Array.from({ length: 100 }, (_, index) => status('a', { peer: `192.0.2.${index}` }));
    await settle();
    assert.equal(asked.length, 1);
    asked[0]?.answer({ outcome: 'forbidden' });
    assert.deepEqual(new Set(await Promise.all(all)), new Set([403]));
    assert.equal(asked.length, 1);
  });

  it('share a failure too, and do not ask again one after another', async () => {
    const { status, asked } = create(() => undefined);
    const all = Array.from({ length: 100 }, () => status('a'));
    await settle();
    asked[0]?.answer(FAILED);
    assert.deepEqual(new Set(await Promise.all(all)), new Set([500]));
    assert.equal(asked.length, 1);
  });

  it('ask four questions at most, and may come back for more', async () => {
    const { come, asked, say, status } = create(() => undefined);
    const first = [0, 1, 2, 3].map((index) => come(`a${index}`, { peer: `192.0.2.${index}` }));
    assert.deepEqual(await come('b', { peer: '192.0.2.9' }), {
      status: 429,
      headers: { 'Retry-After': '1' },
    });
    assert.equal(asked.length, 4);
    asked[0]?.answer({ outcome: 'allowed' });
    await first[0];
    say(decided('allowed'));
    assert.equal(await status('b', { peer: '192.0.2.9' }), 200);
    for (const { answer } of asked) answer(FAILED);
    await Promise.all(first);
  });
});

describe('a flood', () => {
  it('of tokens from one address comes to five questions, then one in five seconds', async () => {
    const { come, flood, asked, clock } = create(decided('unauthenticated'));
    for (let turn = 0; turn < 10; turn += 1) await flood(1, () => '192.0.2.1');
    assert.equal(asked.length, 5);
    const peer = '192.0.2.1';
    assert.deepEqual(await come('x', { peer }), { status: 429, headers: { 'Retry-After': '5' } });
    await clock.advance(4_999);
    assert.deepEqual(await come('x', { peer }), { status: 429, headers: { 'Retry-After': '1' } });
    await clock.advance(1);
    assert.equal((await come('x', { peer }))?.status, 401);
    assert.equal((await come('y', { peer: '::ffff:192.0.2.1' }))?.status, 429);
  });

  it('of tokens from one network of IPv6 is as one from one address', async () => {
    const { flood, asked } = create(decided('unauthenticated'));
    for (let turn = 0; turn < 10; turn += 1) await flood(1, () => `2001:db8::${turn}`);
    assert.equal(asked.length, 5);
  });

  it('of tokens from everywhere comes to twenty questions, then one a second', async () => {
    const { flood, asked, clock } = create(decided('unauthenticated'));
    for (let turn = 0; turn < 30; turn += 1) await flood(1, () => `192.0.2.${turn}`);
    assert.equal(asked.length, 20);
    await clock.advance(SECOND);
    for (let turn = 0; turn < 30; turn += 1) await flood(1, () => `198.51.100.${turn}`);
    assert.equal(asked.length, 21);
  });

  it('does not keep out who was allowed before, nor the next token from there', async () => {
    const { flood, status, say, asked, clock } = create();
    await status('prometheus');
    say((token) => (token.startsWith('bad') ? undefined : { outcome: 'allowed' }));
    for (let scrape = 0; scrape < 200; scrape += 1) {
      // They fill their lane, and are answered never.
      await Promise.race([flood(50), settle()]);
      await clock.advance(15 * SECOND);
      assert.equal(await status('prometheus'), 200);
      assert.equal(await status(`prometheus-${scrape >> 3}`), 200);
    }
    assert.equal(asked.filter(({ token }) => token.startsWith('bad')).length, 4);
  });

  it('from where somebody was allowed is held to a budget as well', async () => {
    const { flood, status, say, asked } = create();
    await status('prometheus');
    say(decided('unauthenticated'));
    for (let turn = 0; turn < 20; turn += 1) await flood(1, () => PROMETHEUS);
    assert.equal(asked.length, 1 + 5);
    assert.equal(await status('prometheus'), 200);
  });

  it('leaves the reserve to the very address where somebody was allowed within eleven minutes', async () => {
    const scraper = '2001:db8::1';
    for (const [peer, afterMs, expected] of [
      [scraper, 11 * MINUTE - 1, 200],
      [scraper, 11 * MINUTE, 429],
      ['2001:db8::2', 0, 429],
    ] as const) {
      const { flood, status, say, clock } = create();
      await status('prometheus', { peer: scraper });
      await clock.advance(afterMs);
      say(decided('unauthenticated'));
      for (let turn = 0; turn < 10; turn += 1) await flood(1, () => '2001:db8::bad');
      say(decided('allowed'));
      assert.equal(await status('new', { peer }), expected);
    }
  });

  it('of bad tokens does not make it forget who was allowed', async () => {
    const { status, say, flood, asked, clock } = create();
    await status('prometheus');
    say(decided('unauthenticated'));
    for (let second = 0; second < 59; second += 1) {
      await flood(1, () => `198.51.100.${second}`);
      await clock.advance(SECOND);
    }
    const before = asked.length;
    assert.deepEqual([await status('prometheus'), asked.length], [200, before]);
  });

  it('of questions about those allowed before leaves them in where their lane is full', async () => {
    const { status, say, asked, clock } = create();
    for (const token of ['a', 'b', 'c']) await status(token);
    await clock.advance(MINUTE);
    say(() => undefined);
    const [a, b] = [status('a'), status('b')];
    assert.equal(await status('c'), 200);
    assert.equal(asked.length, 5);
    for (const { answer } of asked) answer({ outcome: 'forbidden' });
    assert.deepEqual(await Promise.all([a, b]), [403, 403]);
  });
});
