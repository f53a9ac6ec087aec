/**
 * The changelog has the form of Prometheus: one sentence per entry, with a kind and an area, the kinds in their order.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { ROOT } from './documents.ts';

const KINDS = ['CHANGE', 'FEATURE', 'ENHANCEMENT', 'BUGFIX'];

describe('CHANGELOG.md', () => {
  const sections = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').split(/^## /m).slice(1);

  it('has sections named Unreleased or for a version and its date', () => {
    for (const section of sections)
      assert.match(section, /^(?:Unreleased|\d+\.\d+\.\d+ \/ \d{4}-\d\d-\d\d)\n/);
  });

  for (const section of sections) {
    const [title = '', ...lines] = section.split('\n');
    const entries = lines.filter((line) => line !== '');

    it(`has only entries with a kind, an area and a sentence in ${title}`, () => {
      for (const entry of entries) assert.match(entry, /^- \[[A-Z]+\] [a-z][\w, -]*: [A-Z].*\.$/);
    });

    it(`orders the entries of ${title} by kind`, () => {
      const ranks = entries.map((entry) => KINDS.indexOf(/\[([A-Z]+)\]/.exec(entry)?.[1] ?? ''));
      assert.ok(ranks.every((rank) => rank >= 0));
      assert.deepEqual(
        ranks,
        [...ranks].sort((a, b) => a - b),
      );
    });
  }
});
