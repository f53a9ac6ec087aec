/**
 * Shares of a capacity: no group gets more than it needs, and a large group takes nothing from small ones.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fairShares } from '../../../src/core/limits/fair-share.ts';

describe('fairShares', () => {
  for (const { it: title, demands, shares } of [
    { it: 'gives each group what it needs if there is enough', demands: [1, 2, 3], shares: [1, 2, 3] },
    { it: 'gives all groups the same if all ask for more', demands: [20, 30, 40], shares: [4, 4, 4] },
    { it: 'divides what small groups leave among large ones', demands: [2, 100, 8], shares: [2, 5, 5] },
    { it: 'gives a large group the rest', demands: [1, 1, 1_000], shares: [1, 1, 10] },
    { it: 'returns nothing without groups', demands: [], shares: [] },
  ]) {
    it(title, () => {
      const asked = new Map(demands.map((demand, index) => [index, demand]));
      const given = fairShares(asked, 12);
      assert.deepEqual(
        demands.map((_, index) => given.get(index)),
        shares,
      );
    });
  }
});
