/**
 * How the program comes to run small.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import { leaner } from '../src/lean.ts';
import { type Program, startProgram } from './support/program.ts';

const launched = {
  execPath: '/node',
  execArgv: ['--inspect'],
  argv: ['/node', 'main.js', 'serve'],
  env: { A: 'b' },
};

describe('a lean process', () => {
  const lean = leaner(launched);

  it('has flags before those it was given, and the same arguments', () => {
    assert.ok(lean);
    const [path, ...rest] = lean.argv;
    assert.equal(path, '/node');
    assert.deepEqual(rest.slice(-3), ['--inspect', 'main.js', 'serve']);
    assert.ok(rest.length > 3 && rest.slice(0, -3).every((flag) => flag.startsWith('--')));
  });

  it('keeps its environment', () => assert.deepEqual(lean?.env, { ...lean?.env, A: 'b' }));

  it('is left alone', () => {
    assert.equal(leaner({ ...launched, execArgv: lean?.argv.slice(1) ?? [] }), undefined);
  });
});

describe('serve', () => {
  let program: Program;
  before(async () => {
    program = await startProgram('serve', '--kubelet.root-dir=/nowhere', '--cluster.mode=off');
  });
  after(() => program.stop());

  it('is lean, as the same process', () => {
    const read = (file: string) => readFileSync(`/proc/${program.process.pid}/${file}`, 'utf8').split('\0');
    assert.ok(read('cmdline').includes('--optimize-for-size'));
    assert.ok(read('environ').includes('MALLOC_ARENA_MAX=1'));
  });
});
