/**
 * The file of expected audiences: every problem is reported with its line and without the content of the file.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseAudienceRules } from '../../src/config/audience-rules.ts';
import { jwt } from '../support/tokens.ts';

async function problemsIn(...lines: readonly string[]): Promise<readonly string[]> {
  const result = await parseAudienceRules(lines.join('\n'), 'rules.yaml');
  assert.ok(!result.ok, 'the file is valid');
  return result.error;
}

describe('the problems of a file of audience rules', () => {
  it('are all reported, in the order of their lines', async () => {
    assert.deepEqual(
      await problemsIn(
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
        'rules.yaml:1: version: unknown key; known keys: rules',
        'rules.yaml:3: namespace: must be a non-empty, printable string',
        'rules.yaml:4: service-account: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:5: audiences: must not be empty',
        'rules.yaml:6: audiences: required',
        'rules.yaml:9: audiences[1]: must be a non-empty, printable string',
        'rules.yaml:10: audiences[2]: must be a non-empty, printable string',
        'rules.yaml:11: audiences[3]: must be a non-empty, printable string',
        'rules.yaml:12: path: unsupported wildcard; supported: * and **',
        'rules.yaml:13: rules[3]: must be a mapping; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:14: pod: must be a non-empty, printable string',
        'rules.yaml:14: audiences: must be a list',
        'rules.yaml:17: pod: duplicate key',
        'rules.yaml:18: rules[6]: must be a mapping; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:19: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:21: audiences[0]: must be a non-empty, printable string',
      ],
    );
  });

  const MAPPING = 'must be a mapping; known keys: rules';
  const LIST = 'rules: must be a list';
  const ALIAS = 'aliases are not supported; repeat the value';
  const cases: readonly {
    readonly it: string;
    readonly lines: readonly string[];
    readonly problems: string[];
  }[] = [
    { it: 'an empty file', lines: [''], problems: [`1: ${MAPPING}`] },
    { it: 'comments only', lines: ['# nothing', '# here'], problems: [`1: ${MAPPING}`] },
    { it: 'a string', lines: ['rules'], problems: [`1: ${MAPPING}`] },
    { it: 'a list', lines: ['', '- audiences: [a]'], problems: [`2: ${MAPPING}`] },
    { it: 'no rules', lines: ['rules:'], problems: [`1: ${LIST}`] },
    {
      it: 'another key',
      lines: ['other: []'],
      problems: ['1: other: unknown key; known keys: rules', '1: rules: required'],
    },
    { it: 'rules that are a mapping', lines: ['', 'rules: {audiences: [a]}'], problems: [`2: ${LIST}`] },
    {
      it: 'a duplicate list of rules',
      lines: ['rules: []', 'rules: []'],
      problems: ['2: rules: duplicate key'],
    },
    {
      it: 'a second document',
      lines: ['rules: []', '---', 'rules: []'],
      problems: ['2: invalid YAML (MULTIPLE_DOCS)'],
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
    {
      it: 'an alias without an anchor',
      lines: ['rules:', '- audiences: [*none]'],
      problems: [`2: ${ALIAS}`],
    },
    {
      it: 'a merge of an alias',
      lines: ['rules:', '- &r {audiences: [a]}', '- <<: *r', '  pod: x'],
      problems: [`3: ${ALIAS}`],
    },
    {
      it: 'a merge of a mapping',
      lines: ['%YAML 1.1', '---', 'rules:', '- <<: {pod: x}', '  audiences: [a]'],
      problems: ['4: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences'],
    },
    {
      it: 'an unknown tag',
      lines: ['rules:', '- audiences: !secret [a]'],
      problems: ['2: invalid YAML (TAG_RESOLVE_FAILED)'],
    },
    {
      it: 'a tab for indentation',
      lines: ['rules:', '\t- audiences: [a]'],
      problems: ['2: invalid YAML (TAB_AS_INDENT)'],
    },
    {
      it: 'an unclosed bracket',
      lines: ['rules:', '- audiences: [a', '- audiences: [b]', ''],
      problems: ['3: invalid YAML (BAD_INDENT)'],
    },
    {
      it: 'a key with control characters',
      lines: ['rules:', '- "\\e[31m": 1', '  audiences: [a]'],
      problems: ['2: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences'],
    },
    {
      it: 'keys that are properties of every object',
      lines: ['rules:', '- toString: 1', '  __proto__: 2', '  audiences: [a]'],
      problems: [
        '2: toString: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        '3: __proto__: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
      ],
    },
  ];
  for (const { it: title, lines, problems } of cases) {
    it(`are reported for ${title}`, async () => {
      assert.deepEqual(
        await problemsIn(...lines),
        problems.map((problem) => `rules.yaml:${problem}`),
      );
    });
  }

  for (const character of '?[]{}()!\\') {
    it(`are reported for a glob with ${character}, which is special in other kinds of globs`, async () => {
      const glob = JSON.stringify(`a${character}`);
      assert.deepEqual(await problemsIn('rules:', '- audiences: [a]', `  volume: ${glob}`), [
        'rules.yaml:3: volume: unsupported wildcard; supported: * and **',
      ]);
    });
  }

  it('quote nothing of a token file that was named by mistake', async () => {
    const raw = jwt();
    for (const text of [raw, `${raw}: {`, `[${raw}`, `rules: ${raw}`, `rules:\n- ${raw}: 1`]) {
      const problems = (await problemsIn(text)).join();
      for (const part of raw.split('.')) assert.ok(!problems.includes(part), problems);
    }
  });
});
