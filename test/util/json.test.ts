/**
 * What counts as a JSON object.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { object } from '../../src/util/json.ts';

describe('object', () => {
  for (const value of [{}, { a: 1 }, Object.create(null)]) {
    it(`returns ${JSON.stringify(value)} itself`, () => assert.equal(object(value), value));
  }
  for (const value of [undefined, null, [], [{}], 'text', 1, true]) {
    it(`returns undefined for ${JSON.stringify(value)}`, () => assert.equal(object(value), undefined));
  }
});
