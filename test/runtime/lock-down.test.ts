/**
 * How a command restarts or refuses to run, in a process that the test describes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { lockDown, type NodeProcess } from '../../src/runtime/lock-down.ts';
import { configOf } from '../support/config.ts';

interface Replaced {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A process that notes by what it would be replaced. */
function fakeProcess(overrides: Partial<NodeProcess> = {}) {
  const replaced: Replaced[] = [];
  const process = {
    allowedNodeEnvironmentFlags: new Set(['--permission', '--allow-net']),
    version: 'v26.10.0',
    argv: ['/node', 'main.js', 'serve'],
    env: { A: 'b' },
    execArgv: [],
    execPath: '/node',
    permission: undefined,
    execve: (file: string, args: readonly string[], env: Replaced['env']) =>
      void replaced.push({ file, args, env }),
    ...overrides,
  } as unknown as NodeProcess;
  return { process, replaced };
}

const isBuiltin = () => true;
const options = { program: '/app', config: configOf(['--cluster.mode=off']), isBuiltin };
const none = { has: () => false };
const all = { has: () => true };

describe('serve', () => {
  it('replaces itself by a process with the permission model and less memory', async () => {
    const { process, replaced } = fakeProcess();
    assert.deepEqual(await lockDown({ ...options, process, command: 'serve' }), []);
    const [{ file, args, env } = { file: '', args: [], env: {} }] = replaced;
    assert.equal(file, '/node');
    assert.ok(['--permission', '--allow-net', '--allow-fs-read=/app/*'].every((flag) => args.includes(flag)));
    assert.deepEqual(args.slice(-2), ['main.js', 'serve']);
    assert.deepEqual([env['A'], env['MALLOC_ARENA_MAX']], ['b', '1']);
  });

  it('replaces itself without the permission model after --no-permission, once', async () => {
    const { process, replaced } = fakeProcess({ execArgv: ['--no-permission'] });
    await lockDown({ ...options, process, command: 'serve' });
    const execArgv = replaced[0]?.args.slice(1, -2) ?? [];
    assert.ok(!execArgv.includes('--permission'));
    const again = fakeProcess({ execArgv: [...execArgv] });
    assert.deepEqual(await lockDown({ ...options, process: again.process, command: 'serve' }), []);
    assert.deepEqual(again.replaced, []);
  });

  const READS = ['--allow-ffi', '--allow-worker'];
  const watching = { ...options, config: configOf(['--cluster.mode=off', '--reads.watch']) };

  it('allows foreign functions and threads only for --reads.watch', async () => {
    for (const [used, expected] of [
      [options, []],
      [watching, READS],
    ] as const) {
      const { process, replaced } = fakeProcess();
      await lockDown({ ...used, process, command: 'serve' });
      assert.deepEqual(
        replaced.flatMap(({ args }) =>
          args.filter((arg) => arg.startsWith('--allow-') && !/net|read/.test(arg)),
        ),
        expected,
      );
    }
  });

  it('names the flags that --reads.watch needs, if the permission model denies them', async () => {
    const permission = { has: (scope: string) => scope === 'fs.read' || scope === 'ffi' };
    for (const [used, problems] of [
      [options, []],
      [
        watching,
        [
          "--reads.watch: Node's permission model denies foreign functions or threads; add --allow-ffi --allow-worker",
        ],
      ],
    ] as const) {
      const { process } = fakeProcess({ execArgv: ['--permission'], permission });
      assert.deepEqual(await lockDown({ ...used, process, command: 'serve' }), problems);
    }
  });

  it('refuses --reads.watch on a Node.js without foreign functions, and says what to do', async () => {
    const { process, replaced } = fakeProcess({ version: 'v24.12.0' });
    const without = { process, command: 'serve', isBuiltin: () => false } as const;
    assert.deepEqual(await lockDown({ ...watching, ...without }), [
      "--reads.watch: Node.js v24.12.0 has no foreign functions (node:ffi) here; use Node.js 26.1 or later, as in the project's image, without --no-experimental-ffi, or remove --reads.watch",
    ]);
    assert.deepEqual(replaced, []);
    assert.deepEqual(await lockDown({ ...options, ...without }), []);
  });

  it('does not replace a process with the permission model, and reports every path that it denies', async () => {
    const { process, replaced } = fakeProcess({ execArgv: ['--permission'], permission: none });
    const problems = await lockDown({ ...options, process, command: 'serve' });
    assert.ok(
      problems.includes(
        "the program: Node's permission model denies reading /app; add --allow-fs-read=/app/*",
      ),
    );
    assert.deepEqual(replaced, []);
  });

  it('refuses to run with a flag that can expose tokens, before it does anything else', async () => {
    const { process, replaced } = fakeProcess({
      env: { NODE_OPTIONS: '--report-on-signal' },
      permission: none,
    });
    const problems = await lockDown({ ...options, process, command: 'serve' });
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      ['--report-on-signal'],
    );
    assert.deepEqual(replaced, []);
  });
});

describe('scan', () => {
  it('runs in any process that allows the paths it reads', async () => {
    for (const permission of [undefined, all]) {
      const { process, replaced } = fakeProcess({ permission, env: { NODE_OPTIONS: '--report-on-signal' } });
      assert.deepEqual(await lockDown({ ...options, process, command: 'scan' }), []);
      assert.deepEqual(replaced, []);
    }
  });

  it('reports the paths that the permission model denies', async () => {
    const { process } = fakeProcess({ permission: none });
    assert.notDeepEqual(await lockDown({ ...options, process, command: 'scan' }), []);
  });
});

describe('demo', () => {
  it('does not run with the permission model, because it writes files', async () => {
    const denied = fakeProcess({ permission: all }).process;
    assert.deepEqual(await lockDown({ ...options, process: denied, command: 'demo' }), [
      "demo: Node's permission model denies writing files; start it without --permission: node main.js demo",
    ]);
    const { process } = fakeProcess();
    assert.deepEqual(await lockDown({ ...options, process, command: 'demo' }), []);
  });

  it('does not start with --reads.watch on a Node.js without foreign functions, and names them', async () => {
    const { process } = fakeProcess();
    const config = configOf(['--cluster.mode=off', '--reads.watch']);
    const found = await lockDown({ ...options, config, process, command: 'demo', isBuiltin: () => false });
    assert.match(found.join(), /^--reads\.watch: Node\.js \S+ has no foreign functions \(node:ffi\) here/);
  });
});
