/**
 * What a map of bounded size keeps, and what it lets go.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createBoundedMap } from '../../src/util/bounded-map.ts';

describe('a map of bounded size', () => {
  const create = (keys: string) => {
    const map = createBoundedMap<number>(3);
    for (const key of keys) map.set(key, key.charCodeAt(0));
    return map;
  };
  const cases = [
    { it: 'all up to its size', set: 'abc', kept: 'abc' },
    { it: 'the newest beyond', set: 'abcd', kept: 'bcd' },
    { it: 'what was set again', set: 'abcad', kept: 'acd' },
    { it: 'one of each', set: 'aaaab', kept: 'ab' },
  ];
  for (const { it: title, set, kept } of cases)
    it(`keeps ${title}`, () => {
      const map = create(set);
      const found = 'abcd'.split('').filter((key) => map.get(key) === key.charCodeAt(0));
      assert.equal(found.join(''), kept);
    });

  it('has room for another where one was taken out', () => {
    const map = create('abc');
    map.delete('b');
    map.set('d', 0);
    assert.deepEqual([map.get('a'), map.get('b'), map.get('c'), map.get('d')], [97, undefined, 99, 0]);
  });
});
