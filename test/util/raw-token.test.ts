/**
 * The bytes of a raw token: white space around it is trimmed, everything else is left for the decoder to reject.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isTokenSpace, isTokenText, trimToken } from '../../src/util/raw-token.ts';

describe('isTokenSpace', () => {
  it('accepts tab, line feed, carriage return and space, and no other byte', () => {
    const accepted = Array.from({ length: 256 }, (_, byte) => byte).filter(isTokenSpace);
    assert.deepEqual(accepted, [0x09, 0x0a, 0x0d, 0x20]);
    assert.equal(isTokenSpace(undefined), false);
  });
});

describe('trimToken', () => {
  for (const { it: title, text, trimmed } of [
    { it: 'returns a token without white space as it is', text: 'a.b.c', trimmed: 'a.b.c' },
    { it: 'removes white space on both sides', text: ' \t\r\na.b.c\r\n\n', trimmed: 'a.b.c' },
    { it: 'keeps white space inside', text: ' a. b.c ', trimmed: 'a. b.c' },
    { it: 'keeps a NUL at the end', text: 'a.b.c\0', trimmed: 'a.b.c\0' },
    { it: 'keeps a byte order mark', text: '\ufeffa.b.c', trimmed: '\ufeffa.b.c' },
    { it: 'keeps dots at both ends', text: '.a.b.', trimmed: '.a.b.' },
    { it: 'returns nothing for white space alone', text: ' \n\t', trimmed: '' },
    { it: 'returns nothing for nothing', text: '', trimmed: '' },
  ]) {
    it(title, () => assert.equal(trimToken(Buffer.from(text)).toString(), trimmed));
  }

  it('returns a view of the same memory, so that wiping the file also wipes the token', () => {
    const bytes = Buffer.from(' a.b.c\n');
    const token = trimToken(bytes);
    bytes.fill(0);
    assert.ok(token.every((byte) => byte === 0));
  });
});

describe('isTokenText', () => {
  for (const { text, expected } of [
    { text: 'a.b.c', expected: true },
    { text: 'a-_9', expected: true },
    { text: '', expected: false },
    { text: 'a"b', expected: false },
    { text: 'a\\b', expected: false },
    { text: 'a.b.c=', expected: false },
    { text: 'a.b.c\n', expected: false },
  ]) {
    it(`returns ${expected} for ${JSON.stringify(text)}`, () =>
      assert.equal(isTokenText(Buffer.from(text)), expected));
  }
});
