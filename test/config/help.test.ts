/**
 * The text of `--help`.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { COMMAND_HELP } from '../../src/config/command-help.ts';
import { helpText } from '../../src/config/help.ts';
import { COMMANDS, loadConfig } from '../../src/config/load.ts';
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

for (const { name, help } of COMMANDS) {
  describe(`${name} --help`, () => {
    const text = helpText(name);
    const { details, examples, groups } = COMMAND_HELP[name];

    it('is chosen by the command', () => {
      for (const args of [
        [name, '--help'],
        ['--help', name],
        [name, '--log.level=x', '-h'],
      ])
        assert.deepEqual(loadConfig(args, {}), { ok: true, value: { kind: 'help', command: name } });
    });

    it('says what the command does, and how to get the help of all', () => {
      for (const part of [help, ...details]) assert.ok(joined(text).includes(part), part);
      assert.match(text, /\nsa-token-exporter --help lists all commands and options\.\n$/);
    });

    it('has examples that work', () => {
      assert.ok(examples.length > 0);
      for (const [line, purpose] of examples) {
        const [program, ...args] = line.split(' ');
        const loaded = loadConfig(args, {});
        assert.equal(program, 'sa-token-exporter');
        assert.ok(loaded.ok && loaded.value.kind === 'command' && loaded.value.command === name, line);
        assert.ok(text.includes(`\n  ${line}\n      ${purpose}\n`));
      }
    });

    it('lists the options of its groups, and no others', () => {
      for (const [title, options] of OPTION_GROUPS)
        for (const { flag } of options)
          assert.equal(text.includes(`\n  --${flag}=`), groups.includes(title), flag);
    });

    it('fits 80 columns, without spaces at the ends of lines', () => {
      for (const line of text.split('\n')) assert.ok(line.length <= 80 && line === line.trimEnd(), line);
    });
  });
}
