/**
 * The text of `--help`.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { helpText } from '../../src/config/help.ts';
import { COMMANDS } from '../../src/config/load.ts';
import { OPTION_GROUPS, OPTIONS } from '../../src/config/options.ts';

/** More options under one heading are hard to find one in. */
const MAX_PER_GROUP = 10;

/** All on one line. */
function joined(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** The text under a heading, up to the next one. */
function section(text: string, title: string): string {
  const [, after = ''] = text.split(`\n${title}:\n`);
  return joined(after.split(/\n\n/)[0] ?? '');
}

describe('--help', () => {
  const text = helpText();

  for (const { flag, default: initial, help } of Object.values(OPTIONS)) {
    it(`lists --${flag} once, with its default and its description`, () => {
      assert.equal(joined(text).split(` --${flag}=${initial} ${help}`).length, 2);
    });
  }

  for (const { name, operand, help } of COMMANDS) {
    it(`lists the command ${name} and its description`, () => {
      const entry = ` ${[name, operand ?? []].flat().join(' ')} ${help}`;
      assert.ok(` ${section(text, 'Commands')}`.includes(entry));
    });
  }

  for (const [title, options] of OPTION_GROUPS) {
    it(`lists under "${title}" the options of that group, in their order`, () => {
      const entries = options.map(({ flag, default: initial, help }) => `--${flag}=${initial} ${help}`);
      assert.equal(section(text, title), ` ${entries.join(' ')}`);
    });

    it(`has few enough options under "${title}" to find one`, () => {
      assert.ok(options.length > 0 && options.length <= MAX_PER_GROUP);
    });
  }

  it('has every option in exactly one group', () => {
    const grouped = OPTION_GROUPS.flatMap(([, options]) => options);
    assert.deepEqual(grouped, Object.values(OPTIONS));
  });

  it('fits 80 columns, without spaces at the ends of lines', () => {
    for (const line of text.split('\n')) assert.ok(line.length <= 80 && line === line.trimEnd(), line);
  });
});
