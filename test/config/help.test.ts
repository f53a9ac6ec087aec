/**
 * The help: whole, and on one screen.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { helpText } from '../../src/config/help.ts';
import { COMMANDS } from '../../src/config/load.ts';
import { OPTIONS } from '../../src/config/options.ts';

describe('--help', () => {
  const text = helpText();
  const words = text.replace(/\s+/g, ' ');

  for (const { flag, default: initial, help } of Object.values(OPTIONS)) {
    it(`tells of --${flag}, its default and its sentence`, () => {
      assert.ok(words.includes(` --${flag}=${initial} ${help}`));
    });
  }

  for (const { name, operand, help } of COMMANDS) {
    it(`tells of ${name}`, () =>
      assert.ok(words.includes(` ${[name, operand ?? []].flat().join(' ')} ${help}`)));
  }

  it('fits 80 columns, without blanks at the ends of its lines', () => {
    for (const line of text.split('\n')) assert.ok(line.length <= 80 && line === line.trimEnd(), line);
  });

  it('fits one screen', () => assert.ok(text.split('\n').length <= 60));
});
