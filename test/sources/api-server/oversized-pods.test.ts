/**
 * Pods whose volumes are beyond the bounds.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createSplitOversized } from '../../../src/sources/api-server/oversized-pods.ts';
import { podFacts } from '../../support/cluster.ts';

const usual = podFacts({ uid: 'usual' });
const large = podFacts({ uid: 'large', projections: [], isOversized: true });

describe('pods whose volumes are beyond the bounds', () => {
  it('are not among those whose spec is known', () => {
    const all = new Map([usual, large].map((pod) => [pod.uid, pod]));
    assert.deepEqual(createSplitOversized()(all), {
      pods: new Map([['usual', usual]]),
      oversized: new Map([['large', large]]),
    });
  });

  it('take nothing from a map without them, nor from pods that are not known', () => {
    const splitOversized = createSplitOversized();
    const all = new Map([['usual', usual]]);
    assert.equal(splitOversized(all).pods, all);
    assert.deepEqual(splitOversized(undefined), { pods: undefined, oversized: new Map() });
  });

  it('are the same maps while the pods are', () => {
    const splitOversized = createSplitOversized();
    const all = new Map([['large', large]]);
    assert.equal(splitOversized(all), splitOversized(all));
  });
});
