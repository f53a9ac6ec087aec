/**
 * What is taken for a bearer token, and what is kept of it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { bearerToken, createKeyOf } from '../../../src/web/auth/bearer.ts';

describe('a bearer token', () => {
  const LONGEST = 16 * 1024 - 'Bearer '.length;
  const found = [
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c', 'a.b.c'],
    ['BEARER a.b.c', 'a.b.c'],
    ['Bearer   a', 'a'],
    ['Bearer sha256~A-z_0+9/==', 'sha256~A-z_0+9/=='],
    [`Bearer ${'a'.repeat(LONGEST)}`, 'a'.repeat(LONGEST)],
  ] as const;
  for (const [header, token] of found)
    it(`is there in ${header.slice(0, 40)}`, () => assert.equal(bearerToken(header), token));

  const none = [
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
  for (const header of none)
    it(`is not there in ${JSON.stringify(header?.slice(0, 40))}`, () =>
      assert.equal(bearerToken(header), undefined));

  it('is looked for in no time, whatever the header', () => {
    const startMs = performance.now();
    for (let turn = 0; turn < 100; turn += 1) bearerToken(`Bearer ${'a='.repeat(8_000)}`);
    for (let turn = 0; turn < 100; turn += 1) bearerToken(`Bearer ${' '.repeat(16_000)}`);
    assert.ok(performance.now() - startMs < 1_000);
  });
});

describe('the key of a token', () => {
  const get = { verb: 'get', path: '/metrics' };

  it('is the same for the same, and another for another', () => {
    const keyOf = createKeyOf();
    assert.equal(keyOf('a', get), keyOf('a', { ...get }));
    const others = [
      keyOf('a', get),
      keyOf('b', get),
      keyOf('a', { ...get, verb: 'head' }),
      keyOf('a', { ...get, path: '/' }),
      keyOf('a', { verb: 'get', path: 'get /metrics' }),
    ];
    assert.equal(new Set(others).size, others.length);
  });

  it('is another in another process, and holds nothing of the token', () => {
    const key = createKeyOf()('a-secret-token', get);
    assert.notEqual(key, createKeyOf()('a-secret-token', get));
    assert.match(key, /^[\w+/]{43}=$/);
  });
});
