/**
 * The workflow of a release: what CONTRIBUTING.md and docs/security.md promise about the image and the chart.
 */
import assert from 'node:assert/strict';
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

  it('ends if the tag is not the version of the sources, before anything is built', () => {
    const steps = jobs.image.steps.map(({ run, uses }) => run ?? uses ?? '');
    const check = steps.indexOf('.ci/release check "$GITHUB_REF_NAME"');
    assert.ok(check >= 0);
    assert.ok(steps.slice(0, check).every((step) => step.startsWith('actions/checkout@')));
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
    const { run, env: given } = running(jobs.chart, '.ci/release chart');
    assert.equal(given?.['IMAGE_DIGEST'], expression('needs.image.outputs.digest'));
    assert.match(`${run}`, /^archive=\$\(\.ci\/release chart "\$IMAGE" "\$IMAGE_DIGEST" \.\)$/m);
  });

  it('attests the digest that the push of the chart prints', () => {
    const push = running(jobs.chart, '.ci/release push');
    assert.match(
      `${push.run}`,
      /^digest=\$\(\.ci\/release push "\$archive" "\$CHARTS"\)\necho "digest=\$digest" >> "\$GITHUB_OUTPUT"$/m,
    );
    assert.equal((push as { readonly id?: string }).id, 'push');
  });

  it('attests the list of packages that it writes', () => {
    const { run = '' } = running(jobs.image, '.ci/release sbom');
    assert.equal(using(jobs.image, 'actions/attest-sbom')[0]?.with?.['sbom-path'], run.split(' ').at(-1));
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
