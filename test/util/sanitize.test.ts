/**
 * What hostile text may not do to a terminal or to a reader of JSON.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { printable, printableJson } from '../../src/util/sanitize.ts';

const UNSEEN = [
  { it: 'a line feed', text: '\n' },
  { it: 'an escape', text: '\x1b' },
  { it: 'a bell', text: '\x07' },
  { it: 'delete', text: '\x7f' },
  { it: 'an escape in one byte', text: '\x9b' },
  { it: 'a change of direction', text: '\u202e' },
  { it: 'nothing with a width', text: '\u200b' },
  { it: 'a line separator', text: '\u2028' },
  { it: 'half a surrogate pair', text: '\ud83d' },
  { it: 'a tag', text: '\u{e0041}' },
  { it: 'nothing Unicode knows', text: '\u{10ffff}' },
];

describe('printable', () => {
  for (const { it: title, text } of UNSEEN) {
    it(`replaces ${title}`, () => assert.equal(printable(`a${text}b`), 'a\u{fffd}b'));
  }

  it('leaves what can be seen', () => assert.equal(printable('é漢😀 ~"\\<'), 'é漢😀 ~"\\<'));
});

describe('printableJson', () => {
  for (const { it: title, text } of UNSEEN) {
    it(`escapes ${title}, and says the same`, () => {
      const json = printableJson(JSON.stringify(text));
      assert.match(json, /^"(?:\\u[0-9a-f]{4}){1,2}"$|^"\\n"$/);
      assert.equal(JSON.parse(json), text);
    });
  }

  it('keeps its own lines', () => {
    const json = JSON.stringify({ a: ['\n'] }, undefined, 2);
    assert.equal(printableJson(json), json);
  });

  it('says the same, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = printableJson(JSON.stringify(text));
        return JSON.parse(json) === text && printable(json) === json;
      }),
    );
  });
});
