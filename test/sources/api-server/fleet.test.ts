/**
 * What a healthy agent asks of its API server through a day, among a few others; `npm run bench` takes a whole fleet.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runFleet } from '../../../bench/fleet.ts';

describe('a healthy agent', () => {
  it('asks about once in three minutes', async () => {
    const nodes = 100;
    const { meanPerSecond } = await runFleet(nodes);
    const secondsBetween = nodes / meanPerSecond;
    assert.ok(secondsBetween > 150 && secondsBetween < 210, `every ${secondsBetween} seconds`);
  });
});
