/**
 * Suites without their tools: pending, or failing in CI.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'mocha';

const MOCHA = new URL('../../node_modules/mocha/bin/mocha.js', import.meta.url).pathname;
const SUITE = new URL('../metrics/golden.test.ts', import.meta.url).pathname;

/** Runs a suite that needs promtool without promtool. */
function runWithout(env: Record<string, string>) {
  const cwd = new URL('../..', import.meta.url).pathname;
  const args = [MOCHA, SUITE, '--reporter', 'spec', '--grep', 'promtool'];
  return spawnSync(process.execPath, args, { encoding: 'utf8', cwd, env: { PATH: '/nowhere', ...env } });
}

describe('a suite without a tool that it needs', () => {
  it('is pending with the reason in its title', () => {
    const { status, stdout } = runWithout({});
    assert.match(stdout, /promtool check metrics \(NOT RUN: promtool not available here\)/);
    assert.match(stdout, /1 pending/);
    assert.equal(status, 0);
  });

  it('fails in CI', () => {
    const { status, stdout } = runWithout({ CI: 'true' });
    assert.match(stdout, /promtool not available here/);
    assert.equal(status, 1);
  });
});
