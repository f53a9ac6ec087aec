/**
 * The kubectl plugin: which commands it runs, and what it says if they fail. kubectl itself is a script.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { describeWith } from '../support/tools.ts';

const PLUGIN = new URL('../../daemonset/kubectl-satoken', import.meta.url).pathname;
const SEPARATOR = '\u001f';

/** Part of a command line, what kubectl prints, and its exit code. */
type Answer = readonly [part: string, stdout: string, status?: number];

const HEALTHY = [
  'satoken_self_view{node="n1",check="visible"} 1',
  'satoken_canary_healthy{node="n1"} 1',
  'satoken_cluster_up{node="n1",resource="pods"} 1',
].join('\n');
const NODE = ['get pod api-0', 'n1'] as const;
const EXPORTER = ['get pods', 'monitoring exporter-x\nother exporter-y\n'] as const;
const METRICS = ['get --raw', HEALTHY] as const;
const RULES = ['prometheusrules', 'SATokenStale\nSATokenExpired\n'] as const;
const READY = ['get daemonsets', 'monitoring/exporter 3 3 3\n'] as const;
const CLUSTER: readonly Answer[] = [NODE, EXPORTER, METRICS, RULES, READY, ['config view', 'team']];

let folder = '';

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fakeKubectl(answers: readonly Answer[]): string {
  const cases = answers.map(
    ([part, stdout, status = 0]) => `*${quote(part)}*) printf '%s' ${quote(stdout)}; exit ${status} ;;`,
  );
  return [
    '#!/bin/sh',
    `{ printf '%s${SEPARATOR}' "$@"; printf '\\n'; } >>"$LOG"`,
    `case "$*" in ${cases.join('\n')} esac`,
    '',
  ].join('\n');
}

/** Runs the plugin. The first answer that matches a command is given. */
function plugin(args: readonly string[], ...answers: readonly Answer[]) {
  return pluginIn(['sh'], args, ...answers);
}

/** The same in a shell, given as a command with its first arguments. */
function pluginIn(
  [shell = 'sh', ...first]: readonly string[],
  args: readonly string[],
  ...answers: readonly Answer[]
) {
  const log = join(folder, 'log');
  writeFileSync(log, '');
  writeFileSync(join(folder, 'kubectl'), fakeKubectl([...answers, ...CLUSTER]), { mode: 0o755 });
  const env = { PATH: `${folder}:/usr/bin:/bin`, LOG: log };
  const { status, stdout, stderr } = spawnSync(shell, [...first, PLUGIN, ...args], { encoding: 'utf8', env });
  const commands = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(SEPARATOR).slice(0, -1));
  return { status, stdout, stderr, commands, last: commands.at(-1)?.join(' ') ?? '' };
}

