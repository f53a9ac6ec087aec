/**
 * The workflows: minimal permissions, and publishing only from a tag.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { accessSync, constants, globSync, readFileSync } from 'node:fs';
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
  readonly if?: string;
  readonly container?: { readonly image: string };
  readonly permissions: Readonly<Record<string, string>>;
  readonly 'timeout-minutes': number;
  readonly steps: readonly Step[];
}

interface Workflow<Jobs extends string> {
  readonly on: Readonly<Record<string, { readonly branches?: readonly string[] } | null>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<Jobs, Job>>;
}

function readWorkflow<Jobs extends string>(file: string): Workflow<Jobs> {
  return parse(readFileSync(join(ROOT, '.github/workflows', file), 'utf8')) as Workflow<Jobs>;
}

const WORKFLOWS = globSync('*.yml', { cwd: join(ROOT, '.github/workflows') }).sort();

describe('the workflows', () => {
  it('are one for the gates and one for the image', () =>
    assert.deepEqual(WORKFLOWS, ['ci.yml', 'image.yml']));
});

for (const file of WORKFLOWS) {
  describe(`the workflow ${file}`, () => {
    const { permissions, jobs } = readWorkflow<string>(file);
    const steps = Object.values(jobs).flatMap((job) => job.steps);

    it('grants only what a job names', () => {
      assert.deepEqual(permissions, {});
      for (const job of Object.values(jobs)) assert.equal(job.permissions['contents'], 'read');
    });

    it('ends each job that hangs', () => {
      for (const job of Object.values(jobs)) assert.ok(job['timeout-minutes'] <= 60);
    });

    it('leaves no credentials behind and names a version of each action', () => {
      const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
      assert.ok(used.length > 0);
      assert.ok(used.every((one) => /^[\w-]+\/[\w-]+@(?:v\d+|[0-9a-f]{40})$/.test(one)));
      const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
      assert.ok(
        checkouts.length > 0 && checkouts.every((step) => step.with?.['persist-credentials'] === false),
      );
    });

    it('expands no expression in a shell command', () => {
      assert.ok(steps.every(({ run }) => !run?.includes('${{')));
    });
  });
}

describe('the workflow of the gates', () => {
  const { on, jobs } = readWorkflow<'check'>('ci.yml');

  it('runs on pull requests and on main', () => {
    assert.deepEqual(Object.keys(on).sort(), ['pull_request', 'push']);
    assert.deepEqual(on['push'], { branches: ['main'] });
  });

  it('has no rights beyond reading the sources', () => {
    assert.deepEqual(jobs.check.permissions, { contents: 'read' });
  });

  it('ends with .ci/run, which is executable', () => {
    assert.equal(jobs.check.steps.at(-1)?.run, '.ci/run');
    accessSync(join(ROOT, '.ci/run'), constants.X_OK);
  });

  it('runs on the Debian that .ci/run is written for, with the major version of Node that the image has', () => {
    const [, node = 'none'] =
      /^docker\.io\/library\/node:(\d+)-bookworm$/.exec(jobs.check.container?.image ?? '') ?? [];
    const builder = INSTRUCTIONS.find(({ name, rest }) => name === 'ARG' && rest.startsWith('BUILDER='));
    assert.ok(builder?.rest.includes(`node:${node}.`), `${builder?.rest}`);
  });

  it('brings the Go that .ci/helm builds with', () => {
    assert.ok(jobs.check.steps.some(({ uses }) => uses?.startsWith('actions/setup-go@')));
    assert.match(readFileSync(join(ROOT, '.ci/helm'), 'utf8'), /go install/);
  });
});

describe('the workflow of the image', () => {
  const { jobs } = readWorkflow<'build' | 'publish'>('image.yml');
  const steps = [...jobs.build.steps, ...jobs.publish.steps];
  const builds = steps.filter(({ uses }) => uses?.startsWith('docker/build-push-action@'));

  it('can write packages and attestations only where it publishes', () => {
    assert.deepEqual(jobs.build.permissions, { contents: 'read' });
    assert.deepEqual(jobs.publish.permissions, {
      contents: 'read',
      packages: 'write',
      'id-token': 'write',
      attestations: 'write',
    });
  });

  it('publishes only from a tag', () => {
    assert.equal(jobs.publish.if, "github.ref_type == 'tag'");
    assert.ok(jobs.build.steps.every((step) => step.with?.['push'] !== true));
  });

  it('builds for both architectures, with arguments that the Dockerfile has', () => {
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
