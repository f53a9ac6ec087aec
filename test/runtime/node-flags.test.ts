/**
 * How the program comes to run small.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { isLean, leaner } from '../../src/runtime/node-flags.ts';
import { startProgramUnder } from '../support/program.ts';

const launched = {
  execPath: '/node',
  execArgv: ['--inspect'],
  argv: ['/node', 'main.js', 'serve'],
  env: { A: 'b' },
};

describe('a lean process', () => {
  const { argv, env } = leaner(launched, ['--more']);

  it('has flags before those it was given, and the same arguments', () => {
    const [path, ...rest] = argv;
    assert.equal(path, '/node');
    assert.deepEqual(rest.slice(-4), ['--more', '--inspect', 'main.js', 'serve']);
    assert.ok(rest.length > 4 && rest.slice(0, -4).every((flag) => flag.startsWith('--')));
  });

  it('keeps its environment', () => assert.deepEqual(env, { ...env, A: 'b' }));

  it('is known by its flags', () => {
    assert.ok(isLean(argv));
    assert.ok(!isLean(launched.execArgv));
  });
});

describe('serve', () => {
  const options = ['serve', '--kubelet.root-dir=/nowhere', '--cluster.mode=off'];

  for (const [title, flags] of [
    ['is lean, as the same process', []],
    ['is lean without being locked down', ['--no-permission']],
  ] as const)
    it(title, async () => {
      const program = await startProgramUnder(flags, ...options);
      const read = (file: string) => readFileSync(`/proc/${program.process.pid}/${file}`, 'utf8').split('\0');
      assert.ok(read('cmdline').includes('--optimize-for-size'));
      assert.ok(read('environ').includes('MALLOC_ARENA_MAX=1'));
      await program.says(new RegExp(`locked_down=${flags.length === 0}`));
      await program.stop();
    });
});
