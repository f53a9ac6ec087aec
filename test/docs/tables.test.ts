/**
 * The tables in the documents are current, and the examples of configuration files are valid.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fillTables } from '../../docs/tables.ts';
import { parseAudienceRules } from '../../src/config/audience-rules.ts';
import { REASONS } from '../../src/core/checks/index.ts';
import { parseWebConfig } from '../../src/web/config/schema.ts';
import { assertCurrent } from '../support/generated.ts';
import { DOCUMENTS } from './documents.ts';

function documentNamed(name: string): string {
  const found = DOCUMENTS.find((document) => document.name === name);
  assert.ok(found, name);
  return found.text;
}

describe('the tables of the documents', () => {
  for (const { name, text } of DOCUMENTS) {
    it(`${name} has the current tables`, () => assertCurrent(name, text, fillTables(text)));
  }

  for (const [name, table] of [
    ['README.md', 'commands'],
    ['README.md', 'metrics'],
    ['README.md', 'options'],
    ['README.md', 'checks'],
    ['CONTRIBUTING.md', 'layers'],
    ['docs/alerts.md', 'alerts'],
    ['docs/alerts.md', 'coverage'],
    ['docs/alerts.md', 'knobs'],
    ['docs/audiences.md', 'catalogue'],
    ['docs/origins.md', 'origins'],
    ['daemonset/chart/README.md', 'values'],
  ] as const) {
    it(`${name} has the table of ${table}`, () => {
      assert.match(
        documentNamed(name),
        new RegExp(`<!-- table: ${table} -->\\n\\n(\\|.+\\|\\n){3,}\\n<!-- end -->`),
      );
    });
  }

  it('README.md has a row for every reason', () => {
    const readme = documentNamed('README.md');
    assert.deepEqual(
      REASONS.filter((reason) => !readme.includes(`\n| \`${reason}\` | `)),
      [],
    );
  });

  it('fails for a table that does not exist', () => {
    assert.throws(() => fillTables('<!-- table: nonsense -->\n<!-- end -->\n'), /no table nonsense/);
  });

  it('the example of a web configuration file is valid and has every section', async () => {
    const example = /```yaml\n(tls_server_config.*?)```/s.exec(documentNamed('docs/authentication.md'))?.[1];
    const read = await parseWebConfig(example ?? '', 'example.yaml');
    assert.ok(read.ok, JSON.stringify(read));
    const { tls, headers, users, rateLimit } = read.value;
    assert.deepEqual([tls?.clientAuth, headers.size, users.size, rateLimit?.burst], ['verified', 1, 1, 20]);
  });

  it('the example of a rules file is valid', async () => {
    const example = /```yaml\n(.*?)```/s.exec(documentNamed('docs/audiences.md'))?.[1];
    const read = await parseAudienceRules(example ?? '', 'example.yaml');
    assert.ok(read.ok, JSON.stringify(read));
    assert.equal(read.value.length, 2);
  });
});
