/**
 * Who may begin a question while others are under way.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Admission, createAdmission } from '../../../src/exposition/guard/admission.ts';

/** A peer that was never there before. */
let strangers = 0;
const stranger = (): string => `stranger-${strangers++}`;

/** Enters as often as it is let, one peer after another. */
function fill(admission: Admission, isHeld: boolean, peer: () => string): number {
  let entered = 0;
  while (entered < 100 && admission.enter(isHeld, peer()).ok) entered += 1;
  return entered;
}

describe('the admission to questions', () => {
  const lanes = [
    { it: 'what was allowed lately', isHeld: true, peer: stranger, most: 2 },
    { it: 'where somebody was allowed lately', isHeld: false, peer: () => 'regular', most: 2 },
    { it: 'everybody else', isHeld: false, peer: stranger, most: 4 },
  ];
  for (const lane of lanes)
    it(`lets in ${lane.most} at a time of ${lane.it}, whoever else is there`, () => {
      const admission = createAdmission(() => 0);
      admission.welcome('regular');
      for (const other of lanes.filter((one) => one !== lane))
        assert.equal(fill(admission, other.isHeld, other.peer), other.most);
      assert.equal(fill(admission, lane.isHeld, lane.peer), lane.most);
    });

  it('lets in another where one has left', () => {
    const admission = createAdmission(() => 0);
    const first = admission.enter(false, 'a');
    assert.ok(first.ok);
    assert.equal(fill(admission, false, stranger), 3);
    first.leave();
    assert.equal(fill(admission, false, stranger), 1);
  });

  it('lets in what was allowed lately however often it comes', () => {
    const admission = createAdmission(() => 0);
    for (let turn = 0; turn < 1_000; turn += 1) {
      const admitted = admission.enter(true, 'a');
      assert.ok(admitted.ok);
      admitted.leave();
    }
  });

  it('takes nobody for a regular who has gone, and knows 256 of them', () => {
    const admission = createAdmission(() => 0);
    admission.welcome(undefined);
    for (let index = 0; index < 257; index += 1) admission.welcome(`regular-${index}`);
    assert.equal(fill(admission, false, stranger), 4);
    const isLetIn = (peer: string | undefined): boolean => admission.enter(false, peer).ok;
    assert.deepEqual([undefined, 'regular-0', 'regular-1', 'regular-256'].map(isLetIn), [
      false,
      false,
      true,
      true,
    ]);
  });
});
