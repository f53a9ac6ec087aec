/**
 * How often something may be done, by whom, and how long to wait else.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type BudgetOptions, createBudget } from '../../../src/web/auth/budget.ts';
import { networkOf } from '../../../src/web/client-network.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const ENDLESS = { burst: 1_000_000, intervalMs: 0 };

function create(options: Partial<BudgetOptions> = {}) {
  const clock = createFakeClock();
  const perPeer = { burst: 3, intervalMs: 2_000 };
  const { monotonicMs } = clock;
  const { take } = createBudget({ perPeer, overall: ENDLESS, maxPeers: 10, monotonicMs, ...options });
  const takeMany = (times: number, peer = 'a') => Array.from({ length: times }, () => take(peer));
  return { clock, take, takeMany };
}

describe('a budget', () => {
  it('grants a burst, then says how long to wait, and takes nothing for that', () => {
    const { takeMany } = create();
    assert.deepEqual(takeMany(6), [0, 0, 0, 2_000, 2_000, 2_000]);
  });

  it('grants one more at the time it named, and not before', async () => {
    const { clock, take, takeMany } = create();
    takeMany(3);
    await clock.advance(1_999);
    assert.equal(take('a'), 1);
    await clock.advance(1);
    assert.deepEqual([take('a'), take('a')], [0, 2_000]);
  });

  it('is full again after a rest, and no fuller', async () => {
    const { clock, takeMany } = create();
    takeMany(3);
    await clock.advance(5_999);
    assert.deepEqual(takeMany(3), [0, 0, 1]);
    await clock.advance(1_000_000);
    assert.deepEqual(takeMany(4), [0, 0, 0, 2_000]);
  });

  it('is one for each peer', () => {
    const { takeMany } = create();
    takeMany(3, 'a');
    assert.deepEqual(takeMany(4, 'b'), [0, 0, 0, 2_000]);
  });

  it('is one for all peers together, which the refused take nothing of', async () => {
    const { clock, take, takeMany } = create({ overall: { burst: 4, intervalMs: 1_000 } });
    assert.deepEqual(takeMany(5, 'a'), [0, 0, 0, 2_000, 2_000]);
    assert.deepEqual(takeMany(2, 'b'), [0, 1_000]);
    await clock.advance(1_000);
    // Refused by the whole, the peer has two of its own left.
    assert.deepEqual([take('b'), take('b')], [0, 1_000]);
    await clock.advance(1_000);
    assert.equal(take('b'), 0);
  });

  it('asks for the longer of two waits', () => {
    const { takeMany } = create({ overall: { burst: 3, intervalMs: 10_000 } });
    assert.equal(takeMany(4).at(-1), 10_000);
  });

  it('is one for all who have gone', () => {
    const { take } = create();
    assert.deepEqual([undefined, undefined, undefined, undefined].map(take), [0, 0, 0, 2_000]);
  });

  it('forgets the peer that came longest ago, refused or not, and nobody else', () => {
    const { take, takeMany } = create({ maxPeers: 2 });
    takeMany(4, 'a');
    takeMany(4, 'b');
    take('a');
    take('c');
    assert.equal(take('a'), 2_000);
    assert.equal(take('b'), 0);
  });

  it('holds a crowd of addresses to what all may take', () => {
    const { take } = create({ overall: { burst: 20, intervalMs: 1_000 }, maxPeers: 10 });
    const granted = Array.from({ length: 10_000 }, (_, index) => take(`10.0.${index >> 8}.${index & 255}`));
    assert.equal(granted.filter((wait) => wait === 0).length, 20);
  });

  it('never grants more than burst and rate allow, however it is asked', async () => {
    const { clock, take } = create({ perPeer: { burst: 3, intervalMs: 333 } });
    let granted = 0;
    for (let step = 0; step < 1_000; step += 1) {
      if (take('a') === 0) granted += 1;
      await clock.advance(7);
    }
    assert.ok(granted <= 3 + 21 && granted >= 21, String(granted));
  }).timeout(10_000);
});

describe('the network of a peer', () => {
  const cases = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::6', '2001:db8:1:3::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::2:3:4:5:6', '2001:db8:0:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    [undefined, ''],
  ] as const;
  for (const [address, network] of cases)
    it(`of ${address} is ${network || 'none'}`, () => assert.equal(networkOf(address), network));
});
