/**
 * Who may begin a question while others are under way.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Admission, createAdmission } from '../../../src/web/auth/admission.ts';

/** A peer, or a key, that was never there before. */
let strangers = 0;
const stranger = (): string => `stranger-${strangers++}`;
const notHeld = (): undefined => undefined;

/** Enters as often as it is let, one peer after another. */
function fill(admission: Admission, heldKey: () => string | undefined, peer: () => string): number {
  let entered = 0;
  while (entered < 100 && admission.enter(heldKey(), peer()).ok) entered += 1;
  return entered;
}

describe('the admission to questions', () => {
  const lanes = [
    { it: 'what was allowed lately', heldKey: stranger, peer: stranger, most: 2 },
    { it: 'where somebody was allowed lately', heldKey: notHeld, peer: () => 'regular', most: 2 },
    { it: 'everybody else', heldKey: notHeld, peer: stranger, most: 4 },
  ];
  for (const lane of lanes)
    it(`lets in ${lane.most} at a time of ${lane.it}, whoever else is there`, () => {
      const admission = createAdmission(() => 0);
      admission.welcome('regular');
      for (const other of lanes.filter((one) => one !== lane))
        assert.equal(fill(admission, other.heldKey, other.peer), other.most);
      assert.equal(fill(admission, lane.heldKey, lane.peer), lane.most);
    });

  it('lets in another where one has left', () => {
    const admission = createAdmission(() => 0);
    const first = admission.enter(undefined, 'a');
    assert.ok(first.ok);
    assert.equal(fill(admission, notHeld, stranger), 3);
    first.leave();
    assert.equal(fill(admission, notHeld, stranger), 1);
  });

  it('lets in all that was allowed lately, each once in five seconds', () => {
    let nowMs = 0;
    const admission = createAdmission(() => nowMs);
    const waitMs = (key: string): number => {
      const admitted = admission.enter(key, 'a');
      if (!admitted.ok) return admitted.waitMs;
      admitted.leave();
      return 0;
    };
    for (let turn = 0; turn < 1_000; turn += 1) assert.equal(waitMs(`key-${turn}`), 0);
    assert.equal(waitMs('key-7'), 5_000);
    nowMs = 4_999;
    assert.equal(waitMs('key-7'), 1);
    nowMs = 5_000;
    assert.deepEqual([waitMs('key-7'), waitMs('key-7')], [0, 5_000]);
  });

  it('takes nobody for a regular who has gone, and knows 256 of them', () => {
    const admission = createAdmission(() => 0);
    admission.welcome(undefined);
    for (let index = 0; index < 257; index += 1) admission.welcome(`regular-${index}`);
    assert.equal(fill(admission, notHeld, stranger), 4);
    const isLetIn = (peer: string | undefined): boolean => admission.enter(undefined, peer).ok;
    assert.deepEqual([undefined, 'regular-0', 'regular-1', 'regular-256'].map(isLetIn), [
      false,
      false,
      true,
      true,
    ]);
  });
});
