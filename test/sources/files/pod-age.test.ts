/**
 * When a pod's volumes are listed again: early and often while it is new, seldom later, and never not.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createPodAge } from '../../../src/sources/files/pod-volumes.ts';

function podAge() {
  let seconds = 1_000_000;
  const age = createPodAge(() => seconds);
  const pass = (passed: number): void => {
    seconds += passed;
  };
  return { age, pass };
}

/** The ages at which a pod is listed that is asked every `step` seconds for `until` seconds. */
function listingAges(step: number, until: number): readonly number[] {
  const { age, pass } = podAge();
  const ages: number[] = [];
  for (let passed = 0; passed <= until; passed += step) {
    if (age.isListingDue()) {
      ages.push(passed);
      age.listed();
    }
    pass(step);
  }
  return ages;
}

describe('createPodAge', () => {
  it('is as old as it is known', () => {
    const { age, pass } = podAge();
    assert.equal(age.seconds(), 0);
    pass(90);
    assert.equal(age.seconds(), 90);
  });

  it('has a pod listed when its age has doubled, and every two minutes in the end', () => {
    assert.deepEqual(listingAges(1, 800), [0, 1, 2, 4, 8, 16, 32, 64, 128, 248, 368, 488, 608, 728]);
  });

  it('has an old pod listed at every scan where scans are seldom', () => {
    assert.deepEqual(listingAges(300, 1_500), [0, 300, 600, 900, 1_200, 1_500]);
  });

  it('has a pod listed at once where the clock was set back, and counts it as new', () => {
    const { age, pass } = podAge();
    pass(10_000);
    age.listed();
    assert.equal(age.isListingDue(), false);
    pass(-9_000);
    assert.equal(age.isListingDue(), true);
    assert.equal(age.seconds(), 0);
  });
});
