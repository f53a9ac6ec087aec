/**
 * The workflow that publishes the image: only from a tag, with no more rights than each job needs.
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
}

interface Job {
  readonly if: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly 'timeout-minutes': number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions: object;
  readonly jobs: { readonly build: Job; readonly publish: Job };
}

const { permissions, jobs } = parse(
  readFileSync(join(ROOT, '.github/workflows/image.yml'), 'utf8'),
) as Workflow;
const steps = [...jobs.build.steps, ...jobs.publish.steps];
const builds = steps.filter(({ uses }) => uses?.startsWith('docker/build-push-action@'));

describe('the workflow of the image', () => {
  it('grants nothing but what a job names', () => {
    assert.deepEqual(permissions, {});
    assert.deepEqual(jobs.build.permissions, { contents: 'read' });
    assert.deepEqual(jobs.publish.permissions, {
      contents: 'read',
      packages: 'write',
      'id-token': 'write',
      attestations: 'write',
    });
  });

  it('publishes from a tag alone', () => {
    assert.equal(jobs.publish.if, "github.ref_type == 'tag'");
    assert.ok(jobs.build.steps.every((step) => step.with?.['push'] !== true));
  });

  it('leaves no credentials behind and names a version of each action', () => {
    const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    assert.ok(used.every((one) => /^[\w-]+\/[\w-]+@(?:v\d+|[0-9a-f]{40})$/.test(one)));
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    assert.ok(
      checkouts.length > 0 && checkouts.every((step) => step.with?.['persist-credentials'] === false),
    );
  });

  it('puts nothing that others write into a shell', () => {
    assert.ok(steps.every(({ run }) => !run?.includes('${{')));
  });

  it('builds for both kinds of machines, with arguments that the Dockerfile has', () => {
    const known = INSTRUCTIONS.filter(({ name }) => name === 'ARG').map(({ rest }) => rest.split('=')[0]);
    assert.equal(builds.length, 2);
    for (const { with: given = {} } of builds) {
      assert.equal(given['platforms'], 'linux/amd64,linux/arm64');
      assert.ok(known.includes(String(given['build-args']).split('=')[0]));
    }
  });

  it('lists every package that the bundle is made of', () => {
    const command = steps.find(({ run }) => run?.startsWith('npm sbom'))?.run?.replace(/ > \S+$/, '') ?? '';
    const output = execFileSync('sh', ['-c', command], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
    const { components } = JSON.parse(output) as { components: readonly { name: string; group?: string }[] };
    const names = components.map(({ name }) => name);
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: object;
    };
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !names.includes(name)),
      [],
    );
  });
});
