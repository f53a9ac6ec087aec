/**
 * The request rate of healthy exporters over a simulated day. `npm run bench` does the same for a large fleet.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runFleet } from '../../../bench/fleet.ts';
import { runIssuerChange } from '../../../bench/issuer-change.ts';

describe('a healthy exporter', () => {
  it('sends a request to the API server about every three minutes', async () => {
    const nodes = 100;
    const { meanPerSecond } = await runFleet(nodes);
    const secondsBetween = nodes / meanPerSecond;
    assert.ok(secondsBetween > 150 && secondsBetween < 210, `every ${secondsBetween} seconds`);
  });
});

describe('exporters whose issuer changes', () => {
  it('send one review for each class of tokens, spread over five minutes', async () => {
    const { reviewsPerNode, lastSecond } = await runIssuerChange(50);
    assert.equal(reviewsPerNode, 3);
    assert.ok(lastSecond > 120 && lastSecond < 305, `the last after ${lastSecond} seconds`);
  });
});
