/**
 * The TTL cache: which entries it keeps, and for how long.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createTtlCache } from '../../src/util/ttl-cache.ts';

describe('a TTL cache without an expiry', () => {
  const create = (keys: string) => {
    const cache = createTtlCache<number>({ maxEntries: 3 });
    for (const key of keys) cache.set(key, key.charCodeAt(0));
    return cache;
  };
  const cases = [
    { it: 'keeps every entry up to its size', set: 'abc', kept: 'abc' },
    { it: 'drops the entry set longest ago beyond its size', set: 'abcd', kept: 'bcd' },
    { it: 'keeps an entry that was set again', set: 'abcad', kept: 'acd' },
    { it: 'counts an entry that was set repeatedly once', set: 'aaaab', kept: 'ab' },
  ];
  for (const { it: title, set, kept } of cases)
    it(title, () => {
      const cache = create(set);
      const found = 'abcd'.split('').filter((key) => cache.get(key) === key.charCodeAt(0));
      assert.equal(found.join(''), kept);
    });

  it('returns undefined for a key that was never set', () => {
    assert.equal(create('abc').get('d'), undefined);
  });

  it('returns the latest value of a key', () => {
    const cache = create('a');
    cache.set('a', 1);
    assert.equal(cache.get('a'), 1);
  });

  it('does not make an entry newer by reading it', () => {
    const cache = create('abc');
    cache.get('a');
    cache.set('d', 0);
    assert.equal(cache.get('a'), undefined);
  });

  it('has room for another entry after one is deleted', () => {
    const cache = create('abc');
    cache.delete('b');
    cache.set('d', 0);
    assert.deepEqual(['a', 'b', 'c', 'd'].map(cache.get), [97, undefined, 99, 0]);
  });

  it('ignores a delete of an absent key', () => {
    const cache = create('abc');
    cache.delete('d');
    assert.deepEqual(['a', 'b', 'c'].map(cache.get), [97, 98, 99]);
  });
});

describe('a TTL cache with an expiry', () => {
  const TTL_MS = 1_000;
  const create = () => {
    let nowMs = 5_000;
    const cache = createTtlCache<string>({
      maxEntries: 2,
      expiry: { ttlMs: TTL_MS, monotonicMs: () => nowMs },
    });
    const advance = (ms: number): void => {
      nowMs += ms;
    };
    return { cache, advance };
  };

  const ages = [
    { it: 'returns an entry as soon as it is set', ageMs: 0, value: 'x' },
    { it: 'returns an entry just before its time to live ends', ageMs: TTL_MS - 1, value: 'x' },
    { it: 'returns an entry a fraction of a millisecond before that', ageMs: TTL_MS - 0.25, value: 'x' },
    { it: 'returns undefined at the moment the time to live ends', ageMs: TTL_MS, value: undefined },
    { it: 'returns undefined after the time to live', ageMs: TTL_MS + 1, value: undefined },
  ];
  for (const { it: title, ageMs, value } of ages)
    it(title, () => {
      const { cache, advance } = create();
      cache.set('a', 'x');
      advance(ageMs);
      assert.equal(cache.get('a'), value);
    });

  it('restarts the time to live when an entry is set again, not when it is read', () => {
    const { cache, advance } = create();
    cache.set('a', 'x');
    advance(TTL_MS - 1);
    cache.set('a', 'y');
    advance(TTL_MS - 1);
    assert.equal(cache.get('a'), 'y');
    advance(1);
    assert.equal(cache.get('a'), undefined);
  });

  it('accepts an entry again after it expired', () => {
    const { cache, advance } = create();
    cache.set('a', 'x');
    advance(TTL_MS);
    cache.set('a', 'y');
    assert.equal(cache.get('a'), 'y');
  });

  it('counts expired entries as part of its size until newer ones replace them', () => {
    const { cache, advance } = create();
    cache.set('a', 'x');
    cache.set('b', 'x');
    advance(TTL_MS);
    cache.set('c', 'x');
    cache.set('d', 'x');
    assert.deepEqual(['a', 'b', 'c', 'd'].map(cache.get), [undefined, undefined, 'x', 'x']);
  });

  it('returns undefined for an entry that was deleted', () => {
    const { cache } = create();
    cache.set('a', 'x');
    cache.delete('a');
    assert.equal(cache.get('a'), undefined);
  });
});
