/**
 * Rules for values from outside, each at its bounds.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import * as rules from '../../../src/core/token/claim-rules.ts';

const YEAR_9999 = 253_402_300_799;
const NOT_STRINGS = [undefined, null, true, 0, 1, [], {}, ['text'], { text: 'text' }];

describe('time', () => {
  const taken = [
    { it: 'accepts the epoch', value: 0, time: 0 },
    { it: 'accepts a recent time', value: 1_795_480_000, time: 1_795_480_000 },
    { it: 'accepts the last second of the year 9999', value: YEAR_9999, time: YEAR_9999 },
    { it: 'truncates a fraction, as the API server does', value: 1_795_480_000.999, time: 1_795_480_000 },
  ];
  for (const { it: title, value, time } of taken) it(title, () => assert.equal(rules.time(value), time));

  for (const value of [
    -1,
    -0.001,
    YEAR_9999 + 1,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    '1795480000',
    null,
    [1],
    {},
  ]) {
    it(`rejects ${String(value)} (${typeof value})`, () => assert.equal(rules.time(value), undefined));
  }
});

describe('string', () => {
  for (const value of [
    'a',
    'https://example.com/id?a=b&c',
    '<b>"\'\\$(x)`',
    'żółć 日本 🙂',
    'x'.repeat(2_048),
  ]) {
    it(`accepts ${JSON.stringify(value.slice(0, 40))} of ${value.length} characters`, () => {
      assert.equal(rules.string(value), value);
    });
  }

  const refused = [
    { what: 'an empty string', value: '' },
    { what: 'a string of more than 2,048 characters', value: 'x'.repeat(2_049) },
    { what: 'a line feed', value: 'a\nb' },
    { what: 'a NUL', value: 'a\0b' },
    { what: 'a terminal escape sequence', value: '\u001b[31m' },
    { what: 'a Latin-1 control character', value: 'a\u0085b' },
    { what: 'a line separator', value: 'a\u2028b' },
    { what: 'a paragraph separator', value: 'a\u2029b' },
    { what: 'a change of the writing direction', value: 'a\u202eb' },
    { what: 'a zero-width character', value: 'a\u200bb' },
    { what: 'half of a surrogate pair', value: 'a\ud800b' },
  ];
  for (const { what, value } of refused) {
    it(`rejects ${what}`, () => assert.equal(rules.string(value), undefined));
  }
  for (const value of NOT_STRINGS) {
    it(`rejects ${JSON.stringify(value)}`, () => assert.equal(rules.string(value), undefined));
  }
});

const NAME_RULES = [
  { rule: rules.namespaceName, what: 'namespaceName', longest: 63 },
  { rule: rules.objectName, what: 'objectName', longest: 253 },
];

for (const { rule, what, longest } of NAME_RULES) {
  describe(what, () => {
    for (const value of ['a', '0', 'a-b', 'kube-system', '1-a', 'a--b', 'x'.repeat(longest)]) {
      it(`accepts ${value.slice(0, 40)} of ${value.length} characters`, () =>
        assert.equal(rule(value), value));
    }
    for (const value of [
      '',
      '-a',
      'a-',
      '.a',
      'a.',
      'A',
      'a_b',
      'a/b',
      'a\n',
      '\na',
      'ä',
      'x'.repeat(longest + 1),
    ]) {
      it(`rejects ${JSON.stringify(value.slice(0, 40))} of ${value.length} characters`, () => {
        assert.equal(rule(value), undefined);
      });
    }
    for (const value of NOT_STRINGS) {
      it(`rejects ${JSON.stringify(value)}`, () => assert.equal(rule(value), undefined));
    }

    it('rejects every character that is special in a shell', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (value) => {
          const name = rule(value);
          assert.ok(name === undefined || /^[a-z0-9][a-z0-9.-]*$/.test(name));
        }),
      );
      for (const character of ' \t"\'`$&|;<>()[]{}*?!#~=%^\\')
        assert.equal(rule(`a${character}b`), undefined);
    });
  });
}

describe('namespaceName and objectName', () => {
  it('differ in dots, which only objectName accepts', () => {
    assert.equal(rules.namespaceName('node-1.example.com'), undefined);
    assert.equal(rules.objectName('node-1.example.com'), 'node-1.example.com');
  });

  for (const value of ['a..b', 'a.-b', 'a-.b']) {
    it(`reject ${value}`, () => assert.equal(rules.objectName(value), undefined));
  }
});

describe('objectUid', () => {
  for (const value of ['2a54b4a4-4f0d-4c44-9c2e-6e0a1d6cf3a1', 'a', 'A.b:c_d-1', 'x'.repeat(128)]) {
    it(`accepts ${value.slice(0, 40)}`, () => assert.equal(rules.objectUid(value), value));
  }
  for (const value of ['', 'a b', 'a/b', 'a\n', '$(x)', 'ü', 'x'.repeat(129), ...NOT_STRINGS]) {
    it(`rejects ${JSON.stringify(value)?.slice(0, 40)}`, () =>
      assert.equal(rules.objectUid(value), undefined));
  }
});

describe('audiences', () => {
  const taken = [
    { it: 'accepts a list', value: ['a', 'b'], audiences: ['a', 'b'] },
    { it: 'returns a list for a single string', value: 'a', audiences: ['a'] },
    { it: 'accepts 64 audiences', value: Array(64).fill('a'), audiences: Array(64).fill('a') },
    {
      it: 'accepts 4,096 characters in total, commas included',
      value: ['x'.repeat(2_048), 'x'.repeat(2_047)],
      audiences: ['x'.repeat(2_048), 'x'.repeat(2_047)],
    },
  ];
  for (const { it: title, value, audiences } of taken) {
    it(title, () => assert.deepEqual(rules.audiences(value), audiences));
  }

  const refused = [
    { it: 'rejects an empty list', value: [] },
    { it: 'rejects undefined', value: undefined },
    { it: 'rejects null', value: null },
    { it: 'rejects an empty string', value: '' },
    { it: 'rejects an empty string in a list', value: ['a', ''] },
    { it: 'rejects a number in a list', value: ['a', 1] },
    { it: 'rejects a list in a list', value: [['a']] },
    { it: 'rejects an object', value: { 0: 'a' } },
    { it: 'rejects a line feed', value: ['a\nb'] },
    { it: 'rejects 65 audiences', value: Array(65).fill('a') },
    {
      it: 'rejects 4,097 characters in total, commas included',
      value: ['x'.repeat(2_048), 'x'.repeat(2_048)],
    },
  ];
  for (const { it: title, value } of refused) {
    it(title, () => assert.equal(rules.audiences(value), undefined));
  }
});
