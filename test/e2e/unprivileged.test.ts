/**
 * `scan` as an unprivileged user reports what it could not read.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import { EXIT } from '../../src/cli/command.ts';
import { describeWith } from '../support/tools.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const CAPTURE = join(ROOT, 'test/fixtures/captures/kubelet-v1.36.3/before-rotation.tar.gz');
/** Drops root privileges before the program is loaded. */
const UNPRIVILEGED = 'data:text/javascript,process.setgroups([]);process.setgid(65534);process.setuid(65534)';

interface ScanOutput {
  readonly tokens: readonly { readonly pod: string }[];
  readonly unreadable: readonly { readonly volume: string; readonly path: string; readonly reason: string }[];
}

describeWith(['root'], 'scan by an unprivileged user', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-unprivileged-'));

  before(() => {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT });
    cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
    execFileSync('tar', ['xpzf', CAPTURE, '--same-owner', '-C', folder]);
    chmodSync(folder, 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  const scan = () => {
    const args = [
      '--import',
      UNPRIVILEGED,
      join(folder, 'dist/main.js'),
      'scan',
      '--output=json',
      '--at=1795480173.5',
    ];
    // The unprivileged user cannot write to the coverage directory.
    const run = spawnSync(process.execPath, [...args, `--kubelet.root-dir=${folder}`], {
      cwd: '/',
      encoding: 'utf8',
      env: { ...process.env, NODE_V8_COVERAGE: '' },
    });
    assert.equal(run.stderr, '');
    return { exit: run.status, ...(JSON.parse(run.stdout) as ScanOutput) };
  };

  it('exits with 3 if it cannot list the pods', () => {
    const { exit, tokens, unreadable } = scan();
    assert.equal(exit, EXIT.unreadable);
    assert.deepEqual(tokens, []);
    assert.deepEqual(
      unreadable.map(({ reason }) => reason),
      ['permission_denied'],
    );
  });

  it('reports every pod whose folder it cannot list', () => {
    chmodSync(join(folder, 'pods'), 0o755);
    const { exit, unreadable } = scan();
    assert.equal(exit, EXIT.unreadable);
    assert.equal(unreadable.length, readdirSync(join(folder, 'pods')).length);
    assert.ok(unreadable.every(({ reason }) => reason === 'permission_denied'));
  });

  it('lists readable and unreadable tokens', () => {
    execFileSync('find', [
      join(folder, 'pods'),
      '-maxdepth',
      '2',
      '-type',
      'd',
      '-exec',
      'chmod',
      'o+rx',
      '{}',
      '+',
    ]);
    const { exit, tokens, unreadable } = scan();
    assert.equal(exit, EXIT.failing);
    // One of 0600 in d2-runasuser, two of 0640 in d-fsgroup.
    assert.equal(tokens.length + unreadable.length, 14);
    assert.equal(unreadable.length, 3);
    assert.ok(unreadable.every(({ path, reason }) => path !== '' && reason === 'permission_denied'));
    assert.equal(tokens.filter(({ pod }) => /^d2?-/.test(pod)).length, 0);
  });
});
