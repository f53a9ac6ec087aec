/**
 * The whole release on a copy of the project: everything but the push, and the push of the chart to a local registry.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, it } from 'mocha';
import { describeWith, HELM } from '../support/tools.ts';
import { ROOT } from './image.ts';
import { daemonSetOf, parseManifests } from './manifests.ts';
import { digestOf, type Registry, startRegistry } from './registry.ts';

const { version, dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Readonly<Record<string, string>>;
};
const IMAGE = 'ghcr.io/sa-token-exporter/sa-token-exporter';
const DIGEST = `sha256:${'0123'.repeat(16)}`;
const UNRELEASED = /^## Unreleased$/m;

/** The tracked files of the working tree, with a changelog whose first section is that of the version. */
function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-release-'));
  const kept = ['.ci', 'daemonset/chart', '.dockerignore', '.npmrc', 'CHANGELOG.md', 'package-lock.json'];
  const built = [...readFileSync(join(ROOT, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm)];
  for (const name of new Set([...kept, ...built.map(([, path = '']) => path)]))
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  writeFileSync(join(folder, 'CHANGELOG.md'), changelog.replace(UNRELEASED, `## ${version} / 2026-12-01`));
  return folder;
}

/** Helm keeps what it pulls in folders of the user. */
function environmentOf(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${dirname(HELM)}:${process.env['PATH']}`, HELM_CACHE_HOME: folder };
}

describeWith(['helm (.ci/helm)'], 'a release, without a push', () => {
  let project: string;
  const release = (...args: readonly string[]) =>
    spawnSync(join(project, '.ci/release'), args, {
      cwd: project,
      encoding: 'utf8',
      env: environmentOf(project),
    });

  before(() => {
    project = copyProject();
  });
  after(() => rmSync(project, { recursive: true }));

  it('runs every step of the workflow', () => {
    const workflow = readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8');
    const steps = [...workflow.matchAll(/\.ci\/release ([\w-]+)/g)].map(([, step]) => step);
    assert.deepEqual(steps, ['check', 'sbom', 'chart', 'push']);
    const { status, stdout, stderr } = release('dry-run', 'out');
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `out/sa-token-exporter-${version}.tgz\n`);
  });

  it('lists the files that the image is built of, with their checksums', () => {
    const lines = readFileSync(join(project, 'out/context.txt'), 'utf8').trimEnd().split('\n');
    const files = lines.map((line) => line.replace(/^[0-9a-f]{64} {2}/, ''));
    for (const name of ['src/main.ts', 'simulator/kubelet.ts', 'package-lock.json', 'LICENSE', 'build.ts'])
      assert.ok(files.includes(name), name);
    assert.deepEqual(
      files.filter((name) => /node_modules|\.git\/|^test\/|^docs\//.test(name)),
      [],
    );
    for (const line of lines) {
      const [checksum, name = ''] = line.split('  ');
      assert.equal(digestOf(readFileSync(join(project, name))), `sha256:${checksum}`);
    }
  });

  it('lists the packages of the bundle', () => {
    const { components } = JSON.parse(readFileSync(join(project, 'out/sbom.json'), 'utf8')) as {
      components: readonly { readonly name: string; readonly version: string }[];
    };
    for (const [name, wanted] of Object.entries(dependencies))
      assert.ok(
        components.some((one) => one.name === name && one.version === wanted),
        name,
      );
  });

  it('packages a chart that names the image by its digest, with its schema and without the values of CI', () => {
    const { status, stdout, stderr } = release('chart', IMAGE, DIGEST, 'out');
    assert.equal(status, 0, stderr);
    const archive = join(project, stdout.trimEnd());
    const rendered = execFileSync(HELM, ['template', 'x', archive, '--kube-version=1.33'], {
      encoding: 'utf8',
    });
    const { image } = daemonSetOf(parseManifests(rendered)).spec.template.spec.containers[0];
    assert.equal(image, `${IMAGE}@${DIGEST}`);
    const names = execFileSync('tar', ['tzf', archive], { encoding: 'utf8' });
    assert.match(names, /^sa-token-exporter\/values\.schema\.json$/m);
    assert.match(names, /^sa-token-exporter\/files\/dashboards\/satoken-fleet\.json$/m);
    assert.doesNotMatch(names, /\/ci\//);
    assert.match(readFileSync(join(project, 'daemonset/chart/values.yaml'), 'utf8'), /^ {2}digest: ""$/m);
  });

  for (const { it: title, tag = `v${version}`, file = 'CHANGELOG.md', from, to = '', message } of [
    { it: 'the tag is another version', tag: 'v99.0.0', message: `the tag v99.0.0 is not v${version}` },
    {
      it: 'the chart has another version',
      file: 'daemonset/chart/Chart.yaml',
      from: /^appVersion: .*/m,
      to: 'appVersion: 99.0.0',
      message: `appVersion in Chart.yaml is not ${version}`,
    },
    {
      it: 'the changelog has no section for the version',
      from: /^## /m,
      to: '## Unreleased\n\n## ',
      message: `the first section of CHANGELOG.md is 'Unreleased'; rename it to '${version} / YYYY-MM-DD'`,
    },
  ])
    it(`ends if ${title}`, () => {
      const path = join(project, file);
      const original = readFileSync(path, 'utf8');
      if (from !== undefined) writeFileSync(path, original.replace(from, to));
      const { status, stderr } = release('check', tag);
      writeFileSync(path, original);
      assert.equal(status, 1);
      assert.ok(stderr.includes(message), stderr);
      assert.equal(release('check', `v${version}`).status, 0);
    });

  it('ends without a digest, so that no chart names an image by its tag', () => {
    const { status, stderr } = release('chart', IMAGE, '', 'out');
    assert.equal(status, 1);
    assert.match(stderr, /'' is not a digest/);
  });
});

describeWith(['helm (.ci/helm)'], 'the push of a release', () => {
  const run = promisify(execFile);
  let project: string;
  let registry: Registry;

  before(async () => {
    project = copyProject();
    registry = await startRegistry();
  });
  after(async () => {
    await registry.close();
    rmSync(project, { recursive: true });
  });

  const release = (...args: readonly string[]) =>
    run(join(project, '.ci/release'), args, { cwd: project, env: environmentOf(project) });

  it('prints the digest that is signed and attested, under which the chart can be installed', async () => {
    const { stdout: archive } = await release('dry-run', 'out');
    const repository = `${registry.host}/charts`;
    const { stdout } = await release('push', archive.trimEnd(), repository, '--plain-http');
    const pushed = registry.manifest(`charts/sa-token-exporter:${version}`) ?? assert.fail('no manifest');
    assert.equal(stdout, `${digestOf(pushed)}\n`);
    const chart = `oci://${repository}/sa-token-exporter@${stdout.trimEnd()}`;
    const { stdout: rendered } = await run(
      HELM,
      ['template', 'x', chart, '--plain-http', '--kube-version=1.33'],
      { env: environmentOf(project) },
    );
    const { image } = daemonSetOf(parseManifests(rendered)).spec.template.spec.containers[0];
    assert.match(image, new RegExp(`^${IMAGE}@sha256:[0-9a-f]{64}$`));
  });

  it('fails if the registry cannot be reached', async () => {
    const { stdout: archive } = await release('dry-run', 'out');
    await assert.rejects(release('push', archive.trimEnd(), '127.0.0.1:1/charts', '--plain-http'), {
      code: 1,
      message: /connection refused/,
    });
  });
});
