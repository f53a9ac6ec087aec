/**
 * `npm run lint:words [path...]`: reports words of `lint/words.ts` in tracked text files, and stale exemptions.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { covers, findWords } from './find-words.ts';
import { WORD_EXEMPTIONS } from './word-exemptions.ts';

const paths = process.argv.slice(2);
const { stdout } = spawnSync('git', ['ls-files', '-z', '--', ...paths], { encoding: 'utf8' });
const files = stdout.split('\0').filter((path) => path !== '');

const unused = new Set(WORD_EXEMPTIONS);
let count = 0;

for (const path of files) {
  const text = readFileSync(path, 'utf8');
  if (text.includes('\0')) continue;
  for (const { line, word, write } of findWords(text)) {
    const exemptions = WORD_EXEMPTIONS.filter((exemption) => covers(exemption, path, word));
    for (const exemption of exemptions) unused.delete(exemption);
    if (exemptions.length > 0) continue;
    count += 1;
    console.log(`${path}:${line}: "${word}": write ${write}`);
  }
}
if (paths.length === 0)
  for (const { files: glob } of unused) {
    count += 1;
    console.log(`lint/word-exemptions.ts: the exemption for ${glob} matches nothing: remove it`);
  }
if (count > 0) {
  console.error(`${count} to fix; the list and its reasons are in lint/words.ts and lint/word-exemptions.ts`);
  process.exitCode = 1;
}
