/**
 * The word list catches every word it names, and exemptions cover no more than they say.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { covers, findWords } from '../../lint/find-words.ts';
import { WORD_EXEMPTIONS } from '../../lint/word-exemptions.ts';
import { WORD_RULES } from '../../lint/words.ts';
import { ROOT } from '../docs/documents.ts';

const wordsIn = (text: string) => findWords(text).map(({ word }) => word);

/** Texts that this project once had, each of which some rule has to catch. */
const ONCE_WRITTEN = [
  'where it cannot, it says so in one line of its log',
  'A check that fails for the token, or that misses it, by reason; absent while none does.',
  'When the lifetime ends that was asked for; before the expiration where the API server extended it.',
  'Requests that were refused before they were answered, by status: who asked was not let in.',
  'Failures of the exporter that it has no reason code for, by part: bugs, told in its log.',
  'Whether what is known from the API server is current, by resource.',
  'Times a change was seen late, or a watch could not be placed.',
  'Answer only whom the API server knows and allows to get the path.',
  'The uid of the own pod, to check the own view by.',
  'Least to log',
  'cannot go on: listen EADDRINUSE',
  'Node was started without leave to read X',
  'API server does not tell who asks',
  'web configuration is not taken',
  'first pass ended',
  'must be a text',
  'is there twice',
  'an alias is not followed: write it out',
  'The signature of the token is not that of the key it names.',
  'though its refresh is due and the grace is over.',
  'nothing that is known explains it; the log of the kubelet does',
  'Not replaced since: ...',
  'The exporter has not been over its node for long, or never.',
  'The exporter does not know what the API server knows.',
  'A check fails that these rules do not know yet.',
  'its tokens are refused and get no successor',
  'out of a Secret, without an end',
  'replaced by nobody',
  'made again',
  'roll the others out anew',
  'Alerts lie with what is wrong',
  'the node was last looked at as a whole 27s ago',
  'No token is what you ask for.',
  'What to do is told once for the same problems',
  'What makes no sense is answered 400, so that nobody takes the whole for a part.',
  'Patience with what is late and works',
  'Canary: sings / silent',
  'Next late one dies in',
  'Dead within 15 min',
  'Who would be first',
  'How to mend it',
  'How to see that it is over',
  'The watch may never speak again and was closed: look, and lay it anew.',
  'Milliseconds of a clock that nobody sets.',
  'Hears of what the parts of this source come to.',
  'Markup, in which whatever is put is text and stays text.',
  'is none as nothing',
  'Knows nothing of files.',
] as const;

describe('the word list', () => {
  for (const { avoid, write } of WORD_RULES) {
    for (const one of avoid) {
      const planted = typeof one === 'string' ? one : one.example;
      it(`catches "${planted}"`, () => {
        const hits = findWords(`first line\n${planted}\n`);
        assert.ok(hits.length > 0);
        assert.equal(hits[0]?.line, 2);
        assert.ok(write.length > 1);
      });
    }
  }

  for (const text of ONCE_WRITTEN) {
    it(`catches something in "${text}"`, () => assert.ok(findWords(text).length > 0));
  }

  it('finds no word within an identifier', () => {
    assert.deepEqual(wordsIn('isTold, toldAt, is_told, amended, besides, TOLD_AT'), []);
  });

  it('finds an identifier that is such a word', () => {
    assert.deepEqual(wordsIn('const told = mend(told);'), ['told', 'mend', 'told']);
  });

  it('finds a phrase that continues on the next line of a comment', () => {
    const hits = findWords('/**\n * It fails for want\n * of a key.\n */\n// made\n// again\n');
    assert.deepEqual(
      hits.map(({ line, word }) => [line, word]),
      [
        [2, 'for want of'],
        [5, 'made again'],
      ],
    );
  });

  it('finds comments that open with Answers, and leaves the word alone elsewhere', () => {
    assert.equal(findWords('/**\n * Answers the request.\n */').length, 1);
    assert.deepEqual(wordsIn('/** Returns the answers. */ const answers = [];'), []);
  });

  it('names what to write instead', () => {
    assert.match(findWords('anew')[0]?.write ?? '', /again/);
  });
});

describe('the exemptions of the word list', () => {
  it('have a reason each', () => {
    assert.deepEqual(
      WORD_EXEMPTIONS.filter(({ reason }) => reason.length < 10),
      [],
    );
  });

  it('cover the files and words that they name, and no others', () => {
    const exemption = { files: 'captures/**', words: ['told'], reason: 'A capture.' };
    assert.ok(covers(exemption, 'captures/a/b.json', 'told'));
    assert.ok(!covers(exemption, 'captures/a/b.json', 'mend'));
    assert.ok(!covers(exemption, 'src/main.ts', 'told'));
    assert.ok(covers({ ...exemption, words: '*' }, 'captures/a.json', 'mend'));
  });
});

describe('npm run lint:words', () => {
  /** Runs the checker in a repository of its own that holds the list, one file, and these exemptions. */
  function check(text: string, exemptions = ''): { readonly status: number | null; readonly output: string } {
    const folder = mkdtempSync(join(tmpdir(), 'words-'));
    try {
      cpSync(join(ROOT, 'lint'), join(folder, 'lint'), { recursive: true });
      writeFileSync(
        join(folder, 'lint/word-exemptions.ts'),
        `export const WORD_EXEMPTIONS = [{ files: 'lint/**', words: '*', reason: 'The list.' }, ${exemptions}];\n`,
      );
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
      writeFileSync(join(folder, 'page.md'), text);
      execFileSync('git', ['init', '-q'], { cwd: folder });
      execFileSync('git', ['add', '.'], { cwd: folder });
      const { status, stdout } = spawnSync(process.execPath, ['lint/check-words.ts'], {
        cwd: folder,
        encoding: 'utf8',
      });
      return { status, output: stdout };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('passes if there is nothing to report', () => {
    assert.deepEqual(check('A plain sentence.\n'), { status: 0, output: '' });
  });

  it('prints the file, the line, the word and what to write', () => {
    const { status, output } = check('One line.\nIt is told twice.\n');
    assert.equal(status, 1);
    assert.match(output, /^page\.md:2: "told": write \w.+\n$/);
  });

  it('passes over what is exempted', () => {
    const { status, output } = check(
      'It is told.\n',
      "{ files: '*.md', words: ['told'], reason: 'A quotation.' }",
    );
    assert.deepEqual([status, output], [0, '']);
  });

  it('reports an exemption that matches nothing', () => {
    const { status, output } = check(
      'Plain.\n',
      "{ files: '*.md', words: ['told'], reason: 'A quotation.' }",
    );
    assert.equal(status, 1);
    assert.match(output, /exemption for \*\.md matches nothing/);
  });
});
