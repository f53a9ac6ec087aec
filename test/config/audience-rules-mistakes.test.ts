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
        'rules.yaml:3: rules[0].namespace: must be a string, not a number; quote it',
        'rules.yaml:4: rules[0].service-account: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:5: rules[0].audiences: must not be empty',
        'rules.yaml:6: rules[1].audiences: required',
        'rules.yaml:9: rules[2].audiences[1]: must be a string, not a number; quote it',
        'rules.yaml:10: rules[2].audiences[2]: must be a non-empty, printable string',
        'rules.yaml:11: rules[2].audiences[3]: must be a string, not a list',
        'rules.yaml:12: rules[2].path: unsupported wildcard; supported: * and **',
        'rules.yaml:13: rules[3]: must be a mapping; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:14: rules[4].pod: must be a non-empty, printable string',
        'rules.yaml:14: rules[4].audiences: must be a list',
        'rules.yaml:17: rules[5].pod: duplicate key',
        'rules.yaml:18: rules[6]: must be a mapping; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:19: rules[7]: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        'rules.yaml:21: rules[7].audiences[0]: must be a non-empty, printable string',
      ],
    );
  });

  const MAPPING = 'must be a mapping; known keys: rules';
  const LIST = 'rules: must be a list';
  const ALIAS = 'aliases are not supported; repeat the value, or quote it if it starts with *';
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
      problems: ['2: invalid YAML: more than one document; remove the line ---'],
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
      problems: [
        '4: rules[0]: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
      ],
    },
    {
      it: 'an unknown tag',
      lines: ['rules:', '- audiences: !secret [a]'],
      problems: ['2: invalid YAML: unsupported tag; quote a value that starts with !'],
    },
    {
      it: 'a tab for indentation',
      lines: ['rules:', '\t- audiences: [a]'],
      problems: ['2: invalid YAML: indent with spaces, not tabs'],
    },
    {
      it: 'an unquoted wildcard',
      lines: ['rules:', '- volume: *', '  audiences: [a]'],
      problems: ['2: invalid YAML: quote a value that starts with * or &'],
    },
    {
      it: 'an unquoted glob that starts with a wildcard',
      lines: ['rules:', '- volume: *-token', '  audiences: [a]'],
      problems: [`2: ${ALIAS}`],
    },
    {
      it: 'a value that starts with a reserved character',
      lines: ['rules:', '- volume: @a', '  audiences: [a]'],
      problems: ['2: invalid YAML: quote a value that starts with @, %, | or a backtick'],
    },
    {
      it: 'values that are not strings',
      lines: ['rules:', '- namespace: true', '  pod: 1.5', '  volume: {a: b}', '  audiences: [[a], ~]'],
      problems: [
        '2: rules[0].namespace: must be a string, not a boolean; quote it',
        '3: rules[0].pod: must be a string, not a number; quote it',
        '4: rules[0].volume: must be a string, not a mapping',
        '5: rules[0].audiences[0]: must be a string, not a list',
        '5: rules[0].audiences[1]: must be a non-empty, printable string',
      ],
    },
    {
      it: 'names with a slash, which match no token',
      lines: [
        'rules:',
        '- {namespace: a/b, pod: a/*, serviceaccount: /a, volume: vault/token, audiences: [a]}',
      ],
      problems: ['namespace', 'pod', 'serviceaccount', 'volume'].map((key) => {
        return `2: rules[0].${key}: must not contain /; path is a key of its own`;
      }),
    },
    {
      it: 'an absolute path, which matches no token',
      lines: ['rules:', '- path: /var/run/token', '  audiences: [a]'],
      problems: ['2: rules[0].path: must be relative to the volume; remove the / at the start'],
    },
    {
      it: 'audiences with white space around them',
      lines: ['rules:', '- audiences: ["a ", " b", a b]'],
      problems: [
        '2: rules[0].audiences[0]: must not start or end with white space',
        '2: rules[0].audiences[1]: must not start or end with white space',
      ],
    },
    {
      it: 'a rule that matches the same tokens as an earlier one',
      lines: [
        'rules:',
        '- {pod: a, path: b, audiences: [a]}',
        '- {path: b, pod: a, audiences: [b]}',
        '- audiences: [a]',
      ],
      problems: ['3: rules[1]: never applies: rules[0] matches the same tokens'],
    },
    {
      it: 'an unclosed bracket',
      lines: ['rules:', '- audiences: [a', '- audiences: [b]', ''],
      problems: ['3: invalid YAML: wrong indentation, or a bracket or brace is not closed'],
    },
    {
      it: 'a key with control characters',
      lines: ['rules:', '- "\\e[31m": 1', '  audiences: [a]'],
      problems: [
        '2: rules[0]: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
      ],
    },
    {
      it: 'keys that are properties of every object',
      lines: ['rules:', '- toString: 1', '  __proto__: 2', '  audiences: [a]'],
      problems: [
        '2: rules[0].toString: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
        '3: rules[0].__proto__: unknown key; known keys: namespace, pod, serviceaccount, volume, path, audiences',
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
        'rules.yaml:3: rules[0].volume: unsupported wildcard; supported: * and **',
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
