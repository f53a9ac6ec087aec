/**
 * The program as a process: what it prints where, and how it exits.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, it } from 'mocha';
import { helpText } from '../../src/config/help.ts';
import { RUNBOOKS } from '../../src/core/runbook.ts';
import { MAIN, startProgram } from '../support/program.ts';

const CAPTURE = new URL('../fixtures/captures/kubelet-v1.36.3/before-rotation.tar.gz', import.meta.url)
  .pathname;

function run(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env });
  assert.doesNotMatch(stdout + stderr, /eyJ/);
  assert.doesNotMatch(stderr, /^ +at /m);
  return { status, stdout, stderr };
}

let folder = '';
/** Each suite gets an empty folder. */
function createFolder(): void {
  before(() => {
    folder = mkdtempSync(`${tmpdir()}/satoken-`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
}

describe('the program', () => {
  createFolder();

  it('prints its help and exits with 0', () => {
    assert.deepEqual(run(['--help']), { status: 0, stdout: helpText(), stderr: '' });
    assert.deepEqual(run(['scan', '--help']), { status: 0, stdout: helpText('scan'), stderr: '' });
  });

  it('prints its version and exits with 0', () => {
    const { status, stdout } = run(['--version']);
    assert.match(stdout, /^sa-token-exporter \S+ \(\S+, Node v\d+\.\d+\.\d+\)\n$/);
    assert.equal(status, 0);
  });

  it('says that it does not run on an old Node and exits with 2, even for --help', () => {
    const old = 'data:text/javascript,Object.defineProperty(process, "version", { value: "v20.1.0" })';
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', old, MAIN, '--help'], {
      encoding: 'utf8',
      env: {},
    });
    assert.deepEqual([status, stdout], [2, '']);
    assert.equal(stderr, 'sa-token-exporter needs Node 24.12 or later, but runs on v20.1.0\n');
  });

  it('reports every problem with its options at once and exits with 2', () => {
    assert.deepEqual(run(['scan', '--foo', '--log.level=x'], { SATOKEN_OUTPUT: 'y' }), {
      status: 2,
      stdout: '',
      stderr: [
        '--foo: unknown option',
        '--log.level=x: must be one of debug, info, warn, error',
        'SATOKEN_OUTPUT=y: must be one of table, json',
        'run sa-token-exporter --help for usage',
        '',
      ].join('\n'),
    });
  });

  it('reports every problem with the audience rules and exits with 2', () => {
    const file = `${folder}/rules.yaml`;
    writeFileSync(file, 'rules:\n  - volume: a\n  - audiences: []\n');
    const { status, stdout, stderr } = run(['scan', `--audience.expect=${file}`]);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, new RegExp(`^${file}:2: .*\n${file}:3: .*\n$`));
  });
});

/** Runs the program with a pipe as standard output that has no reader. */
async function runUnread(args: readonly string[]) {
  // The program is started by a shell once its standard output is closed.
  const shell = spawn('sh', ['-c', 'read _; exec "$@"', 'sh', process.execPath, MAIN, ...args], { env: {} });
  let stderr = '';
  shell.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  shell.stdout.destroy();
  await once(shell.stdout, 'close');
  shell.stdin.end('\n');
  const [status] = (await once(shell, 'close')) as [number | null];
  return { status, stderr };
}

describe('output that cannot be written', () => {
  createFolder();
  const nowhere = () => [`--kubelet.root-dir=${folder}/nowhere`];

  it('is no failure of a command if its reader ended', async () => {
    assert.deepEqual(await runUnread(['--help']), { status: 0, stderr: '' });
    assert.deepEqual(await runUnread(['scan', ...nowhere()]), { status: 3, stderr: '' });
    assert.deepEqual(await runUnread(['explain', 'a/b', ...nowhere()]), { status: 3, stderr: '' });
  });

  it('does not end `serve` if its log has no reader', async () => {
    const serve = await startProgram('serve', ...nowhere());
    serve.process.stdout?.destroy();
    serve.process.stderr?.destroy();
    // Logs that it stops, and reaches the end.
    assert.equal(await serve.stop(), 0);
  });

  it('is reported with exit code 2 if the disk is full', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'scan', ...nowhere()], {
      encoding: 'utf8',
      env: {},
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    assert.deepEqual([status, stderr], [2, 'fatal: write: no space left on device\n']);
  });
});

