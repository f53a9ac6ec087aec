/**
 * What the running program can still do once `serve` has locked it down, tried from inside and from outside.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { EXIT } from '../../src/cli/command.ts';
import { isKeptFromDebugger, listenersOf } from '../support/listeners.ts';
import { MAIN, type Program, startProgram, startProgramUnder } from '../support/program.ts';

/** What is tried from inside; each says the code of what came of it. */
const TRIES = {
  'read another file': "fs.readFileSync('/etc/passwd')",
  'read its own environment': "fs.readFileSync('/proc/self/environ')",
  'go round by its root': "fs.readFileSync(['/proc/self', 'root', 'etc/passwd'].join('/'))",
  'go up from the pods':
    "fs.readFileSync(process.argv.find((arg) => arg.startsWith('--kubelet')).split('=')[1] + '/pods/../secret')",
  'write a file': "fs.writeFileSync('/tmp/satoken-written', '')",
  'make a folder': "fs.mkdirSync('/tmp/satoken-made')",
  'start a program': "process.getBuiltinModule('child_process').execFileSync('/bin/true')",
  'become another program': "process.execve('/bin/true', ['true'], {})",
  'start a thread': "new (process.getBuiltinModule('worker_threads').Worker)('0', { eval: true })",
  'load an addon': "process.dlopen({ exports: {} }, '/nowhere.node')",
  'open the debugger': "process.getBuiltinModule('inspector').open(0)",
  'debug itself': "new (process.getBuiltinModule('inspector').Session)().connect()",
  'write its memory down': "process.getBuiltinModule('v8').writeHeapSnapshot()",
  'write a report': 'process.report.writeReport()',
} as const;
const DENIED = /^(?:ERR_ACCESS_DENIED|ERR_DLOPEN_DISABLED)$/;

/** Loaded into the program before it begins; the process that is to be replaced tries nothing. */
const PROBE = `data:text/javascript,${encodeURIComponent(`
  const fs = process.getBuiltinModule('fs');
  const codeOf = (run) => { try { run(); return 'done'; } catch ({ code }) { return code; } };
  const tries = { ${Object.entries(TRIES)
    .map(([name, code]) => `${JSON.stringify(name)}: () => ${code}`)
    .join(',')} };
  const codes = () => Object.entries(tries).map(([name, run]) => [name, codeOf(run)]);
  if (process.permission) console.error('codes=' + JSON.stringify(Object.fromEntries(codes())));
`)}`;

function start(args: readonly string[], nodeOptions = '', flags: readonly string[] = []) {
  const { status, stderr } = spawnSync(process.execPath, [...flags, MAIN, 'serve', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  return { status, stderr };
}

describe('serve, locked down,', () => {
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

  it('says so, without a warning of Node', () => {
    assert.match(program.printed(), /^\S+ level=info msg=starting version=\S+ locked_down=true\n/);
    assert.doesNotMatch(program.printed(), /\(node:\d+\)/);
  });

  it('answers with all the metrics of its process', async () => {
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    for (const name of ['process_open_fds', 'process_max_fds', 'process_resident_memory_bytes'])
      assert.match(metrics, new RegExp(`^${name} [1-9]`, 'm'));
    assert.match(metrics, /^satoken_exporter_errors_total\{[^}]*part="self_metrics"\} 0$/m);
  });

  it('does not open a debugger when it is sent SIGUSR1, and lives on', async () => {
    const { pid } = program.process;
    program.process.kill('SIGUSR1');
    assert.ok(isKeptFromDebugger(pid));
    assert.equal((await fetch(`${program.url}/metrics`)).status, 200);
    assert.equal(listenersOf(pid), 1);
  });

  it('has no debugger where it is started with one', async () => {
    const debugged = await startProgramUnder(['--inspect=127.0.0.1:0'], 'serve', ...options);
    try {
      assert.equal(listenersOf(debugged.process.pid), 1);
    } finally {
      await debugged.stop();
    }
  });
});

describe("a kubelet's folder behind a link", () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-locked-'));
  after(() => rmSync(folder, { recursive: true }));

  it('is read by its own name', async () => {
    mkdirSync(join(folder, 'real/pods/uid/volumes'), { recursive: true });
    symlinkSync('real', join(folder, 'link'));
    const options = [`--kubelet.root-dir=${join(folder, 'link')}`, '--cluster.mode=off'];
    const program = await startProgram('serve', ...options);
    await program.stop();
    assert.match(program.printed(), /locked_down=true\n/);
    assert.match(program.printed(), /msg="initial scan complete" tokens=0 unreadable=0\n/);
  });
});

describe('a folder or a file that may not be read', () => {
  const leave = [`--allow-fs-read=${new URL('../../', import.meta.url).pathname}*`];
  it('keeps serve from starting, and is named', () => {
    const { status, stderr } = start(['--kubelet.root-dir=/kubelet'], '', ['--permission', ...leave]);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /^--kubelet\.root-dir: .* \/kubelet\/pods; .*=\/kubelet\/pods\/\*$/m);
  });
});

describe('a flag of Node that lays open what is read', () => {
  for (const flag of ['--permission-audit', '--heapsnapshot-near-heap-limit=1'])
    it(`keeps serve from starting: ${flag}`, () => {
      const { status, stderr } = start([], flag);
      assert.equal(status, EXIT.usage);
      assert.match(stderr, new RegExp(`^${flag.replace(/=.*/, '')}: serve does not start .+\n$`));
    });
});

describe('the configuration of the API server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-locked-'));
  after(() => rmSync(folder, { recursive: true }));

  it('may take no program for its credentials', () => {
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

describe('from inside, serve', () => {
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

  for (const name of Object.keys(TRIES)) it(`cannot ${name}`, () => assert.match(codes[name] ?? '', DENIED));
});
