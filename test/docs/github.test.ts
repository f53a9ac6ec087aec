/**
 * What GitHub shows to contributors: issue forms that it accepts, and owners that cover paths of this tree.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { ROOT } from './documents.ts';

interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes: {
    readonly label?: string;
    readonly value?: string;
    readonly options?: readonly string[];
  };
}

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly Field[];
}

const FORMS = globSync('*.yml', { cwd: join(ROOT, '.github/ISSUE_TEMPLATE') })
  .filter((file) => file !== 'config.yml')
  .sort();
const FIELD_TYPES = ['markdown', 'textarea', 'input', 'dropdown', 'checkboxes'];

describe('the issue forms', () => {
  it('are for bugs, false alerts and features', () => {
    assert.deepEqual(FORMS, ['bug.yml', 'false-alert.yml', 'feature.yml']);
  });

  for (const file of FORMS) {
    const form = parse(readFileSync(join(ROOT, '.github/ISSUE_TEMPLATE', file), 'utf8')) as Form;
    const inputs = form.body.filter(({ type }) => type !== 'markdown');

    it(`${file} has a name, a description and fields with different ids`, () => {
      assert.ok(form.name.length > 0 && form.description.length > 0);
      assert.ok(inputs.length > 0);
      assert.equal(new Set(inputs.map(({ id }) => id)).size, inputs.length);
    });

    it(`${file} has only fields that GitHub accepts`, () => {
      for (const { type, attributes } of form.body) {
        assert.ok(FIELD_TYPES.includes(type), type);
        assert.ok((type === 'markdown' ? attributes.value : attributes.label)?.length);
        assert.equal(type === 'dropdown', attributes.options !== undefined);
      }
    });
  }
});

describe('.github/CODEOWNERS', () => {
  const rows = readFileSync(join(ROOT, '.github/CODEOWNERS'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/));

  it('names teams, not persons', () => {
    assert.ok(rows.length > 0);
    for (const [, ...owners] of rows)
      assert.ok(owners.length > 0 && owners.every((owner) => /^@[\w-]+\/[\w-]+$/.test(owner)));
  });

  it('covers paths that exist', () => {
    for (const [path = ''] of rows) assert.ok(path === '*' || existsSync(join(ROOT, path)), path);
  });
});
