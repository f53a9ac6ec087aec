/**
 * The flags that make Node use less memory, and how `serve` gets them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { hasMemoryFlags, withMemoryFlags } from '../../src/runtime/node-flags.ts';
import { startProgramUnder } from '../support/program.ts';

const launched = {
  execPath: '/node',
  execArgv: ['--inspect'],
  argv: ['/node', 'main.js', 'serve'],
  env: { A: 'b' },
};

describe('a process with the memory flags', () => {
  const { argv, env } = withMemoryFlags(launched, ['--more']);

  it('has them before the flags that it was given, and keeps its arguments', () => {
    const [path, ...rest] = argv;
    assert.equal(path, '/node');
    assert.deepEqual(rest.slice(-4), ['--more', '--inspect', 'main.js', 'serve']);
    assert.ok(rest.length > 4 && rest.slice(0, -4).every((flag) => flag.startsWith('--')));
  });

  it('keeps its environment', () => assert.deepEqual(env, { ...env, A: 'b' }));

  it('is recognized by them', () => {
    assert.ok(hasMemoryFlags(argv));
    assert.ok(!hasMemoryFlags(launched.execArgv));
  });
});

describe('serve', () => {
  const options = ['serve', '--kubelet.root-dir=/nowhere', '--cluster.mode=off'];

  for (const [title, flags] of [
    ['runs with them in the same process', []],
    ['runs with them and without the permission model after --no-permission', ['--no-permission']],
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
