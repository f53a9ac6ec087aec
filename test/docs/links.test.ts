/**
 * Every relative link in the documents leads to a file of the project and to a heading that exists in it.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'mocha';
import { DOCUMENTS, ROOT } from './documents.ts';

/** Anchors as GitHub derives them from headings. */
function anchorsOf(text: string): readonly string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function leadsSomewhere(from: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(ROOT, from) : join(ROOT, dirname(from), path);
  if (!file.startsWith(ROOT) || !existsSync(file)) return false;
  if (anchor === undefined) return true;
  return statSync(file).isFile() && anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
}

describe('links between the documents', () => {
  const links = DOCUMENTS.flatMap(({ name, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => ({ name, target }))
      .filter(({ target }) => !/^https?:/.test(target)),
  );

  it('are found', () => assert.ok(links.length > 0));

  for (const { name, target } of links) {
    it(`lead from ${name} to ${target}`, () => assert.ok(leadsSomewhere(name, target)));
  }

  it('fail for a missing file or heading', () => {
    assert.ok(!leadsSomewhere('README.md', 'docs/nowhere.md'));
    assert.ok(!leadsSomewhere('README.md', 'CHANGELOG.md#nowhere'));
    assert.ok(!leadsSomewhere('README.md', '../'));
  });
});
