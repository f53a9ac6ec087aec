/**
 * Since when a token fails a check.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CHECKS } from '../../../src/core/checks/index.ts';
import { type History, NEW_HISTORY, NO_HISTORY } from '../../../src/core/history.ts';
import { placeOf } from '../../../src/core/origin.ts';
import { problemStartOf } from '../../../src/core/problems/problem-start.ts';
import { scheduleOf } from '../../../src/core/rotation.ts';
import { NOW, policy, token } from '../../support/tokens.ts';

const FIRST = NOW + 3_000;
const check = CHECKS.find(({ reason }) => reason === 'subpath_frozen');

/** The start of a copy's problem when its volume has a token that was issued at this time. */
function startOf(replacedAt: number, history: History, now: number) {
  assert.ok(check);
  const copy = token({ volumeKind: 'subpath', copy: { container: 'main', replacedAt } });
  const schedule = scheduleOf(copy, policy());
  return problemStartOf({ history, now }, { token: copy, schedule }, { check });
}

describe('the start of a problem of a copy', () => {
  const place = placeOf(token().identity);
  const seen: History = {
    ...NEW_HISTORY,
    problemStarts: new Map([[place, new Map([['subpath_frozen', FIRST + 30]])]]),
  };

  it('is when its volume was rotated, or earlier', () => {
    assert.deepEqual(startOf(FIRST, seen, FIRST + 60), { at: FIRST, isExact: false });
    assert.deepEqual(startOf(FIRST, NEW_HISTORY, FIRST + 60), { at: FIRST, isExact: false });
    assert.deepEqual(startOf(FIRST, NO_HISTORY, FIRST + 60), { at: FIRST, isExact: false });
  });

  it('stays when its volume is rotated again', () => {
    assert.deepEqual(startOf(FIRST + 3_000, seen, FIRST + 3_060), { at: FIRST + 30, isExact: false });
  });
});
