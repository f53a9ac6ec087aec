/**
 * What a single claim may look like: each rule at its bounds.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import * as rules from '../../src/core/claim-rules.ts';

const YEAR_9999 = 253_402_300_799;
const NOT_TEXTS = [undefined, null, true, 0, 1, [], {}, ['text'], { text: 'text' }];

describe('the rule for a time', () => {
  const taken = [
    { it: 'takes the epoch', value: 0, time: 0 },
    { it: 'takes a second of today', value: 1_795_480_000, time: 1_795_480_000 },
    { it: 'takes the last second of the year 9999', value: YEAR_9999, time: YEAR_9999 },
    { it: 'cuts a fraction off, as the API server does', value: 1_795_480_000.999, time: 1_795_480_000 },
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
    it(`refuses ${String(value)} (${typeof value})`, () => assert.equal(rules.time(value), undefined));
  }
});

describe('the rule for a text', () => {
  for (const value of [
    'a',
    'https://example.com/id?a=b&c',
    '<b>"\'\\$(x)`',
    'żółć 日本 🙂',
    'x'.repeat(2_048),
  ]) {
    it(`takes ${JSON.stringify(value.slice(0, 40))}, ${value.length} long`, () => {
      assert.equal(rules.string(value), value);
    });
  }

  const refused = [
    { what: 'nothing', value: '' },
    { what: 'one character too many', value: 'x'.repeat(2_049) },
    { what: 'a line feed', value: 'a\nb' },
    { what: 'a NUL', value: 'a\0b' },
    { what: 'an escape for the terminal', value: '\u001b[31m' },
    { what: 'a control character of Latin-1', value: 'a\u0085b' },
    { what: 'a line separator', value: 'a\u2028b' },
    { what: 'a paragraph separator', value: 'a\u2029b' },
    { what: 'a turn of the direction of writing', value: 'a\u202eb' },
    { what: 'a character without width', value: 'a\u200bb' },
    { what: 'half of a surrogate pair', value: 'a\ud800b' },
  ];
  for (const { what, value } of refused) {
    it(`refuses ${what}`, () => assert.equal(rules.string(value), undefined));
  }
  for (const value of NOT_TEXTS) {
    it(`refuses ${JSON.stringify(value)}`, () => assert.equal(rules.string(value), undefined));
  }
});

const NAME_RULES = [
  { rule: rules.namespaceName, what: 'the name of a namespace', longest: 63 },
  { rule: rules.objectName, what: 'the name of an object', longest: 253 },
];

for (const { rule, what, longest } of NAME_RULES) {
  describe(`the rule for ${what}`, () => {
    for (const value of ['a', '0', 'a-b', 'kube-system', '1-a', 'a--b', 'x'.repeat(longest)]) {
      it(`takes ${value.slice(0, 40)}, ${value.length} long`, () => assert.equal(rule(value), value));
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
      it(`refuses ${JSON.stringify(value.slice(0, 40))}, ${value.length} long`, () => {
        assert.equal(rule(value), undefined);
      });
    }
    for (const value of NOT_TEXTS) {
      it(`refuses ${JSON.stringify(value)}`, () => assert.equal(rule(value), undefined));
    }

    it('takes nothing that a shell gives a meaning', () => {
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

describe('the names of namespaces and of other objects', () => {
  it('differ in that only the latter may have dots', () => {
    assert.equal(rules.namespaceName('node-1.example.com'), undefined);
    assert.equal(rules.objectName('node-1.example.com'), 'node-1.example.com');
  });

  for (const value of ['a..b', 'a.-b', 'a-.b']) {
    it(`have no ${value}`, () => assert.equal(rules.objectName(value), undefined));
  }
});

describe('the rule for a uid', () => {
  for (const value of ['2a54b4a4-4f0d-4c44-9c2e-6e0a1d6cf3a1', 'a', 'A.b:c_d-1', 'x'.repeat(128)]) {
    it(`takes ${value.slice(0, 40)}`, () => assert.equal(rules.objectUid(value), value));
  }
  for (const value of ['', 'a b', 'a/b', 'a\n', '$(x)', 'ü', 'x'.repeat(129), ...NOT_TEXTS]) {
    it(`refuses ${JSON.stringify(value)?.slice(0, 40)}`, () =>
      assert.equal(rules.objectUid(value), undefined));
  }
});

describe('the rule for audiences', () => {
  const taken = [
    { it: 'takes a list', value: ['a', 'b'], audiences: ['a', 'b'] },
    { it: 'takes one text for a list of one', value: 'a', audiences: ['a'] },
    { it: 'takes as many as 64', value: Array(64).fill('a'), audiences: Array(64).fill('a') },
    {
      it: 'takes as much as 4,096 characters with their commas',
      value: ['x'.repeat(2_048), 'x'.repeat(2_047)],
      audiences: ['x'.repeat(2_048), 'x'.repeat(2_047)],
    },
  ];
  for (const { it: title, value, audiences } of taken) {
    it(title, () => assert.deepEqual(rules.audiences(value), audiences));
  }

  const refused = [
    { it: 'refuses none', value: [] },
    { it: 'refuses the lack of any', value: undefined },
    { it: 'refuses null', value: null },
    { it: 'refuses an empty text', value: '' },
    { it: 'refuses an empty text among others', value: ['a', ''] },
    { it: 'refuses a number among texts', value: ['a', 1] },
    { it: 'refuses a list in a list', value: [['a']] },
    { it: 'refuses an object', value: { 0: 'a' } },
    { it: 'refuses a line feed', value: ['a\nb'] },
    { it: 'refuses 65', value: Array(65).fill('a') },
    { it: 'refuses 4,097 characters with their commas', value: ['x'.repeat(2_048), 'x'.repeat(2_048)] },
  ];
  for (const { it: title, value } of refused) {
    it(title, () => assert.equal(rules.audiences(value), undefined));
  }
});
