/**
 * The built program, in a folder without node_modules and sources.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { buildProgram, startNode } from './support/program.ts';

const ROOT = new URL('../', import.meta.url).pathname;
const CAPTURE = join(ROOT, 'test/fixtures/captures/kubelet-v1.36.3/after-rotation.tar.gz');
const AT = '--at=1795480174.6';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

describe('the built program', () => {
  let folder = '';
  let node = '';

  const run = (program: string, ...args: readonly string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' });
  const dist = (...args: readonly string[]) => run(join(folder, 'dist/main.js'), ...args);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'built-'));
    buildProgram(join(folder, 'dist'));
    node = mkdtempSync(join(tmpdir(), 'node-'));
    execFileSync('tar', ['xpzf', CAPTURE, '-C', node]);
  });
  after(() => {
    for (const made of [folder, node]) rmSync(made, { recursive: true, force: true });
  });

  it('prints its help', () => {
    const { status, stdout, stderr } = dist('--help');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /^Usage: sa-token-exporter \[command\] \[options\]\n/);
  });

  it('prints the version of the package and the revision of the sources', () => {
    const revision = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
    const { status, stdout } = dist('--version');
    assert.equal(status, 0);
    assert.equal(
      stdout,
      `sa-token-exporter ${manifest.version} (${revision.trim()}, Node ${process.version})\n`,
    );
  });

  const RULES = 'rules:\n  - volume: "vault*"\n    audiences: [elsewhere]\n';
  for (const { it: title, more } of [
    { it: 'prints the same scan as the sources', more: [] },
    { it: 'reads a YAML file with the same result as the sources', more: ['--audience.expect=rules.yaml'] },
  ]) {
    it(title, () => {
      writeFileSync(join(folder, 'rules.yaml'), RULES);
      const args = ['scan', `--kubelet.root-dir=${node}`, AT, '--output=json', ...more];
      const [built, source] = [dist(...args), run(join(ROOT, 'src/main.ts'), ...args)];
      const seen = ({ status, stdout, stderr }: typeof built) => {
        assert.equal(stderr, '');
        const { scannedAt: _, ...output } = JSON.parse(stdout) as { tokens: unknown[]; scannedAt: number };
        return { status, output };
      };
      assert.equal(seen(built).output.tokens.length, 15);
      assert.deepEqual(seen(built), seen(source));
    });
  }

  it('has the thread and foreign functions in files that are loaded only for --reads.watch', () => {
    const text = new Map(
      globSync('*.js', { cwd: join(folder, 'dist') }).map((name) => [
        name,
        readFileSync(join(folder, 'dist', name), 'utf8'),
      ]),
    );
    const holding = (pattern: RegExp) =>
      [...text].filter(([, code]) => pattern.test(code)).map(([name]) => name);
    const isOptional = (name: string): boolean => /^(?:reads-worker|watch-reads-\w+)\.js$/.test(name);
    assert.deepEqual(holding(/from\s*["']node:ffi["']/), ['reads-worker.js']);
    assert.deepEqual(
      holding(/from\s*["']node:worker_threads["']/).filter((name) => !isOptional(name)),
      [],
    );
    assert.deepEqual(holding(/from\s*["']\.\/watch-reads-/), []);
    assert.equal(holding(/import\(["']\.\/watch-reads-/).length, 1);
  });

  it('serves metrics and exits on SIGTERM', async () => {
    const args = ['serve', `--kubelet.root-dir=${node}`, '--web.listen-address=127.0.0.1:0'];
    const server = await startNode([join(folder, 'dist/main.js'), ...args], { cwd: folder });
    const response = await fetch(`${server.url}/metrics`);
    assert.match(
      await response.text(),
      new RegExp(`satoken_exporter_build_info{version="${manifest.version}"`),
    );
    assert.equal(await server.stop(), 0);
  });

  it('prints no part of a token', () => {
    const parts = readdirSync(node, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .filter((text) => text.startsWith('eyJ'))
      .flatMap((token) => token.trim().split('.'));
    assert.ok(parts.length >= 14 * 3);
    const args = [`--kubelet.root-dir=${node}`, AT];
    const runs = [
      dist('scan', ...args),
      dist('scan', ...args, '--output=json'),
      dist('explain', 'b-vault600', ...args),
    ];
    const printed = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    assert.deepEqual(
      parts.filter((part) => printed.includes(part)),
      [],
    );
  });

  it('contains no path of the machine that built it', () => {
    const text = globSync(join(folder, 'dist/*')).map((file) => readFileSync(file, 'utf8'));
    assert.ok(text.length > 1);
    assert.ok(text.every((one) => !one.includes(ROOT)));
  });

  it('includes the license of every package that the sources import', () => {
    const licenses = readFileSync(join(folder, 'dist/LICENSES.txt'), 'utf8');
    const sources = globSync(join(ROOT, 'src/**/*.ts')).map((file) => readFileSync(file, 'utf8'));
    const imported = Object.entries(manifest.dependencies).filter(([name]) =>
      sources.some((text) => text.includes(`'${name}`)),
    );
    assert.ok(imported.length > 0);
    const missing = imported.filter(([name, version]) => {
      return !new RegExp(`^${name} ${version} \\(.*\\)\n\n(.+\n)+`, 'm').test(licenses);
    });
    assert.deepEqual(missing, []);
  });
});
