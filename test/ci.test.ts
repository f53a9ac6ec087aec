/**
 * What `.ci/run` counts and prints, for tests that fail, never end, or leave something open.
 */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { RunRecord } from '../.ci/reporter.ts';

const ROOT = new URL('../', import.meta.url).pathname;

describe('the tests of CI', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ci-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  beforeEach(() => mkdirSync(join(folder, 'records')));
  afterEach(() => rmSync(join(folder, 'records'), { recursive: true }));
  after(() => rmSync(folder, { recursive: true }));

  const runNode = (...args: readonly string[]): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, args, {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, NODE_V8_COVERAGE: '' },
    });

  function tally(): { readonly printed: string; readonly counted: string } {
    const { stdout, stderr } = runNode('.ci/tally.ts', join(folder, 'records'));
    return { printed: stderr, counted: stdout };
  }

  /** Runs mocha as `.ci/tests` does, on a file with these tests, and then counts. */
  function runTests(tests: string): { readonly printed: string; readonly counted: string } {
    const [file, record] = [join(folder, 'some.test.mjs'), join(folder, 'records/some')];
    writeFileSync(record, '');
    writeFileSync(
      file,
      `import { before, beforeEach, describe, it } from 'mocha';\ndescribe('some', () => { ${tests} });\n`,
    );
    const options = ['--reporter', './.ci/reporter.ts', '--reporter-option', `record=${record},grace=0.01`];
    const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
    const run = runNode(mocha, '--no-config', '--forbid-pending', ...options, file);
    const { printed, counted } = tally();
    return { printed: `${run.stdout}${run.stderr}${printed}`, counted };
  }

  for (const { title, tests, counted, prints } of [
    {
      title: 'tests that pass',
      tests: "it('a', () => {}); it('b', () => {});",
      counted: '2 0',
      prints: /some\.test\.mjs/,
    },
    {
      title: 'a test that takes time after a hook',
      tests: "beforeEach(() => {}); it('a', (done) => void setTimeout(done, 500));",
      counted: '1 0',
      prints: /The slowest tests and hooks:\n +0\.[5-9] s {2}some a\n/,
    },
    {
      title: 'a test that fails',
      tests: "it('a', () => {}); it('b', () => { throw new Error('no'); });",
      counted: '1 1',
      prints: /^FAILED: some b\nError: no\n {4}at /m,
    },
    {
      title: 'a test that fails with a long error',
      tests: "it('a', () => { throw new Error('0123456789'.repeat(1_000)); });",
      counted: '0 1',
      prints: /^FAILED: some a\nError: [0-9]{3993}\n\.\.\. of 1\d{4} characters$/m,
    },
    {
      title: 'a hook that fails',
      tests: "before(() => { throw new Error('no'); }); it('a', () => {});",
      counted: '0 1',
      prints: /^FAILED: some "before all" hook for "a"\nError: no\n/m,
    },
    {
      title: 'a test that is pending',
      tests: "it('a');",
      counted: '0 1',
      prints: /Pending test forbidden/,
    },
    {
      title: 'a handle that stays open',
      tests: "it('leaves a timer', () => void setInterval(() => {}, 1_000));",
      counted: '1 1',
      prints:
        /^FAILED: the run of some ended during the 0\.01 s after the last test, with open handles: .*Timeout/m,
    },
    {
      title: 'a run that is killed',
      tests: "it('a', () => {}); it('kills mocha', () => process.kill(process.pid, 'SIGKILL'));",
      counted: '1 1',
      prints: /^FAILED: the run of some ended during some kills mocha$/m,
    },
    {
      title: 'a file that cannot be loaded',
      tests: '} )',
      counted: '0 1',
      prints: /^FAILED: the run of some ended during the loading of the test files$/m,
    },
  ])
    it(`count ${title}, and say which`, () => {
      const run = runTests(tests);
      assert.equal(run.counted, `${counted}\n`, run.printed);
      assert.match(run.printed, prints);
    });

  it('count nothing as passed if no test was started', () => {
    const { printed, counted } = tally();
    assert.equal(counted, '0 1\n');
    assert.match(printed, /^FAILED: no test was started$/m);
  });

  it('are counted together, with what never started and the slowest of all', () => {
    const record = (name: string, content: RunRecord): void =>
      writeFileSync(join(folder, 'records', name), JSON.stringify(content));
    const slowest = (file: string, ms: number) => ({ files: [[file, ms]], runnables: [] }) as const;
    record('a', { passed: 2, failed: 1, slowest: slowest('a.test.ts', 5_000) });
    record('b', { passed: 3, failed: 0, slowest: slowest('b.test.ts', 7_000) });
    record('c', { passed: 4, failed: 0, running: 'some test' });
    writeFileSync(join(folder, 'records/d'), '');
    const { printed, counted } = tally();
    assert.equal(counted, '9 3\n');
    assert.match(printed, /The slowest files:\n +7\.0 s {2}b\.test\.ts\n +5\.0 s {2}a\.test\.ts\n/);
    assert.match(printed, /^FAILED: the run of c ended during some test$/m);
    assert.match(printed, /^FAILED: the run of d ended during the loading of the test files$/m);
  });
});
