/**
 * The request rate of healthy exporters over simulated hours. `npm run bench` does the same for a large fleet.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { type FleetLoad, runFleet } from '../../../bench/fleet.ts';
import { runIssuerChange } from '../../../bench/issuer-change.ts';

describe('a healthy exporter', () => {
  const nodes = 100;
  let load: FleetLoad;
  before(async () => {
    load = await runFleet(nodes);
  });

  it('sends a request to the API server about every three minutes', () => {
    const secondsBetween = nodes / load.meanPerSecond;
    assert.ok(secondsBetween > 150 && secondsBetween < 210, `every ${secondsBetween} seconds`);
  });

  it('knows its pods 30 s after a restart of the API server, and everything else after two minutes', () => {
    const { recoverySeconds } = load;
    const limits = { pods: 30, serviceaccounts: 130, keys: 130 } as const;
    for (const resource of ['pods', 'serviceaccounts', 'keys'] as const) {
      const seconds = recoverySeconds.get(resource) ?? Number.POSITIVE_INFINITY;
      assert.ok(seconds <= limits[resource], `${resource} after ${seconds} seconds`);
    }
  });

  it('spreads its lists after the restart over the fleet', () => {
    // At most one node in twenty lists its pods in the same second, and one in sixty all service accounts.
    const objects = nodes * (30 / 20 + 5_000 / 60);
    // Few nodes deviate more from the mean than many.
    assert.ok(load.peakObjectsPerSecond < 5 * objects, `${load.peakObjectsPerSecond} objects in a second`);
  });
});

describe('exporters whose issuer changes', () => {
  it('send one review for each class of tokens, spread over five minutes', async () => {
    const { reviewsPerNode, lastSecond } = await runIssuerChange(50);
    assert.equal(reviewsPerNode, 3);
    assert.ok(lastSecond > 120 && lastSecond < 305, `the last after ${lastSecond} seconds`);
  });
});
