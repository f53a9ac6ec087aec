/**
 * The table of values in the README of the Helm chart.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { describedValues, valuesTable } from '../../docs/chart-readme.ts';
import { ROOT } from './documents.ts';

const VALUES = readFileSync(join(ROOT, 'daemonset/chart/values.yaml'), 'utf8');

/** All keys that contain no others, with their parents. */
function leaves(value: unknown, path: readonly string[] = []): readonly string[] {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = isMap ? Object.entries(value) : [];
  return entries.length === 0
    ? [path.join('.')]
    : entries.flatMap(([key, below]) => leaves(below, [...path, key]));
}

describe('the README of the chart', () => {
  it('describes every value, or one that contains it', () => {
    const described = describedValues(VALUES).map(({ path }) => path.join('.'));
    const isDescribed = (leaf: string) =>
      described.some((path) => leaf === path || leaf.startsWith(`${path}.`));
    assert.deepEqual(
      leaves(parse(VALUES)).filter((leaf) => !isDescribed(leaf)),
      [],
    );
    assert.deepEqual(described, [...new Set(described)]);
  });

  it('has descriptions that are sentences', () => {
    for (const { path, description } of describedValues(VALUES))
      assert.match(description, /^[A-Z]/, path.join('.'));
  });

  it('has a comment as the description of the key below it', () => {
    const text = ['# Not this.', '# -- What a', '# contains.', 'a:', '  # -- An b.', '  b: 1', 'c: 2', ''];
    assert.deepEqual(describedValues(text.join('\n')), [
      { path: ['a'], description: 'What a contains.' },
      { path: ['a', 'b'], description: 'An b.' },
    ]);
  });

  it('refers to values.yaml for long defaults', () => {
    const table = valuesTable(`# -- Long.\na: ${'x'.repeat(100)}\n# -- Short.\nb: []\n`);
    assert.match(table, /\| `a` \| see `values\.yaml` \| Long\. \|/);
    assert.match(table, /\| `b` \| `\[\]` \| Short\. \|/);
  });
});
