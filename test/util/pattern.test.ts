/**
 * Patterns and globs: compared with equivalent regular expressions, and on input that makes those backtrack.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { matchesGlob, matchesPattern } from '../../src/util/pattern.ts';

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The equivalent regular expression; it backtracks, so it must not be used outside of tests. */
function patternAsRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(escaped).join('[^]*')}$`);
}

/** The equivalent regular expression: `**` includes its slash and may match nothing. */
function globAsRegExp(glob: string): RegExp {
  const parts = glob.split('/').map((part) => {
    return part === '**' ? '(?:/[^/]*)*' : `/${part.split('*').map(escaped).join('[^/]*')}`;
  });
  return new RegExp(`^${parts.join('')}$`);
}

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
const inputs = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
const globs = fc.array(fc.constantFrom('a', 'b', '*', '**', 'a*', '*b', 'a*b'), {
  minLength: 1,
  maxLength: 6,
});
const paths = fc.array(fc.constantFrom('a', 'b', 'ab', 'aab', 'c'), { minLength: 1, maxLength: 6 });

describe('matchesPattern', () => {
  const cases = [
    { pattern: 'vault', text: 'vault', matches: true },
    { pattern: 'vault', text: 'vaults', matches: false },
    { pattern: 'vault', text: '', matches: false },
    { pattern: '', text: '', matches: true },
    { pattern: '', text: 'a', matches: false },
    { pattern: '*', text: '', matches: true },
    { pattern: '*', text: 'line\nfeed', matches: true },
    { pattern: 'a*', text: 'a', matches: true },
    { pattern: 'a*', text: 'ba', matches: false },
    { pattern: '*a', text: 'ba', matches: true },
    { pattern: '*a', text: 'ab', matches: false },
    { pattern: 'a*a', text: 'a', matches: false },
    { pattern: 'a*a', text: 'aa', matches: true },
    { pattern: 'ab*ba', text: 'aba', matches: false },
    { pattern: 'a*b*c', text: 'abc', matches: true },
    { pattern: 'a*b*c', text: 'acb', matches: false },
    { pattern: 'a*bc*c', text: 'abc', matches: false },
    { pattern: 'sts.*.amazonaws.com', text: 'sts.eu-west-1.amazonaws.com', matches: true },
    { pattern: 'sts.*.amazonaws.com', text: 'sts.amazonaws.com', matches: false },
    { pattern: 'sts.*.amazonaws.com', text: 'stsx.eu-west-1xamazonaws.com', matches: false },
    { pattern: 'a?c', text: 'abc', matches: false },
  ];
  for (const { pattern, text, matches } of cases) {
    it(`${matches ? 'matches' : 'does not match'} ${JSON.stringify(text)} with ${JSON.stringify(pattern)}`, () => {
      assert.equal(matchesPattern(pattern, text), matches);
    });
  }

  it('agrees with the equivalent regular expression', () => {
    fc.assert(
      fc.property(letters, inputs, (pattern, text) => {
        assert.equal(matchesPattern(pattern, text), patternAsRegExp(pattern).test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('matches the pattern with any text in place of its wildcards', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (parts, filler) => {
        const pattern = parts.map((part) => part.replaceAll('*', '')).join('*');
        assert.ok(
          matchesPattern(
            pattern,
            pattern.replaceAll('*', () => filler),
          ),
        );
      }),
    );
  });

  // A matcher that backtracks would not return within hours.
  it('returns on input that makes a regular expression backtrack', () => {
    assert.equal(matchesPattern(`${'*-'.repeat(20)}x`, `${'-'.repeat(4_096)}y`), false);
    assert.equal(matchesPattern(`${'*-'.repeat(20)}x*`, `${'-'.repeat(4_096)}y`), false);
  });
});

describe('matchesGlob', () => {
  const cases = [
    { glob: 'token', path: 'token', matches: true },
    { glob: 'token', path: 'sub/token', matches: false },
    { glob: '*', path: 'token', matches: true },
    { glob: '*', path: '', matches: true },
    { glob: '*', path: 'sub/token', matches: false },
    { glob: '*/token', path: 'sub/token', matches: true },
    { glob: '*/token', path: 'token', matches: false },
    { glob: '*/token', path: 'sub/dir/token', matches: false },
    { glob: 'sub*token', path: 'sub/token', matches: false },
    { glob: '**', path: 'token', matches: true },
    { glob: '**', path: 'sub/dir/token', matches: true },
    { glob: '**/token', path: 'token', matches: true },
    { glob: '**/token', path: 'sub/dir/token', matches: true },
    { glob: '**/token', path: 'sub/dir/tokens', matches: false },
    { glob: 'sub/**', path: 'sub/dir/token', matches: true },
    { glob: 'sub/**', path: 'sub', matches: true },
    { glob: 'sub/**', path: 'subs/token', matches: false },
    { glob: 'sub/**/token', path: 'sub/token', matches: true },
    { glob: 'sub/**/token', path: 'sub/a/b/token', matches: true },
    { glob: 'sub/**/token', path: 'sub/a/b/other', matches: false },
    { glob: '**/**', path: 'token', matches: true },
    { glob: '**/a/**/b', path: 'a/x/a/b', matches: true },
    { glob: 'a**b', path: 'a/b', matches: false },
    { glob: 'a**b', path: 'axb', matches: true },
    { glob: 'a/b/c', path: 'a/b', matches: false },
    { glob: 'x/y/**', path: 'a/b', matches: false },
    { glob: '.*', path: '.hidden', matches: true },
    { glob: '*', path: '.hidden', matches: true },
  ];
  for (const { glob, path, matches } of cases) {
    it(`${matches ? 'matches' : 'does not match'} ${JSON.stringify(path)} with ${JSON.stringify(glob)}`, () => {
      assert.equal(matchesGlob(glob, path), matches);
    });
  }

  it('agrees with the equivalent regular expression', () => {
    fc.assert(
      fc.property(globs, paths, (glob, path) => {
        const isMatch = globAsRegExp(glob.join('/')).test(`/${path.join('/')}`);
        assert.equal(matchesGlob(glob.join('/'), path.join('/')), isMatch);
      }),
      { numRuns: 2_000 },
    );
  });

  // A matcher that backtracks would not return within hours.
  it('returns on input that makes a regular expression backtrack', () => {
    assert.equal(matchesGlob(`${'**/'.repeat(20)}x`, Array(2_048).fill('a').join('/')), false);
    assert.equal(matchesGlob(`${'**/*a/'.repeat(20)}x`, Array(2_048).fill('a').join('/')), false);
  });
});