describe('scan', () => {
  createFolder();

  it('says that a node has no tokens and exits with 0', () => {
    mkdirSync(`${folder}/empty/pods`, { recursive: true });
    assert.deepEqual(run(['scan', `--kubelet.root-dir=${folder}/empty`]), {
      status: 0,
      stdout: 'no tokens on this node\n',
      stderr: '',
    });
  });

  it('says that it could not read the pods directory and exits with 3', () => {
    const { status, stdout } = run(['scan'], { SATOKEN_KUBELET_ROOT_DIR: `${folder}/nowhere` });
    assert.match(stdout, /^could not read the kubelet's pods directory: /);
    assert.equal(status, 3);
  });
});

describe('explain, on files of a real node', () => {
  createFolder();

  before(() => {
    mkdirSync(`${folder}/capture`);
    execFileSync('tar', ['xpzf', CAPTURE, '-C', `${folder}/capture`]);
  });

  const explain = (pod: string, ...options: readonly string[]) =>
    run(['explain', pod, `--kubelet.root-dir=${folder}/capture`, '--at=1795480173.5', ...options]);

  it('shows what is wrong with a mounted legacy token, the evidence and what to do, and exits with 1', () => {
    const { status, stdout } = explain('76f8c083-0a70-49b9-928b-b8aefde01dee');
    assert.match(stdout, /^76f8c083-0a70-49b9-928b-b8aefde01dee: legacy\/token$/m);
    assert.match(stdout, /^ {2}FAIL {5}legacy_token \(info\): /m);
    assert.match(stdout, /^ +Evidence: from Secret legacy-token$/m);
    assert.match(stdout, /^ +1\. kubectl get pods .*76f8c083-0a70-49b9-928b-b8aefde01dee/m);
    assert.equal(status, 1);
  });

  it('links to the runbook at the base URL', () => {
    const [project, wiki] = [[], ['--runbooks.base-url=https://wiki.example.com/']].map((args) => {
      const { stdout } = explain('76f8c083-0a70-49b9-928b-b8aefde01dee', ...args);
      return /^ +Runbook: (\S+)$/m.exec(stdout)?.[1];
    });
    assert.equal(project, `${RUNBOOKS}/SATokenLegacyMounted.md`);
    assert.equal(wiki, 'https://wiki.example.com/SATokenLegacyMounted.md');
  });

  it('names the pod that may be meant by its UID if nothing names it, and shows no token', () => {
    const { status, stdout } = explain('bench/f-legacy');
    assert.match(
      stdout,
      /^no token on this node names the pod bench\/f-legacy\nIt may be a pod whose name is not known\./,
    );
    assert.match(stdout, /-- sa-token-exporter explain 76f8c083-0a70-49b9-928b-b8aefde01dee$/m);
    assert.doesNotMatch(stdout, /FAIL|legacy\/token/);
    assert.equal(status, 1);
  });

  it('shows when a healthy token will be rotated, and exits with 0', () => {
    const { status, stdout } = explain('bench/a-default');
    assert.match(stdout, /^ {2}refresh due {9}2026-11-24T01:00:49Z, in 31m15s$/m);
    assert.doesNotMatch(stdout, /FAIL/);
    assert.equal(status, 0);
  });

  it('says that it does not know a pod, and exits with 1', () => {
    const { status, stdout, stderr } = explain('nowhere/nothing');
    assert.deepEqual({ status, stderr }, { status: 1, stderr: '' });
    assert.match(stdout, /^no token on this node names the pod nowhere\/nothing\nIt is on another node, or /);
    assert.match(stdout, /\nRunbook: .*\/SATokenPodNotCreated\.md\n$/);
  });
});
