/**
 * The restrictions of `serve` on its own process, tested from inside and from outside.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { EXIT } from '../../src/cli/command.ts';
import { isKeptFromDebugger, listenersOf } from '../support/listeners.ts';
import { MAIN, type Program, startProgram, startProgramUnder } from '../support/program.ts';
import { describeWith } from '../support/tools.ts';

/** Forbidden actions; each is expected to throw with a code. */
const ACTIONS = {
  'read another file': "fs.readFileSync('/etc/passwd')",
  'read its own environment': "fs.readFileSync('/proc/self/environ')",
  'read a file through /proc/self/root': "fs.readFileSync(['/proc/self', 'root', 'etc/passwd'].join('/'))",
  'read a file above the pods folder':
    "fs.readFileSync(process.argv.find((arg) => arg.startsWith('--kubelet')).split('=')[1] + '/pods/../secret')",
  'write a file': "fs.writeFileSync('/tmp/satoken-written', '')",
  'make a folder': "fs.mkdirSync('/tmp/satoken-made')",
  'write a file with SQLite':
    "const { DatabaseSync } = process.getBuiltinModule('module').createRequire('/')('node:sqlite'); new DatabaseSync('/tmp/satoken-written.db')",
  'start a program': "process.getBuiltinModule('child_process').execFileSync('/bin/true')",
  'become another program': "process.execve('/bin/true', ['true'], {})",
  'start a thread': "new (process.getBuiltinModule('worker_threads').Worker)('0', { eval: true })",
  'load an addon': "process.dlopen({ exports: {} }, '/nowhere.node')",
  'open the debugger': "process.getBuiltinModule('inspector').open(0)",
  'debug itself': "new (process.getBuiltinModule('inspector').Session)().connect()",
  'write a heap snapshot': "process.getBuiltinModule('v8').writeHeapSnapshot()",
  'write a report': 'process.report.writeReport()',
} as const;
const DENIED = /^(?:ERR_ACCESS_DENIED|ERR_DLOPEN_DISABLED|ERR_UNKNOWN_BUILTIN_MODULE)$/;

/** Flags of Node.js for foreign functions and threads, and the number of inotify instances: one is Node's own. */
function watchingOf({ process: { pid } }: Program) {
  const flags = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const { stdout } = spawnSync('ls', ['-l', `/proc/${pid}/fd`], { encoding: 'utf8' });
  return {
    flags: flags.filter((flag) => /^--(?:allow-(?:ffi|worker|addons)|expose-gc)$/.test(flag)),
    inotify: stdout.split('anon_inode:inotify').length - 1,
  };
}

/** Loaded before the program. Only the process with the permission model tries the actions. */
const PROBE = `data:text/javascript,${encodeURIComponent(`
  const fs = process.getBuiltinModule('fs');
  const codeOf = (run) => { try { run(); return 'done'; } catch ({ code }) { return code; } };
  const actions = { ${Object.entries(ACTIONS)
    .map(([name, code]) => `${JSON.stringify(name)}: () => { ${code}; }`)
    .join(',')} };
  const codes = () => Object.entries(actions).map(([name, run]) => [name, codeOf(run)]);
  if (process.permission) console.error('codes=' + JSON.stringify(Object.fromEntries(codes())));
`)}`;

