/**
 * base64url on bytes: the same as Node's decoder makes of a string, and nothing of any other byte.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { decodeBase64url, isBase64url, isBase64urlByte } from '../../src/util/base64url.ts';

const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => byte);

describe('isBase64urlByte', () => {
  it('accepts the 64 characters of the alphabet and no other byte', () => {
    const accepted = String.fromCharCode(...EVERY_BYTE.filter(isBase64urlByte));
    assert.equal(accepted, '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
  });
});

describe('isBase64url', () => {
  for (const { text, expected } of [
    { text: 'eyJ-_09', expected: true },
    { text: 'A', expected: true },
    { text: '', expected: false },
    { text: 'AA=', expected: false },
    { text: 'A+', expected: false },
    { text: 'A/', expected: false },
    { text: ' A', expected: false },
    { text: 'A.A', expected: false },
    { text: 'A\0', expected: false },
    { text: 'ä', expected: false },
  ]) {
    it(`returns ${expected} for ${JSON.stringify(text)}`, () =>
      assert.equal(isBase64url(Buffer.from(text)), expected));
  }
});

describe('decodeBase64url', () => {
  it('returns the bytes that were encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const encoded = Buffer.from(Buffer.from(bytes).toString('base64url'));
        assert.deepEqual(decodeBase64url(encoded), Buffer.from(bytes));
      }),
    );
  });

  it('drops bits that do not fill a byte, as Node does', () => {
    for (const text of ['A', 'AB', 'AAB', 'AAAAB']) {
      assert.deepEqual(decodeBase64url(Buffer.from(text)), Buffer.from(text, 'base64url'));
    }
  });

  it('returns undefined for any byte outside the alphabet, at any position', () => {
    for (const byte of EVERY_BYTE.filter((one) => !isBase64urlByte(one))) {
      for (const at of [0, 1, 2, 3]) {
        const text = Buffer.from('AAAA');
        text[at] = byte;
        assert.equal(decodeBase64url(text), undefined, `byte ${byte} at ${at}`);
      }
    }
  });
});
