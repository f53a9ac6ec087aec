/**
 * Work in slices.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { atOnce, inTurns, mapInSlices } from '../../../src/web/page/slices.ts';

describe('mapInSlices', () => {
  const list = Array.from({ length: 125 }, (_, index) => index);
  const doubled = list.map((item) => item * 2);

  it('awaits a turn after each 50 items', async () => {
    const mapped: number[] = [];
    const turns: number[] = [];
    const work = mapInSlices(list, (item) => {
      mapped.push(item);
      return item * 2;
    });
    const turn = async (): Promise<void> => {
      turns.push(mapped.length);
    };
    assert.deepEqual(await inTurns(work, turn), doubled);
    assert.deepEqual(turns, [50, 100]);
  });

  it('can be done at once', () => {
    assert.deepEqual(atOnce(mapInSlices(list, (item) => item * 2)), doubled);
  });
});
