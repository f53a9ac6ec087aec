/**
 * Reading the code of an error.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { errorCode } from '../../src/util/error-code.ts';

describe('errorCode', () => {
  for (const { it: title, error, code } of [
    {
      it: 'returns the code of an error',
      error: Object.assign(new Error('x'), { code: 'ENOENT' }),
      code: 'ENOENT',
    },
    { it: 'returns undefined for an error without a code', error: new Error('ENOENT'), code: undefined },
    {
      it: 'returns undefined for a code that is not a string',
      error: Object.assign(new Error('x'), { code: 7 }),
      code: undefined,
    },
    {
      it: 'returns undefined for an object that is not an error',
      error: { code: 'ENOENT' },
      code: undefined,
    },
    { it: 'returns undefined for null', error: null, code: undefined },
  ]) {
    it(title, () => assert.equal(errorCode(error), code));
  }
});