/** Each suite gets an empty folder. */
function createFolder(): void {
  before(() => {
    folder = mkdtempSync(`${tmpdir()}/satoken-`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
}

const EXEC = 'exec -n monitoring exporter-x -c exporter -- sa-token-exporter';

describe('kubectl satoken', () => {
  createFolder();

  it('explains a pod in the exporter on its node, and passes on what that prints and how it ends', () => {
    const explained = plugin(['explain', 'payments/api-0'], ['exec', 'FAIL expired\n', 1]);
    assert.equal(explained.last, `${EXEC} explain payments/api-0`);
    assert.deepEqual(explained.commands.slice(0, 2), [
      ['get', 'pod', 'api-0', '-n', 'payments', '-o', 'jsonpath={.spec.nodeName}'],
      [
        'get',
        'pods',
        '--all-namespaces',
        '-l',
        'app.kubernetes.io/name=sa-token-exporter',
        '--field-selector=spec.nodeName=n1,status.phase=Running',
        '-o',
        'jsonpath={range .items[*]}{.metadata.namespace}{" "}{.metadata.name}{"\\n"}{end}',
      ],
    ]);
    assert.deepEqual([explained.status, explained.stdout, explained.stderr], [1, 'FAIL expired\n', '']);
  });

  const namespaces = [
    { it: 'the given namespace', args: ['explain', 'api-0', '-n', 'given'], namespace: 'given' },
    { it: 'the given namespace, attached', args: ['explain', '-ngiven', 'api-0'], namespace: 'given' },
    { it: 'the namespace before the slash', args: ['explain', 'a/api-0', '-n', 'given'], namespace: 'a' },
    { it: 'the namespace of the context', args: ['explain', 'api-0'], namespace: 'team' },
  ] as const;
  for (const { it: title, args, namespace } of namespaces) {
    it(`looks for a pod in ${title}`, () => {
      assert.equal(plugin(args).last, `${EXEC} explain ${namespace}/api-0`);
    });
  }

  it('looks for a pod in the default namespace if the context has none', () => {
    for (const status of [0, 1])
      assert.equal(
        plugin(['explain', 'api-0'], ['config view', '', status]).last,
        `${EXEC} explain default/api-0`,
      );
  });

  it('passes other flags on to the command on the node', () => {
    const { last } = plugin(['scan', '--output=json', 'n1', '--log.level=debug']);
    assert.equal(last, `${EXEC} scan --output=json --log.level=debug`);
  });

  it('uses the given cluster and exporter in every command', () => {
    const { commands } = plugin([
      'explain',
      'payments/api-0',
      '--context=prod; exit',
      '--kubeconfig',
      '/my config',
      '--exporter-namespace=infra',
      '--exporter-selector=app=tokens',
    ]);
    assert.deepEqual(
      commands.map((words) => words.slice(0, 2)),
      Array.from({ length: 3 }, () => ['--context=prod; exit', '--kubeconfig=/my config']),
    );
    assert.match(commands[1]?.join(' ') ?? '', / get pods -n infra -l app=tokens /);
  });

  it('forwards the status page of a node', () => {
    const { last, stdout } = plugin(['page', 'n1', '--port', '8080']);
    assert.equal(last, 'port-forward -n monitoring pod/exporter-x 8080:metrics');
    assert.match(stdout, /^Open http:\/\/localhost:8080\/ /);
  });

  it('names another port if the port cannot be forwarded', () => {
    const { status, stderr } = plugin(['page', 'n1'], ['port-forward', '', 1]);
    assert.deepEqual([status, stderr.includes('--port')], [2, true]);
  });

  const failures = [
    {
      it: 'no exporter runs on the node',
      answer: ['get pods', ''],
      status: 2,
      says: 'no running pod of the exporter on node n1',
    },
    {
      it: 'the pods of the exporter cannot be listed',
      answer: ['get pods', '', 1],
      status: 2,
      says: 'set --exporter-namespace',
    },
    {
      it: 'the pod does not exist',
      answer: ['get pod api-0', '', 1],
      status: 1,
      says: 'kubectl get events -n payments --field-selector reason=FailedCreate',
    },
    {
      it: 'the pod is not scheduled',
      answer: ['get pod api-0', ''],
      status: 1,
      says: 'pod payments/api-0 is not scheduled to a node yet',
    },
  ] as const;
  for (const { it: title, answer, status, says } of failures) {
    it(`says what to do if ${title}`, () => {
      const failed = plugin(['explain', 'payments/api-0'], answer);
      assert.equal(failed.status, status);
      assert.ok(failed.stderr.includes(says), failed.stderr);
      assert.doesNotMatch(failed.last, /^exec/);
    });
  }

  it('rejects arguments that it does not understand, and runs nothing', () => {
    const wrong = [
      [],
      ['frobnicate'],
      ['explain'],
      ['scan'],
      ['page'],
      ['scan', 'a', 'b'],
      ['scan', 'a', '--port'],
      ['explain', 'a/b/c'],
      ['explain', '/b'],
      ['explain', 'a/'],
    ];
    for (const args of wrong) {
      const { status, stderr, commands } = plugin(args);
      assert.deepEqual([status, commands], [2, []], args.join(' '));
      assert.notEqual(stderr, '');
    }
  });

  it('prints its help', () => {
    for (const args of [['--help'], ['help'], ['-h'], ['scan', '--help']]) {
      const { status, stdout } = plugin(args);
      assert.deepEqual([status, stdout.startsWith('Usage: ')], [0, true]);
    }
  });
});

describe('kubectl satoken verify', () => {
  createFolder();

  it('ends with 0 if all is well', () => {
    const { status, stdout } = plugin(['verify']);
    assert.deepEqual(stdout.match(/^\w+(?= )/gm), [...Array.from({ length: 6 }, () => 'ok'), 'In'], stdout);
    assert.equal(status, 0);
  });

  it('reads the metrics of the exporter on the given node', () => {
    const { commands } = plugin(['verify', 'n1']);
    const lines = commands.map((words) => words.join(' '));
    assert.ok(lines.some((line) => line.includes('=spec.nodeName=n1,status.phase=Running')));
    assert.ok(lines.includes('get --raw /api/v1/namespaces/monitoring/pods/exporter-x:9894/proxy/metrics'));
  });

  const broken = [
    { it: 'pods are not ready', answer: ['daemonsets', 'a/b 3 2 3\n'], says: /^FAIL .*b: 2 of 3 pods/m },
    { it: 'no pod is ready', answer: ['daemonsets', 'a/b 3  1\n'], says: /^FAIL .*b: /m },
    { it: 'an update is not complete', answer: ['daemonsets', 'a/b 3 3 1\n'], says: /^FAIL .*1 up to date/m },
    { it: 'no node is to have a pod', answer: ['daemonsets', 'a/b 0 0 0\n'], says: /^FAIL .*b: 0 of 0/m },
    { it: 'there is no DaemonSet', answer: ['daemonsets', ''], says: /^FAIL .*no DaemonSet/m },
    { it: 'no pod runs', answer: ['get pods', ''], says: /^FAIL .*no running pod/m },
    {
      it: 'the exporter does not see its tokens',
      answer: ['--raw', HEALTHY.replace('"visible"} 1', '"visible"} 0')],
      says: /^ +satoken_self_view\{.*\} 0\nFAIL /m,
    },
    {
      it: 'the canary is missing',
      answer: ['--raw', HEALTHY.replace(/^.*canary.*\n/m, '')],
      says: /^FAIL .*canary_healthy: absent/m,
    },
    { it: 'no alert is loaded', answer: ['prometheusrules', 'Watchdog\n'], says: /^FAIL .*PrometheusRule/m },
  ] as const;
  for (const { it: title, answer, says } of broken) {
    it(`ends with 1 if ${title}`, () => {
      const { status, stdout } = plugin(['verify'], answer);
      assert.match(stdout, says);
      assert.equal(status, 1);
    });
  }

  it('ends with 3 if the API server does not answer, and fails nothing', () => {
    const { status, stdout } = plugin(['verify'], ['get ', '', 1]);
    for (const what of ['cannot list DaemonSets', 'cannot list the pods of the exporter', 'PrometheusRules'])
      assert.match(stdout, new RegExp(`^unknown +${what}`, 'm'));
    assert.deepEqual([status, stdout.includes('FAIL')], [3, false]);
  });

  it('names the environment variable that the manifests set', () => {
    const { stdout } = plugin(['verify'], ['--raw', HEALTHY.replace(/^satoken_self_view.*\n/m, '')]);
    const [, name = ''] = /^FAIL .*is (\w+) set/m.exec(stdout) ?? [];
    const manifest = new URL('../../daemonset/base/daemonset.yaml', import.meta.url);
    assert.ok(readFileSync(manifest, 'utf8').includes(`name: ${name}\n`), name);
  });

  it('ends with 3 if something cannot be checked, and with 1 if a check fails as well', () => {
    const unread = plugin(['verify'], ['--raw', '', 1]);
    assert.match(unread.stdout, /^unknown +metrics of exporter-x/m);
    assert.equal(unread.status, 3);
    assert.equal(plugin(['verify'], ['prometheusrules', '', 1]).status, 3);
    assert.equal(plugin(['verify'], ['prometheusrules', '', 1], ['daemonsets', '']).status, 1);
  });
});

const SHELLS = [['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'sh']] as const;

describeWith(['busybox', 'shellcheck'], 'kubectl satoken in other shells', () => {
  createFolder();
  const TWO_RELEASES = ['get daemonsets', 'a/exporter 3 3 3\nb/exporter 3 2 3\n'] as const;
  const runs: readonly { readonly args: readonly string[]; readonly answers?: readonly Answer[] }[] = [
    { args: ['explain', 'payments/api-0'], answers: [['exec', 'FAIL expired\n', 1]] },
    { args: ['explain', 'api-0', '-nteam', '--context=a b'] },
    { args: ['explain', "x;echo y/$(id)'`"] },
    { args: ['explain', '*/?'] },
    { args: ['explain', 'a\\nb/%s'] },
    { args: ['scan', 'n1', '--output=json'] },
    { args: ['scan', 'ip-10-0-0-1.eu-central-1.compute.internal'] },
    { args: ['page', 'n1', '--port=8080'] },
    { args: ['page', 'n1'], answers: [['port-forward', '', 1]] },
    { args: ['verify'] },
    { args: ['verify', 'n1'], answers: [TWO_RELEASES] },
    { args: ['verify'], answers: [['get ', '', 1]] },
    { args: ['frobnicate'] },
    { args: ['explain', 'payments/api-0'], answers: [['get pod api-0', '', 1]] },
    { args: ['--help'] },
    { args: [] },
  ];

  for (const shell of SHELLS)
    it(`does the same in ${shell.join(' ')}`, () => {
      for (const { args, answers = [] } of runs)
        assert.deepEqual(pluginIn(shell, args, ...answers), plugin(args, ...answers), args.join(' '));
    });

  it('passes on odd names as they are', () => {
    const names = ["x;echo y/$(id)'`", '*/?', 'a\\nb/%s', 'a b/c d'];
    for (const name of names) {
      const { commands } = plugin(['explain', name], ['get pod', 'n1']);
      const [namespace = '', pod = ''] = name.split('/');
      assert.deepEqual(commands[0]?.slice(0, 5), ['get', 'pod', pod, '-n', namespace]);
      assert.equal(commands.at(-1)?.at(-1), name);
    }
  });

  it('reports each of two releases, and one exporter of them', () => {
    const { status, stdout } = plugin(['verify', 'n1'], TWO_RELEASES);
    assert.match(stdout, /^ok +DaemonSet a\/exporter: 3 of 3 .*\nFAIL +DaemonSet b\/exporter: 2 of 3 /m);
    assert.match(stdout, /^ok +metrics of exporter-x$/m);
    assert.equal(status, 1);
  });

  it('is a script without complaints of shellcheck, and with the line ends that a shell reads', () => {
    const { status, stdout } = spawnSync('shellcheck', ['--shell=sh', PLUGIN], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    assert.ok(!readFileSync(PLUGIN, 'utf8').includes('\r'));
    const attributes = readFileSync(new URL('../../.gitattributes', import.meta.url), 'utf8');
    assert.match(attributes, /^\* text=auto eol=lf$/m);
  });
});

describeWith(['kubectl'], 'the commands of kubectl satoken', () => {
  createFolder();

  it('are understood by kubectl', () => {
    const runs = [['explain', 'api-0'], ['page', 'n1'], ['verify'], ['scan', 'n1']];
    const commands = runs.flatMap((args) => plugin([...args, '--exporter-namespace=infra']).commands);
    for (const words of [...commands, ...plugin(['verify']).commands]) {
      // Before two dashes: what follows them is not for kubectl.
      const args = [words[0] ?? '', '--server=http://127.0.0.1:1', ...words.slice(1)];
      const { stderr } = spawnSync('kubectl', args, { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
      if (words[0] === 'config') assert.equal(stderr.includes('unknown'), false, stderr);
      else assert.match(stderr, /connection to the server 127\.0\.0\.1:1 was refused|connection refused/);
    }
  });
});
