/**
 * Every command in the documents is accepted by its own program, or is of a program that this machine need not have.
 *
 * kubectl and Helm parse their arguments, read their files and fail only because there is no API server.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { loadConfig } from '../../src/config/load.ts';
import { describeWith, HELM } from '../support/tools.ts';
import { ROOT } from './documents.ts';
import { EXAMPLES, splitLine } from './shell.ts';

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };

/** Programs of other people's machines, and what is needed to run them. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'a node or a container': ['journalctl', 'systemctl', 'timedatectl', 'sysctl', 'find', 'ls', 'cd'],
  'a control plane': ['grep'],
  'another program': ['docker', 'kind', 'cosign', 'gh', 'amtool', 'promtool', 'curl', 'jq', 'install', 'git'],
  'the output of another command': ['cut', 'tr', 'base64', 'sort', 'uniq', 'head'],
};
const OTHERS = Object.values(ELSEWHERE).flat();

const COMMANDS = EXAMPLES.flatMap(({ document, line }) =>
  splitLine(line).map((words) => ({ document, words: words as readonly [string, ...string[]] })),
);

function argumentsOf(program: string): readonly (readonly string[])[] {
  const found = COMMANDS.filter(({ words }) => words[0] === program).map(({ words }) => words.slice(1));
  return [...new Map(found.map((args) => [args.join(' '), args])).values()];
}

const kubectlCommands = argumentsOf('kubectl');
const pluginCommands = kubectlCommands.filter(([first]) => first === 'satoken');
const executed = kubectlCommands
  .filter((args) => args.includes('--'))
  .map((args) => args.slice(args.indexOf('--') + 1))
  .filter(([program]) => program === 'sa-token-exporter')
  .map((args) => args.slice(1));

describe('the commands in the documents', () => {
  it('are found, also in pipelines', () => {
    assert.ok(COMMANDS.length > 150);
    assert.deepEqual(splitLine(`a -o 'x | y' "b\\"c" 2>/dev/null | d $(e f) && g;h`), [
      ['a', '-o', 'x | y', 'b"c'],
      ['d', '$(e f)'],
      ['g'],
      ['h'],
    ]);
  });

  it('are those of blocks, sentences, manifests and the notes of the chart', () => {
    const commandsOf = (name: string) =>
      EXAMPLES.filter(({ document }) => document === name).map(({ line }) => line);
    assert.ok(commandsOf('docs/install.md').includes('kubectl apply -k mine'));
    assert.ok(commandsOf('docs/dashboards.md').includes('kubectl apply -k grafana -n monitoring'));
    assert.deepEqual(commandsOf('daemonset/overlays/gke/kustomization.yaml'), [
      'kubectl apply -k daemonset/overlays/gke',
    ]);
    assert.equal(commandsOf('daemonset/chart/templates/NOTES.txt').length, 3);
  });

  it('are of programs that are tested here, or run elsewhere', () => {
    const tested = ['kubectl', 'helm', 'npm', 'node', 'sa-token-exporter', '.ci/run', '.ci/release'];
    assert.deepEqual(
      COMMANDS.filter(({ words: [program] }) => ![...tested, ...OTHERS].includes(program)),
      [],
    );
  });

  it('have options and operands that the exporter accepts', () => {
    const built = argumentsOf('node').map((words) => {
      const program = words.findIndex((word) => !word.startsWith('--'));
      assert.equal(words[program], 'dist/main.js');
      return words.slice(program + 1);
    });
    const all = [...built, ...argumentsOf('sa-token-exporter'), ...executed];
    assert.ok(all.length > 3);
    for (const args of all) {
      const loaded = loadConfig(args, {});
      assert.ok(loaded.ok, `${args.join(' ')}: ${JSON.stringify(loaded)}`);
    }
  });

  it('run scripts that exist', () => {
    for (const [command = '', script = ''] of argumentsOf('npm'))
      assert.ok(['install', 'ci', 'test'].includes(command) || script in scripts, script);
    accessSync(join(ROOT, '.ci/run'));
    // test/daemonset/release-steps.test.ts runs it.
    for (const [step] of argumentsOf('.ci/release')) assert.equal(step, 'dry-run');
  });

  it('name commands of the plugin that it has', () => {
    const plugin = join(ROOT, 'daemonset/kubectl-satoken');
    const { stdout } = spawnSync('sh', [plugin, '--help'], { encoding: 'utf8' });
    assert.ok(pluginCommands.length > 0);
    for (const [, command] of pluginCommands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
  });
});

describeWith(['kubectl', 'helm (.ci/helm)'], 'the commands of kubectl and Helm in the documents', () => {
  const NOWHERE = 'http://127.0.0.1:1';
  let folder: string;
  const run = (program: string, args: readonly string[]) =>
    spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: '/dev/null', KUBECACHEDIR: folder, HOME: folder },
    });
  /** The files that the documents let users create. */
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-commands-'));
    for (const name of ['daemonset', 'alerts', 'grafana'])
      cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    for (const name of ['web.yml', 'tls.crt', 'tls.key', 'password']) writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, 'values.yaml'), 'image: {repository: REGISTRY/sa-token-exporter}\n');
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'mine/kustomization.yaml'), 'resources: [../daemonset/base]\n');
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const args of kubectlCommands.filter((one) => !pluginCommands.includes(one) && one[0] !== 'kustomize'))
    it(`kubectl ${args.join(' ')}`, () => {
      const { stderr } = run('kubectl', [`--server=${NOWHERE}`, ...args]);
      assert.match(stderr, /was refused|connection refused/);
      assert.doesNotMatch(stderr, /unknown|unable to match|error parsing|no such file|not recognized/);
    });

  it('are checked for what kubectl does not accept', () => {
    for (const args of [
      ['get', 'pods', '--wrong'],
      ['gett', 'pods'],
      ['apply', '-k', 'nowhere'],
    ])
      assert.doesNotMatch(run('kubectl', [`--server=${NOWHERE}`, ...args]).stderr, /was refused/);
  });

  it('have valid JSONPath templates', () => {
    const problemOf = (template: string) =>
      /error parsing.*/.exec(
        run('kubectl', ['create', 'namespace', 'a', '--dry-run=client', '-o', template]).stderr,
      )?.[0];
    const templates = kubectlCommands.flat().filter((arg) => arg.startsWith('jsonpath='));
    assert.ok(templates.length > 5);
    for (const template of new Set(templates)) assert.equal(problemOf(template), undefined);
    assert.notEqual(problemOf('jsonpath={.a'), undefined);
  });

  for (const args of kubectlCommands.filter(([first]) => first === 'kustomize'))
    it(`kubectl ${args.join(' ')}`, () => {
      const { status, stdout, stderr } = run('kubectl', args);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^kind: DaemonSet$/m);
    });

  for (const [command = '', ...args] of argumentsOf('helm'))
    it(`helm ${[command, ...args].join(' ')}`, () => {
      const isRendered = ['install', 'upgrade', 'template'].includes(command);
      if (command !== 'template') {
        const { status, stderr } = run(HELM, [command, `--kube-apiserver=${NOWHERE}`, ...args]);
        assert.notEqual(status, 0);
        assert.match(stderr, /cluster unreachable|connection refused/);
      }
      if (isRendered) {
        const rendered = args.filter((arg) => arg !== '--reset-then-reuse-values');
        const { stdout, stderr } = run(HELM, ['template', '--kube-version=1.33', ...rendered]);
        assert.match(stdout, /^kind: DaemonSet$/m, stderr);
      }
    });
});
