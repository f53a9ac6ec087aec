/**
 * The workflows: well-formed, with minimal permissions and actions of known content, and publishing only from a tag.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { ACTIONLINT, describeWith } from '../support/tools.ts';
import { INSTRUCTIONS, ROOT } from './image.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | boolean | number>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: string;
  readonly container?: { readonly image: string };
  readonly permissions: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  /** Another workflow, instead of steps. */
  readonly uses?: string;
  readonly steps?: readonly Step[];
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
  it('are for the gates, the image of a pull request, releases and scans', () =>
    assert.deepEqual(WORKFLOWS, ['ci.yml', 'image.yml', 'release.yml', 'scan.yml']));
});

describe('the job that runs every gate', () => {
  it('leaves .ci/run the time to say which test was running', () => {
    const { check } = readWorkflow<'check'>('ci.yml').jobs;
    const limit = check.steps?.find(({ run }) => run === '.ci/run')?.env?.['TEST_LIMIT'] ?? '';
    assert.match(
      readFileSync(join(ROOT, '.ci/run'), 'utf8'),
      /\btimeout --signal=KILL "\$\{TEST_LIMIT:-60m\}" \S+\/c8 \.ci\/tests /,
    );
    assert.ok(Number(check['timeout-minutes']) >= Number(/^(\d+)m$/.exec(limit)?.[1]) + 20);
  });
});

describeWith(['actionlint (.ci/actionlint)', 'shellcheck'], 'actionlint', () => {
  it('finds no mistake in the workflows and in their shell steps', () => {
    const flags = ['-shellcheck=shellcheck', '-pyflakes=', '-no-color'];
    const { status, stdout } = spawnSync(ACTIONLINT, flags, { cwd: ROOT, encoding: 'utf8' });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
  });
});

describeWith(['shellcheck'], 'shellcheck', () => {
  it('finds no mistake in the scripts of CI', () => {
    const scripts = globSync('.ci/*', { cwd: ROOT }).filter((file) =>
      readFileSync(join(ROOT, file), 'utf8').startsWith('#!'),
    );
    assert.ok(scripts.includes('.ci/run'));
    const { status, stdout } = spawnSync('shellcheck', scripts, { cwd: ROOT, encoding: 'utf8' });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
  });
});

for (const file of WORKFLOWS) {
  describe(`the workflow ${file}`, () => {
    const { permissions, jobs } = readWorkflow<string>(file);
    const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

    it('grants only what a job names', () => {
      assert.deepEqual(permissions, {});
      for (const job of Object.values(jobs)) assert.equal(job.permissions['contents'], 'read');
    });

    it('ends each job that hangs', () => {
      for (const job of Object.values(jobs).filter(({ uses }) => uses === undefined))
        assert.ok(Number(job['timeout-minutes']) <= 60);
    });

    it('names the commit of each action, and its version', () => {
      const text = readFileSync(join(ROOT, '.github/workflows', file), 'utf8');
      const used = [...text.matchAll(/uses: (.*)/g)].map(([, one = '']) => one);
      assert.ok(used.length > 0);
      const isPinned = (one: string) => /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+(?:\.\d+)*$/.test(one);
      const isOwn = (one: string) => one === './.github/workflows/ci.yml';
      assert.deepEqual(
        used.filter((one) => !isPinned(one) && !isOwn(one)),
        [],
      );
    });

    it('leaves no credentials behind', () => {
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

it('uses one commit of each action in all workflows', () => {
  const files = WORKFLOWS.map((file) => readFileSync(join(ROOT, '.github/workflows', file), 'utf8'));
  const used = new Set(files.flatMap((text) => [...text.matchAll(/uses: (\S+@\S+)/g)].map(([, one]) => one)));
  assert.equal(new Set([...used].map((one) => one?.split('@')[0])).size, used.size);
});

describe('the workflow of the gates', () => {
  const { on, jobs } = readWorkflow<'check'>('ci.yml');

  it('runs on pull requests, on main and before a release', () => {
    assert.deepEqual(Object.keys(on).sort(), ['pull_request', 'push', 'workflow_call']);
    assert.deepEqual(on['push'], { branches: ['main'] });
  });

  it('has no rights beyond reading the sources', () => {
    assert.deepEqual(jobs.check.permissions, { contents: 'read' });
  });

  it('ends with .ci/run, which is executable', () => {
    assert.equal(jobs.check.steps?.at(-1)?.run, '.ci/run');
    accessSync(join(ROOT, '.ci/run'), constants.X_OK);
  });

  it('runs on the Debian that .ci/run is written for, with the major version of Node that the image has', () => {
    const [, node = 'none'] =
      /^docker\.io\/library\/node:(\d+)-bookworm(?:@sha256:[0-9a-f]{64})?$/.exec(
        jobs.check.container?.image ?? '',
      ) ?? [];
    const builder = INSTRUCTIONS.find(({ name, rest }) => name === 'ARG' && rest.startsWith('BUILDER='));
    assert.ok(builder?.rest.includes(`node:${node}.`), `${builder?.rest}`);
  });

  it('brings the Go that .ci/go-install builds with', () => {
    assert.ok(jobs.check.steps?.some(({ uses }) => uses?.startsWith('actions/setup-go@')));
    assert.match(readFileSync(join(ROOT, '.ci/go-install'), 'utf8'), /go install/);
  });
});

describe('the workflow of the image', () => {
  const { on, jobs } = readWorkflow<'build'>('image.yml');

  it('publishes nothing', () => {
    assert.deepEqual(Object.keys(on), ['pull_request']);
    assert.deepEqual(jobs.build.permissions, { contents: 'read' });
    assert.ok(jobs.build.steps?.every((step) => step.with?.['push'] === undefined));
  });

  it('builds as the release does', () => {
    const release = readWorkflow<'image'>('release.yml').jobs.image;
    const [built, released] = [jobs.build, release].map(
      (job) => job.steps?.find(({ uses }) => uses?.startsWith('docker/build-push-action@'))?.with ?? {},
    );
    for (const key of ['context', 'platforms', 'build-args']) assert.equal(built?.[key], released?.[key]);
  });
});
