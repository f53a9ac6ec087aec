/**
 * A long text in pieces.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { atOnce, inTurns, listInPieces } from '../../../src/web/page/slices.ts';

describe('listInPieces', () => {
  const list = Array.from({ length: 125 }, (_, index) => index);
  const text = list.map((item) => `${item},`).join('');

  it('awaits a turn after each 50 items', async () => {
    const made: number[] = [];
    const turns: number[] = [];
    const pieces = listInPieces(list, (item) => {
      made.push(item);
      return `${item},`;
    });
    const turn = async (): Promise<void> => {
      turns.push(made.length);
    };
    assert.equal((await Array.fromAsync(inTurns(pieces, turn))).join(''), text);
    assert.deepEqual(turns, [50, 100, 125]);
  });

  it('can be made at once', () => {
    assert.equal(atOnce(listInPieces(list, (item) => `${item},`)), text);
  });
});
