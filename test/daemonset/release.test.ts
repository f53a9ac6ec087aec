/**
 * The workflow of a release: what CONTRIBUTING.md and docs/security.md promise about the image and the chart.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { INSTRUCTIONS, ROOT } from './image.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: string;
  readonly permissions: object;
  readonly uses?: string;
  readonly steps: readonly Step[];
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { on, env, jobs } = parse(read('.github/workflows/release.yml')) as {
  readonly on: object;
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<'gates' | 'image' | 'chart', Job>>;
};
const SECURITY = read('docs/security.md');

/** An expression of a workflow. */
function expression(name: string): string {
  return `\${{ ${name} }}`;
}

function using({ steps }: Job, action: string): readonly Step[] {
  return steps.filter(({ uses }) => uses?.startsWith(`${action}@`));
}

function running({ steps }: Job, command: string): Step {
  return steps.find(({ run }) => run?.includes(command)) ?? assert.fail(`no step runs ${command}`);
}

describe('a release', () => {
  it('starts with a tag and the gates', () => {
    assert.deepEqual(on, { push: { tags: ['v*'] } });
    assert.equal(jobs.gates.uses, './.github/workflows/ci.yml');
    assert.deepEqual([jobs.image.needs, jobs.chart.needs], ['gates', 'image']);
  });

  it('has the rights to write packages and attestations, and no others', () => {
    const rights = { contents: 'read', packages: 'write', 'id-token': 'write', attestations: 'write' };
    assert.deepEqual([jobs.image.permissions, jobs.chart.permissions], [rights, rights]);
  });

  it('ends if the tag is not the version of the sources', () => {
    const { run = '' } = jobs.image.steps.find(({ run: command }) => command?.startsWith('test ')) ?? {};
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const runWith = (tag: string) => () =>
      execFileSync('bash', ['-ec', run.replace('jq -r .version package.json', `echo ${version}`)], {
        env: { ...process.env, GITHUB_REF_NAME: tag },
      });
    assert.doesNotThrow(runWith(`v${version}`));
    assert.throws(runWith('v99.0.0'));
    assert.match(run, /jq -r \.version package\.json/);
  });

  it('publishes the image for both architectures under its version only', () => {
    const [push, ...others] = using(jobs.image, 'docker/build-push-action');
    assert.deepEqual(others, []);
    const { platforms, push: isPushed, provenance, sbom, 'build-args': args } = push?.with ?? {};
    assert.deepEqual([platforms, isPushed], ['linux/amd64,linux/arm64', true]);
    assert.deepEqual([provenance, sbom], ['mode=max', true]);
    const known = INSTRUCTIONS.filter(({ name }) => name === 'ARG').map(({ rest }) => rest.split('=')[0]);
    assert.ok(known.includes(String(args).split('=')[0]));
    const [meta] = using(jobs.image, 'docker/metadata-action');
    assert.deepEqual(
      [meta?.with?.['tags'], meta?.with?.['flavor']],
      ['type=semver,pattern={{version}}', 'latest=false'],
    );
  });

  for (const [name, artifact] of [
    ['image', '$IMAGE'],
    ['chart', '$CHARTS/sa-token-exporter'],
  ] as const) {
    it(`signs and attests the ${name} by its digest`, () => {
      const job = jobs[name];
      const sign = running(job, 'cosign sign');
      assert.equal(sign.run, `cosign sign --yes "${artifact}@$DIGEST"`);
      assert.equal(sign.env?.['DIGEST'], expression('steps.push.outputs.digest'));
      const [provenance] = using(job, 'actions/attest-build-provenance');
      assert.equal(provenance?.with?.['subject-digest'], expression('steps.push.outputs.digest'));
      assert.equal(provenance?.with?.['push-to-registry'], true);
    });
  }

  it('lets the chart name the image by its digest', () => {
    const { run, env: given } = running(jobs.chart, 'yq');
    assert.equal(given?.['DIGEST'], expression('needs.image.outputs.digest'));
    const [, path = ''] =
      /'\.(image\.digest) = strenv\(DIGEST\)' (?=daemonset\/chart\/values\.yaml$)/.exec(`${run}`) ?? [];
    const values = parse(read('daemonset/chart/values.yaml')) as { image: { digest: string } };
    assert.deepEqual([path, values.image.digest], ['image.digest', '']);
  });

  it('lists every package that the bundle is made of, and attests the list', () => {
    const { run = '' } = running(jobs.image, 'npm sbom');
    const [, command = '', file] = /^(.*) > (\S+)$/.exec(run) ?? [];
    assert.equal(using(jobs.image, 'actions/attest-sbom')[0]?.with?.['sbom-path'], file);
    const output = execFileSync('sh', ['-c', command], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
    const { components } = JSON.parse(output) as { components: readonly { name: string; group?: string }[] };
    const names = components.map(({ name }) => name);
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: object };
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !names.includes(name)),
      [],
    );
  });
});

describe('docs/security.md', () => {
  it('names the image, the chart and the workflow that signs them', () => {
    const repository = 'sa-token-exporter/sa-token-exporter';
    assert.equal(env['IMAGE'], `ghcr.io/${expression('github.repository')}`);
    assert.equal(env['CHARTS'], `ghcr.io/${expression('github.repository_owner')}/charts`);
    for (const text of [
      `ghcr.io/${repository}`,
      'ghcr.io/sa-token-exporter/charts/sa-token-exporter',
      `https://github.com/${repository}/.github/workflows/release.yml@refs/tags/v`,
    ])
      assert.ok(SECURITY.includes(text), text);
  });
});
