/**
 * The file of expected audiences: what its rules match, and how it is read.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, it } from 'mocha';
import { parseAudienceRules, readAudienceRules } from '../../src/config/audience-rules.ts';
import type { AudienceRule } from '../../src/core/audiences/audience.ts';
import type { TokenIdentity } from '../../src/core/token/token.ts';
import { token } from '../support/tokens.ts';

const IDENTITY: TokenIdentity = token({
  identity: { serviceAccount: 'api-v2', volume: 'vault', path: 'sub/dir/token' },
}).identity;

async function rulesOf(...lines: readonly string[]): Promise<readonly AudienceRule[]> {
  const result = await parseAudienceRules(lines.join('\n'), 'rules.yaml');
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

describe('the rules of a file', () => {
  it('keep their order, each with its audiences and its line', async () => {
    const rules = await rulesOf(
      '# expected audiences',
      'rules:',
      '  - namespace: payments',
      '    serviceaccount: "api-*"',
      '    audiences: [vault, https://vault.example.com]',
      '',
      '  - volume: aws-iam-token',
      '    audiences:',
      '      - sts.eu-central-1.amazonaws.com',
    );
    assert.deepEqual(
      rules.map(({ audiences, origin }) => ({ audiences, origin })),
      [
        { audiences: ['vault', 'https://vault.example.com'], origin: 'the rule at rules.yaml:3' },
        { audiences: ['sts.eu-central-1.amazonaws.com'], origin: 'the rule at rules.yaml:7' },
      ],
    );
  });

  it('may be an empty list', async () => assert.deepEqual(await rulesOf('rules: []'), []));

  it('may be JSON, which is valid YAML', async () => {
    const [rule] = await rulesOf(JSON.stringify({ rules: [{ pod: 'api-*', audiences: ['a'] }] }));
    assert.equal(rule?.matches(IDENTITY), true);
  });

  it('may have anchors that no alias refers to', async () => {
    assert.equal((await rulesOf('rules: &all', '  - audiences: [a]')).length, 1);
  });
});

describe('a rule', () => {
  const globs = [
    { glob: 'namespace: payments', matches: true },
    { glob: 'namespace: payment', matches: false },
    { glob: 'namespace: "pay*"', matches: true },
    { glob: 'namespace: Payments', matches: false },
    { glob: 'pod: "api-*"', matches: true },
    { glob: 'pod: "*-1"', matches: false },
    { glob: 'serviceaccount: "api-*"', matches: true },
    { glob: 'serviceaccount: api', matches: false },
    { glob: 'volume: vault', matches: true },
    { glob: 'volume: vault-token', matches: false },
    { glob: 'path: sub/dir/token', matches: true },
    { glob: 'path: token', matches: false },
    { glob: 'path: "*"', matches: false },
    { glob: 'path: "sub/*"', matches: false },
    { glob: 'path: "sub/*/token"', matches: true },
    { glob: 'path: "**"', matches: true },
    { glob: 'path: "**/token"', matches: true },
    { glob: 'path: "sub/**"', matches: true },
    { glob: 'path: "other/**"', matches: false },
    { glob: 'path: sub.dir.token', matches: false },
  ];
  for (const { glob, matches } of globs) {
    it(`with ${glob} ${matches ? 'matches' : 'does not match'} the token`, async () => {
      const [rule] = await rulesOf('rules:', `- ${glob}`, '  audiences: [a]');
      assert.equal(rule?.matches(IDENTITY), matches);
    });
  }

  it('matches tokens that match all of its globs', async () => {
    const rules = await rulesOf(
      'rules:',
      '- {namespace: payments, pod: "api-*", path: "**", audiences: [a]}',
      '- {namespace: payments, pod: "other-*", path: "**", audiences: [a]}',
    );
    assert.deepEqual(
      rules.map(({ matches }) => matches(IDENTITY)),
      [true, false],
    );
  });

  it('without a glob matches every token, also one of an unknown pod', async () => {
    const [rule] = await rulesOf('rules:', '- audiences: [a]');
    assert.equal(rule?.matches({ ...IDENTITY, pod: '' }), true);
  });

  for (const [text, matches] of [
    ['123', true],
    ['12', false],
  ] as const) {
    it(`takes a quoted number as a string: ${text}`, async () => {
      const [rule] = await rulesOf('rules:', `- {namespace: "${text}", audiences: [a]}`);
      assert.equal(rule?.matches({ ...IDENTITY, namespace: '123' }), matches);
    });
  }
});

describe('readAudienceRules', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(`${tmpdir()}/satoken-rules-`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const write = (content: string | Buffer): string => {
    const path = `${folder}/rules.yaml`;
    writeFileSync(path, content);
    return path;
  };

  it('reads a file', async () => {
    const result = await readAudienceRules(write('rules:\n- audiences: [a]\n'));
    assert.ok(result.ok);
    assert.equal(result.value[0]?.origin, `the rule at ${folder}/rules.yaml:2`);
  });

  it('reads a file of the maximum size', async () => {
    const text = 'rules: []\n#';
    const result = await readAudienceRules(write(text.padEnd(1024 * 1024, 'x')));
    assert.deepEqual(result, { ok: true, value: [] });
  });

  it('rejects a larger file', async () => {
    const path = write('rules: []\n#'.padEnd(1024 * 1024 + 1, 'x'));
    assert.deepEqual(await readAudienceRules(path), {
      ok: false,
      error: [`${path}: larger than 1048576 bytes; check --audience.expect`],
    });
  });

  it('rejects a device file', async () => {
    const result = await readAudienceRules('/dev/zero');
    assert.deepEqual(result, {
      ok: false,
      error: ['/dev/zero: not a regular file; check --audience.expect'],
    });
  });

  it('rejects a binary file', async () => {
    const result = await readAudienceRules(write(Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x80])));
    assert.equal(result.ok, false);
  });

  it('reports that the file does not exist', async () => {
    const path = `${folder}/none.yaml`;
    assert.deepEqual(await readAudienceRules(path), {
      ok: false,
      error: [`${path}: no such file or directory; check --audience.expect`],
    });
  });

  it('reports that the path is a folder', async () => {
    const path = `${folder}/folder`;
    mkdirSync(path);
    assert.deepEqual(await readAudienceRules(path), {
      ok: false,
      error: [`${path}: not a regular file; check --audience.expect`],
    });
  });
});
