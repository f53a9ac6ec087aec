/**
 * What hostile text cannot do to a terminal, a page or a reader of JSON.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  escapeBytes,
  hasControlCharacters,
  isPrintable,
  printable,
  printableJson,
} from '../../src/util/sanitize.ts';

/** `isControl`: also rejected in a claim, because it steers a terminal, reorders text or breaks a line. */
const UNPRINTABLE = [
  { it: 'a line feed', text: '\n', isControl: true },
  { it: 'an escape', text: '\x1b', isControl: true },
  { it: 'a bell', text: '\x07', isControl: true },
  { it: 'a delete', text: '\x7f', isControl: true },
  { it: 'a control sequence introducer of one byte', text: '\x9b', isControl: true },
  { it: 'a right-to-left override', text: '\u202e', isControl: true },
  { it: 'a zero-width space', text: '\u200b', isControl: true },
  { it: 'a line separator', text: '\u2028', isControl: true },
  { it: 'a paragraph separator', text: '\u2029', isControl: true },
  { it: 'half of a surrogate pair', text: '\ud83d', isControl: true },
  { it: 'a tag character', text: '\u{e0041}', isControl: true },
  { it: 'an unassigned character', text: '\u{10ffff}', isControl: false },
  { it: 'a private-use character', text: '\ue000', isControl: false },
];
const VISIBLE = 'é漢😀 ~"\\<';

describe('hasControlCharacters', () => {
  for (const { it: title, text, isControl } of UNPRINTABLE) {
    it(`returns ${isControl} for ${title}`, () => {
      assert.equal(hasControlCharacters(`a${text}b`), isControl);
    });
  }

  it('returns false for visible text', () => assert.equal(hasControlCharacters(VISIBLE), false));
});

describe('isPrintable', () => {
  for (const { it: title, text } of UNPRINTABLE) {
    it(`returns false for ${title}`, () => assert.equal(isPrintable(`a${text}b`), false));
  }

  it('returns true for visible text', () => assert.equal(isPrintable(VISIBLE), true));
});

describe('printable', () => {
  for (const { it: title, text } of UNPRINTABLE) {
    it(`replaces ${title}`, () => assert.equal(printable(`a${text}b`), 'a\u{fffd}b'));
  }

  it('leaves visible text unchanged', () => assert.equal(printable(VISIBLE), VISIBLE));

  it('returns printable text for any text, and printable text unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(text);
        return isPrintable(shown) && isPrintable(text) === (shown === text);
      }),
    );
  });
});

describe('printableJson', () => {
  for (const { it: title, text } of UNPRINTABLE) {
    it(`escapes ${title} and keeps the value`, () => {
      const json = printableJson(JSON.stringify(text));
      assert.match(json, /^"(?:\\u[0-9a-f]{4}){1,2}"$|^"\\n"$/);
      assert.equal(JSON.parse(json), text);
    });
  }

  it('keeps the line breaks between values', () => {
    const json = JSON.stringify({ a: ['\n'] }, undefined, 2);
    assert.equal(printableJson(json), json);
  });

  it('keeps the value of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = printableJson(JSON.stringify(text));
        return JSON.parse(json) === text && printable(json) === json;
      }),
    );
  });
});

describe('escapeBytes', () => {
  for (const { it: title, latin1, escaped } of [
    { it: 'returns printable ASCII unchanged', latin1: 'a "b" ~', escaped: 'a "b" ~' },
    { it: 'escapes a line feed', latin1: 'a\nb', escaped: String.raw`a\x0ab` },
    { it: 'escapes a byte beyond ASCII', latin1: '\xff', escaped: String.raw`\xff` },
    {
      it: 'escapes a backslash, so that no name can forge an escape',
      latin1: String.raw`\x0a`,
      escaped: String.raw`\x5cx0a`,
    },
  ]) {
    it(title, () => assert.equal(escapeBytes(latin1), escaped));
  }
});
