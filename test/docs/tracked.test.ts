/**
 * No tracked file contains traces of the machine it was written on, or of unfinished work.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { ROOT } from './documents.ts';

/** Regular expressions for git grep, each with a match; in pieces, so that they do not match themselves. */
const FORBIDDEN = [
  {
    what: 'home folder',
    pattern: '/(home|Users)/[a-z]|[/]root/',
    example: ['', 'home', 'user'].join('/'),
  },
  { what: 'folder outside the project', pattern: '[.][.]/shared/', example: ['..', 'shared', ''].join('/') },
  {
    what: 'marker of unfinished work',
    pattern: '\\b(TO[D]O|FIX[M]E|X[X]X)\\b',
    example: ['TO', 'DO'].join(''),
  },
  { what: 'issue number', pattern: '\\b[Ii]ssue #?[0-9]', example: ['issue', '7'].join(' ') },
] as const;

/** Lines of tracked text files that match. */
function grep(pattern: string): readonly string[] {
  const { stdout, status } = spawnSync('git', ['grep', '-InE', '--no-color', '-e', pattern], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  assert.ok(status === 0 || status === 1, `git grep: ${status}`);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('tracked files', () => {
  for (const { what, pattern, example } of FORBIDDEN) {
    it(`contain no ${what}`, () => {
      assert.match(example, new RegExp(pattern));
      assert.deepEqual(grep(pattern), []);
    });
  }

  it('can be searched', () => assert.ok(grep('^# sa-token-exporter$').length > 0));

  it('do not contain the path of the checkout', () => {
    const literal = ROOT.replace(/\/$/, '').replace(/[^\w/-]/g, '\\$&');
    assert.deepEqual(grep(`(^|[^[:alnum:]_./-])${literal}($|[^[:alnum:]_-])`), []);
  });

  it('contain no URL of a package registry', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    assert.doesNotMatch(lock, /"resolved"/);
  });

  it('include no build output', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
    assert.deepEqual(
      tracked.filter((file) => /^(dist|coverage|node_modules)\//.test(file)),
      [],
    );
  });
});
