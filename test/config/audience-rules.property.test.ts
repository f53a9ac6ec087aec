/**
 * Any text as file of expected audiences: it results in rules or problems, never in an exception.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseAudienceRules } from '../../src/config/audience-rules.ts';
import type { AudienceRule } from '../../src/core/audiences/audience.ts';
import { token } from '../support/tokens.ts';

const { identity } = token();

function assertUsable(rules: readonly AudienceRule[]): void {
  for (const { audiences, matches } of rules) {
    assert.ok(audiences.length > 0 && typeof matches(identity) === 'boolean');
  }
}

/** Each problem is one printable line, with a line number within the file. */
function assertPlaced(problems: readonly string[], lines: number): void {
  assert.ok(problems.length > 0);
  for (const problem of problems) {
    const line = Number(/^f:(\d+): [\x20-\x7e]+$/.exec(problem)?.[1]);
    assert.ok(line >= 1 && line <= lines, problem);
  }
}

describe('any text as audience rules', () => {
  const pieces = fc.constantFrom(
    ...[
      'rules:',
      '\n',
      '\n- ',
      '\n  ',
      'audiences: ',
      'pod: ',
      '[',
      ']',
      '{',
      '}',
      ',',
      'a',
      '1',
      '*a',
      '&a ',
      '"',
      "'",
    ],
    ...[
      '!!binary ',
      '!x ',
      '<<: ',
      '---\n',
      '...\n',
      '%YAML 1.1\n',
      '# c',
      '|\n',
      '>-\n',
      '? ',
      ': ',
      '\t',
      '\r\n',
      '\0',
    ],
  );
  const documents = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.array(pieces, { maxLength: 20 }).map((parts) => `rules:\n- audiences: [a]\n  ${parts.join('')}`),
    fc.jsonValue().map((rules) => JSON.stringify({ rules }, undefined, 1)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
  );

  it('results in rules, or in problems with their lines', async () => {
    await fc.assert(
      fc.asyncProperty(documents, async (text) => {
        const result = await parseAudienceRules(text, 'f');
        if (result.ok) assertUsable(result.value);
        else assertPlaced(result.error, text.split('\n').length);
      }),
      { numRuns: 2_000 },
    );
  });

  /** Linear work takes well under a second. Quadratic or exponential work exceeds this timeout. */
  const WORK_TIMEOUT_MS = 20_000;

  /** Each is as large as a ConfigMap can be, or expands to more. */
  const large = [
    {
      it: 'aliases of aliases',
      text: `a: &a [x,x]\n${'bcdefghijk'
        .split('')
        .map((name, i) => `${name}: &${name} [${`*${'abcdefghij'[i]},`.repeat(9)}]`)
        .join('\n')}`,
    },
    { it: 'an alias of its own parent', text: 'rules: &r\n- audiences: *r\n' },
    { it: '100,000 aliases', text: `rules:\n- &r {audiences: [a]}\n${'- *r\n'.repeat(100_000)}` },
    { it: '100,000 nested lists', text: '['.repeat(100_000) + ']'.repeat(100_000) },
    { it: '100,000 nested block lists', text: '- '.repeat(100_000) },
    {
      it: '100,000 keys',
      text: `rules:\n-\n${Array.from({ length: 100_000 }, (_, i) => `  a${i}: 1\n`).join('')}`,
    },
    {
      it: 'a glob of a million characters',
      text: `rules:\n- {pod: "${'*a'.repeat(500_000)}", audiences: [a]}`,
    },
  ];
  for (const { it: title, text } of large) {
    it(`reports problems for a document with ${title}`, async () => {
      const result = await parseAudienceRules(text, 'f');
      assert.equal(result.ok, false);
    }).timeout(WORK_TIMEOUT_MS);
  }

  it('results in rules for 20,000 of them', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `- {pod: x${i}, audiences: [a]}\n`);
    const text = `rules:\n${lines.join('')}`;
    const result = await parseAudienceRules(text, 'f');
    assert.ok(result.ok);
    assert.equal(result.value.length, 20_000);
  });
});
