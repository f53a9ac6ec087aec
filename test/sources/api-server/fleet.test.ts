/**
 * The request rate of healthy exporters over a simulated day. `npm run bench` does the same for a large fleet.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runFleet } from '../../../bench/fleet.ts';

describe('a healthy exporter', () => {
  it('sends a request to the API server about every three minutes', async () => {
    const nodes = 100;
    const { meanPerSecond } = await runFleet(nodes);
    const secondsBetween = nodes / meanPerSecond;
    assert.ok(secondsBetween > 150 && secondsBetween < 210, `every ${secondsBetween} seconds`);
  });
});
