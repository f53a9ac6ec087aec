/**
 * Every path of this project in a document or a comment exists.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, it } from 'mocha';
import { DOCUMENTS, ROOT } from './documents.ts';

const FOLDERS = 'alerts|bench|daemonset|demo|docs|grafana|lint|simulator|src|test|\\.ci|\\.github';
const PATH = new RegExp(`(?<![\\w./@-])(?:${FOLDERS})/[\\w./*<>-]*[\\w*>]`, 'g');

/** What looks like a path of ours: a page of exporter-toolkit, an object of kubectl, a rule of Biome. */
const FOREIGN = /^docs\/web-configuration\.md$|^daemonset\/sa-token-exporter$|^lint\/[a-z]+\/[a-z]+[A-Z]\w+$/;

/** What is written for readers in a file of this kind. */
const PROSE: Readonly<Record<string, RegExp>> = {
  '.ts': /\/\*.*?\*\/|\/\/.*?$/gms,
  '.yaml': /#.*$/gm,
  '.yml': /#.*$/gm,
};

/** This file plants paths that do not exist. */
const COMMENTED = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((name) => extname(name) in PROSE && existsSync(join(ROOT, name)))
  .filter((name) => name !== 'test/docs/paths.test.ts');

function commentsOf(name: string, text: string): string {
  return (text.match(PROSE[extname(name)] ?? /^$/) ?? []).join('\n');
}

/** A placeholder such as `<Alert>` stands for any name. */
function exists(path: string): boolean {
  const pattern = path.replaceAll(/<[\w-]+>/g, '*');
  return pattern.includes('*')
    ? globSync(pattern, { cwd: ROOT }).length > 0
    : existsSync(join(ROOT, pattern));
}

function missingIn(text: string): readonly string[] {
  return (text.match(PATH) ?? []).filter((path) => !FOREIGN.test(path) && !exists(path));
}

describe('the paths in the documents and comments', () => {
  for (const { name, text } of DOCUMENTS)
    it(`${name} names only paths that exist`, () => assert.deepEqual(missingIn(text), []));

  it('exist in the comments of every tracked file', () => {
    const missing = COMMENTED.flatMap((name) =>
      missingIn(commentsOf(name, readFileSync(join(ROOT, name), 'utf8'))).map((path) => `${name}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });

  it('are found if they do not exist', () => {
    assert.deepEqual(missingIn('See `src/nowhere.ts`, test/nowhere/ and docs/decisions/9999-*.md.'), [
      'src/nowhere.ts',
      'test/nowhere',
      'docs/decisions/9999-*.md',
    ]);
    assert.deepEqual(
      missingIn('See src/main.ts, `docs/runbooks/<Alert>.md`, alerts/*.yaml and pkg/src/x.ts.'),
      [],
    );
  });

  it('are looked for in comments, not in code', () => {
    const code = "const path = 'src/nowhere.ts'; // src/a.ts\n/**\n * src/b.ts\n */\n";
    assert.deepEqual(missingIn(commentsOf('x.ts', code)), ['src/a.ts', 'src/b.ts']);
  });
});
