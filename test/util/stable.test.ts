/**
 * Keeping the identity of a value while it is equal to the next one.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sameEntries, sameItems, sameSet, stable } from '../../src/util/stable.ts';

describe('stable', () => {
  it('returns the previous object if the next one is equal', () => {
    const keep = stable<readonly number[]>(sameItems);
    const first = keep([1, 2]);
    assert.equal(keep([1, 2]), first);
  });

  it('returns the next object if it differs, and keeps that one', () => {
    const keep = stable<readonly number[]>(sameItems);
    keep([1]);
    const second = [2];
    assert.equal(keep(second), second);
    assert.equal(keep([2]), second);
  });

  it('returns the first value, even if it is undefined', () => {
    const keep = stable<number | undefined>(() => assert.fail('there is nothing to compare with'));
    assert.equal(keep(undefined), undefined);
  });
});

describe('sameItems', () => {
  const [a, b] = [{}, {}];
  for (const { it: title, one, other, expected } of [
    { it: 'returns true for two empty lists', one: [], other: [], expected: true },
    { it: 'returns true for the same objects in the same order', one: [a, b], other: [a, b], expected: true },
    { it: 'returns false for another order', one: [a, b], other: [b, a], expected: false },
    { it: 'returns false for a longer list', one: [a], other: [a, b], expected: false },
    { it: 'returns false for equal objects that are not the same', one: [a], other: [{}], expected: false },
  ]) {
    it(title, () => assert.equal(sameItems<object>(one, other), expected));
  }
});

describe('sameEntries', () => {
  const [a, b] = [{}, {}];
  const map = (...entries: readonly (readonly [string, object | undefined])[]) => new Map(entries);
  for (const { it: title, one, other, expected } of [
    { it: 'returns true for two empty maps', one: map(), other: map(), expected: true },
    {
      it: 'returns true for the same entries in any order',
      one: map(['a', a], ['b', b]),
      other: map(['b', b], ['a', a]),
      expected: true,
    },
    { it: 'returns false for another value', one: map(['a', a]), other: map(['a', b]), expected: false },
    {
      it: 'returns false for undefined under another key',
      one: map(['a', undefined]),
      other: map(['b', undefined]),
      expected: false,
    },
    {
      it: 'returns false for a larger map',
      one: map(['a', a]),
      other: map(['a', a], ['b', b]),
      expected: false,
    },
  ]) {
    it(title, () => assert.equal(sameEntries(one, other), expected));
  }
});

describe('sameSet', () => {
  it('compares the members of two sets', () => {
    const [a, b] = [{}, {}];
    assert.ok(sameSet(new Set([a, b]), new Set([b, a])));
    assert.ok(!sameSet(new Set([a]), new Set([b])));
    assert.ok(!sameSet(new Set([a]), new Set([a, b])));
    assert.ok(!sameSet(new Set([a, b]), new Set([a])));
  });
});
