/**
 * Which Authorization headers hold credentials.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { basicCredentials, bearerToken } from '../../../src/web/auth/authorization-header.ts';

describe('bearerToken', () => {
  const LONGEST = 16 * 1024 - 'Bearer '.length;
  const valid = [
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c', 'a.b.c'],
    ['BEARER a.b.c', 'a.b.c'],
    ['Bearer   a', 'a'],
    ['Bearer sha256~A-z_0+9/==', 'sha256~A-z_0+9/=='],
    [`Bearer ${'a'.repeat(LONGEST)}`, 'a'.repeat(LONGEST)],
  ] as const;
  for (const [header, token] of valid)
    it(`returns the token of ${header.slice(0, 40)}`, () => assert.equal(bearerToken(header), token));

  const invalid = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearera',
    'Basic YTpi',
    'a.b.c',
    ' Bearer a',
    'Bearer a b',
    'Bearer a,b',
    'Bearer "a"',
    'Bearer a=b',
    'Bearer =',
    'Bearer ä',
    'Bearer a\n',
    'Bearer\ta',
    `Bearer ${'a'.repeat(LONGEST + 1)}`,
  ];
  for (const header of invalid)
    it(`returns undefined for ${JSON.stringify(header?.slice(0, 40))}`, () =>
      assert.equal(bearerToken(header), undefined));

  // Quadratic backtracking exceeds the timeout of this test.
  it('parses long malformed headers in linear time', () => {
    for (let turn = 0; turn < 1_000; turn += 1) {
      assert.equal(bearerToken(`Bearer ${'a='.repeat(8_000)}`), undefined);
      assert.equal(bearerToken(`Bearer ${' '.repeat(16_000)}`), undefined);
    }
  }).timeout(20_000);
});

describe('basicCredentials', () => {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const valid = [
    [`Basic ${encode('a:b')}`, 'a', 'b'],
    [`BASIC   ${encode('a:b')}`, 'a', 'b'],
    [`Basic ${encode('a:b:c')}`, 'a', 'b:c'],
    [`Basic ${encode(':')}`, '', ''],
    [`Basic ${encode('ä:ö')}`, 'ä', 'ö'],
  ] as const;
  for (const [header, user, password] of valid)
    it(`returns user ${JSON.stringify(user)} and password ${JSON.stringify(password)} for ${header}`, () => {
      assert.deepEqual(basicCredentials(header), { user, password: Buffer.from(password) });
    });

  const invalid = [
    undefined,
    '',
    'Basic',
    'Basic ',
    'Basic a:b',
    `Basic ${encode('a')}`,
    `Basic ${encode('a:b')} x`,
    `Bearer ${encode('a:b')}`,
  ];
  for (const header of invalid)
    it(`returns undefined for ${JSON.stringify(header)}`, () =>
      assert.equal(basicCredentials(header), undefined));
});
