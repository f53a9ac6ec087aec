/**
 * Names of any bytes: opened as they are on disk, and shown in one printable line that is different for each name.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { isEscaped, join, nameOf } from '../../../src/sources/files/paths.ts';

function shown(bytes: Buffer): string {
  return nameOf(bytes.toString('latin1')).name;
}

describe('nameOf', () => {
  for (const { it: title, bytes, name } of [
    { it: 'a plain name', bytes: 'vault-token', name: 'vault-token' },
    { it: 'spaces and quotes', bytes: `a "b" 'c'`, name: `a "b" 'c'` },
    { it: 'letters outside ASCII', bytes: 'żółć', name: 'żółć' },
    { it: 'a line feed', bytes: 'a\nb', name: 'a\\x0ab' },
    { it: 'a backslash', bytes: 'a\\b', name: 'a\\x5cb' },
    { it: 'text that looks like an escape', bytes: '\\x0a', name: '\\x5cx0a' },
    { it: 'a terminal escape sequence', bytes: '\u001b[2J', name: '\\x1b[2J' },
    { it: 'a right-to-left override', bytes: 'a\u202eb', name: 'a\\xe2\\x80\\xaeb' },
    { it: 'a line separator', bytes: 'a\u2028b', name: 'a\\xe2\\x80\\xa8b' },
  ]) {
    it(`shows ${title} as ${name}`, () => assert.equal(shown(Buffer.from(bytes)), name));
  }

  it('escapes each byte of a name that is not valid UTF-8', () => {
    assert.equal(shown(Buffer.from([0x61, 0xff, 0xc3])), 'a\\xff\\xc3');
  });

  it('keeps the bytes that open the file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        const { raw } = nameOf(Buffer.from(bytes).toString('latin1'));
        assert.deepEqual(Buffer.from(raw), Buffer.from(bytes));
      }),
    );
  });

  it('shows every name in one printable line', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        assert.doesNotMatch(shown(Buffer.from(bytes)), /[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('shows different names differently', () => {
    const near = fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => {
      return Buffer.from(bytes.map((byte) => [0x5c, 0x78, 0x30, 0x61, 0x0a, 0xc3, 0xb3][byte % 7] ?? 0));
    });
    fc.assert(
      fc.property(near, near, (one, other) => {
        assert.equal(shown(one) === shown(other), one.equals(other));
      }),
    );
  });
});

describe('isEscaped', () => {
  for (const { bytes, expected } of [
    { bytes: 'vault-token', expected: false },
    { bytes: 'żółć', expected: false },
    { bytes: 'a\nb', expected: true },
    { bytes: 'a\\b', expected: true },
  ]) {
    it(`returns ${expected} for the name shown for ${JSON.stringify(bytes)}`, () => {
      assert.equal(isEscaped(shown(Buffer.from(bytes))), expected);
    });
  }
});

describe('join', () => {
  it('joins strings to a string', () => assert.equal(join('/pods', 'a'), '/pods/a'));

  it('joins bytes to a Buffer', () => {
    assert.deepEqual(join('/pods', Buffer.from([0xff])), Buffer.from([...Buffer.from('/pods/'), 0xff]));
    assert.deepEqual(join(Buffer.from([0xff]), 'volumes'), Buffer.from([0xff, ...Buffer.from('/volumes')]));
  });
});