function start(args: readonly string[], nodeOptions = '', flags: readonly string[] = []) {
  const { status, stderr } = spawnSync(process.execPath, [...flags, MAIN, 'serve', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  return { status, stderr };
}

describe('serve with its restrictions', () => {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-locked-'));
  const options = [`--kubelet.root-dir=${rootDir}`, '--cluster.mode=off'];
  let program: Program;

  before(async () => {
    mkdirSync(join(rootDir, 'pods'));
    writeFileSync(join(rootDir, 'secret'), '');
    program = await startProgram('serve', ...options);
  });
  after(async () => {
    await program.stop();
    rmSync(rootDir, { recursive: true });
  });

  it('logs locked_down=true and no warnings of Node.js', () => {
    assert.match(program.printed(), /^\S+ level=info msg=starting version=\S+ locked_down=true\n/);
    assert.doesNotMatch(program.printed(), /\(node:\d+\)/);
  });

  it('serves all process metrics', async () => {
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    for (const name of ['process_open_fds', 'process_max_fds', 'process_resident_memory_bytes'])
      assert.match(metrics, new RegExp(`^${name} [1-9]`, 'm'));
    assert.match(metrics, /^satoken_exporter_errors_total\{[^}]*part="self_metrics"\} 0$/m);
  });

  it('ignores SIGUSR1 and opens no debugger', async () => {
    const { pid } = program.process;
    program.process.kill('SIGUSR1');
    assert.ok(isKeptFromDebugger(pid));
    assert.equal((await fetch(`${program.url}/metrics`)).status, 200);
    assert.equal(listenersOf(pid), 1);
  });

  it('has no flag for foreign functions or threads, and no inotify instance but that of Node.js', () =>
    assert.deepEqual(watchingOf(program), { flags: [], inotify: 1 }));

  it('opens no debugger if it is started with --inspect', async () => {
    const debugged = await startProgramUnder(['--inspect=127.0.0.1:0'], 'serve', ...options);
    try {
      assert.equal(listenersOf(debugged.process.pid), 1);
    } finally {
      await debugged.stop();
    }
  });
});

describeWith(['foreign functions'], 'serve --reads.watch', () => {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-locked-'));
  after(() => rmSync(rootDir, { recursive: true }));

  it('has flags for foreign functions and threads, and two more inotify instances', async () => {
    mkdirSync(join(rootDir, 'pods'));
    const options = [`--kubelet.root-dir=${rootDir}`, '--cluster.mode=off', '--reads.watch'];
    const program = await startProgram('serve', ...options);
    try {
      // It is up with the first report of the thread.
      for (let metrics = ''; !metrics.includes('source="reads"} 1\n'); )
        metrics = await (await fetch(`${program.url}/metrics`)).text();
      const flags = ['--allow-ffi', '--allow-worker', '--expose-gc'];
      assert.deepEqual(watchingOf(program), { flags, inotify: 3 });
    } finally {
      await program.stop();
    }
  });
});

describe('a kubelet root directory behind a symbolic link', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-locked-'));
  after(() => rmSync(folder, { recursive: true }));

  it('is read through its real path', async () => {
    mkdirSync(join(folder, 'real/pods/uid/volumes'), { recursive: true });
    symlinkSync('real', join(folder, 'link'));
    const options = [`--kubelet.root-dir=${join(folder, 'link')}`, '--cluster.mode=off'];
    const program = await startProgram('serve', ...options);
    await program.stop();
    assert.match(program.printed(), /locked_down=true\n/);
    assert.match(program.printed(), /msg="initial scan complete" tokens=0 unreadable=0\n/);
  });
});

describe('a path that the permission model of Node.js denies', () => {
  const allowed = [`--allow-fs-read=${new URL('../../', import.meta.url).pathname}*`];
  it('prevents serve from starting and is printed', () => {
    const { status, stderr } = start(['--kubelet.root-dir=/kubelet'], '', ['--permission', ...allowed]);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /^--kubelet\.root-dir: .* \/kubelet\/pods; .*=\/kubelet\/pods\/\*$/m);
  });
});

describe('a flag of Node.js that exposes file contents', () => {
  for (const flag of ['--permission-audit', '--heapsnapshot-near-heap-limit=1'])
    it(`prevents serve from starting: ${flag}`, () => {
      const { status, stderr } = start([], flag);
      assert.equal(status, EXIT.usage);
      assert.match(stderr, new RegExp(`^${flag.replace(/=.*/, '')}: serve does not start .+\n$`));
    });
});

describe('code that NODE_OPTIONS loads', () => {
  for (const flag of ['--import=data:text/javascript,', '--require /dev/null'])
    it(`prevents serve from starting: ${flag}`, () => {
      const { status, stderr } = start([], flag);
      assert.equal(status, EXIT.usage);
      assert.match(stderr, /^NODE_OPTIONS: serve does not start with --(?:import|require), .+\n$/);
    });
});

describe('a kubeconfig with an exec plugin', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-locked-'));
  after(() => rmSync(folder, { recursive: true }));

  it('prevents serve from starting', () => {
    const kubeconfig = join(folder, 'config');
    const user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/echo', args: [] } };
    const text = stringify({
      clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'a', user }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      'current-context': 'a',
    });
    writeFileSync(kubeconfig, text);
    const { status, stderr } = start([`--cluster.kubeconfig=${kubeconfig}`, '--cluster.mode=on']);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /^cannot load kubeconfig .*: credential plugins are not supported .+$/m);
  });
});

describe('serve, tested from inside,', () => {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-locked-'));
  let codes: Readonly<Record<string, string>> = {};

  before(async () => {
    mkdirSync(join(rootDir, 'pods'));
    writeFileSync(join(rootDir, 'secret'), '');
    const args = ['serve', `--kubelet.root-dir=${rootDir}`, '--cluster.mode=off'];
    const program = await startProgramUnder(['--import', PROBE], ...args);
    const [, json = '{}'] = await program.says(/^codes=(.+)$/m);
    codes = JSON.parse(json) as typeof codes;
    await program.stop();
  });
  after(() => rmSync(rootDir, { recursive: true }));

  for (const name of Object.keys(ACTIONS))
    it(`cannot ${name}`, () => assert.match(codes[name] ?? '', DENIED));
});
