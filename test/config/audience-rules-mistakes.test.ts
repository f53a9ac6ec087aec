/**
 * The user's file of expected audiences: every mistake told, with its line and without the file's content.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseAudienceRules } from '../../src/config/audience-rules.ts';
import { jwt } from '../support/tokens.ts';

async function problemsOf(...lines: readonly string[]): Promise<readonly string[]> {
  const result = await parseAudienceRules(lines.join('\n'), 'rules.yaml');
  assert.ok(!result.ok, 'no problem was found');
  return result.problems;
}

describe('the mistakes of a file', () => {
  it('are all told at once, in the order of their lines', async () => {
    assert.deepEqual(
      await problemsOf(
        'version: 1', // 1
        'rules:',
        '  - namespace: 12', // 3
        '    service-account: api', // 4
        '    audiences: []', // 5
        '  - volume: vault', // 6
        '  - audiences:',
        '      - a',
        '      - 7', // 9
        '      -', // 10
        '      - [b]', // 11
        '    path: "{a,b}"', // 12
        '  - everything', // 13
        '  - {audiences: a, pod}', // 14
        '  - audiences: [a]',
        '    pod: a',
        '    pod: b', // 17
        '  -', // 18
        '  - ? [complex]', // 19
        '    : 1',
        '    audiences: ["a\\nb"]', // 21
      ),
      [
        'rules.yaml:1: version: no such key; known here: rules',
        'rules.yaml:3: namespace must be a text',
        'rules.yaml:4: service-account: no such key; known here: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:5: audiences must be a list of at least one text',
        'rules.yaml:6: a rule needs audiences',
        'rules.yaml:9: an audience must be a text',
        'rules.yaml:10: an audience must be a text',
        'rules.yaml:11: an audience must be a text',
        'rules.yaml:12: path: of all globs, only * and ** are known',
        'rules.yaml:13: a rule must be a mapping',
        'rules.yaml:14: pod must be a text',
        'rules.yaml:14: audiences must be a list of at least one text',
        'rules.yaml:17: pod: is there twice',
        'rules.yaml:18: a rule must be a mapping',
        'rules.yaml:19: this: no such key; known here: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:21: an audience must be a text',
      ],
    );
  });

  const LIST = 'the file must hold a list, rules';
  const ALIAS = 'an alias is not followed: write it out';
  const cases: readonly {
    readonly it: string;
    readonly lines: readonly string[];
    readonly problems: string[];
  }[] = [
    { it: 'an empty file', lines: [''], problems: [`1: ${LIST}`] },
    { it: 'comments alone', lines: ['# nothing', '# here'], problems: [`1: ${LIST}`] },
    { it: 'a text', lines: ['rules'], problems: [`1: ${LIST}`] },
    { it: 'a list', lines: ['', '- audiences: [a]'], problems: [`2: ${LIST}`] },
    { it: 'no rules', lines: ['rules:'], problems: [`1: ${LIST}`] },
    { it: 'rules that are a mapping', lines: ['', 'rules: {audiences: [a]}'], problems: [`2: ${LIST}`] },
    { it: 'rules twice', lines: ['rules: []', 'rules: []'], problems: ['2: rules: is there twice'] },
    {
      it: 'a second document',
      lines: ['rules: []', '---', 'rules: []'],
      problems: ['2: not plain YAML (MULTIPLE_DOCS)'],
    },
    {
      it: 'an alias for audiences',
      lines: ['rules:', '- audiences: &v [a]', '- audiences: *v'],
      problems: [`3: ${ALIAS}`],
    },
    {
      it: 'an alias for a rule',
      lines: ['rules:', '- &r {audiences: [a]}', '- *r'],
      problems: [`3: ${ALIAS}`],
    },
    {
      it: 'an alias for a key',
      lines: ['rules:', '- &k audiences: [a]', '- *k : [a]'],
      problems: [`3: ${ALIAS}`],
    },
    { it: 'an alias for nothing', lines: ['rules:', '- audiences: [*none]'], problems: [`2: ${ALIAS}`] },
    {
      it: 'a merge',
      lines: ['rules:', '- &r {audiences: [a]}', '- <<: *r', '  pod: x'],
      problems: [`3: ${ALIAS}`],
    },
    {
      it: 'a merge of what is written out',
      lines: ['%YAML 1.1', '---', 'rules:', '- <<: {pod: x}', '  audiences: [a]'],
      problems: ['4: this: no such key; known here: namespace, pod, serviceaccount, volume, path, audiences'],
    },
    {
      it: 'a tag that nobody knows',
      lines: ['rules:', '- audiences: !secret [a]'],
      problems: ['2: not plain YAML (TAG_RESOLVE_FAILED)'],
    },
    {
      it: 'a tab for indentation',
      lines: ['rules:', '\t- audiences: [a]'],
      problems: ['2: not plain YAML (TAB_AS_INDENT)'],
    },
    {
      it: 'a bracket left open',
      lines: ['rules:', '- audiences: [a', '- audiences: [b]', ''],
      problems: ['3: not plain YAML (BAD_INDENT)'],
    },
    {
      it: 'a key that no terminal should show',
      lines: ['rules:', '- "\\e[31m": 1', '  audiences: [a]'],
      problems: ['2: this: no such key; known here: namespace, pod, serviceaccount, volume, path, audiences'],
    },
    {
      it: 'keys that every object has',
      lines: ['rules:', '- toString: 1', '  __proto__: 2', '  audiences: [a]'],
      problems: [
        '2: toString: no such key; known here: namespace, pod, serviceaccount, volume, path, audiences',
        '3: __proto__: no such key; known here: namespace, pod, serviceaccount, volume, path, audiences',
      ],
    },
  ];
  for (const { it: title, lines, problems } of cases) {
    it(`are told: ${title}`, async () => {
      assert.deepEqual(
        await problemsOf(...lines),
        problems.map((problem) => `rules.yaml:${problem}`),
      );
    });
  }

  for (const character of '?[]{}()!\\') {
    it(`are told: a glob with ${character}, which means something elsewhere`, async () => {
      const glob = JSON.stringify(`a${character}`);
      assert.deepEqual(await problemsOf('rules:', '- audiences: [a]', `  volume: ${glob}`), [
        'rules.yaml:3: volume: of all globs, only * and ** are known',
      ]);
    });
  }

  it('show nothing of a token that was named by mistake', async () => {
    const raw = jwt();
    for (const text of [raw, `${raw}: {`, `[${raw}`, `rules: ${raw}`, `rules:\n- ${raw}: 1`]) {
      const problems = (await problemsOf(text)).join();
      for (const part of raw.split('.')) assert.ok(!problems.includes(part), problems);
    }
  });
});
