/**
 * Runs Helm on the chart.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { HELM } from '../../support/tools.ts';
import { ROOT } from '../image.ts';
import { type Manifest, parseManifests } from '../manifests.ts';

export const CHART = join(ROOT, 'daemonset/chart');

export interface Release {
  readonly name?: string;
  readonly namespace?: string;
  readonly chart?: string;
  readonly hasTest?: boolean;
}

/** Runs `helm template` or `helm lint` with values or a values file. */
export function helm(command: 'template' | 'lint', values: object | string, release: Release = {}) {
  const {
    name = 'sa-token-exporter',
    namespace = 'sa-token-exporter',
    chart = CHART,
    hasTest = false,
  } = release;
  const args = [
    ...(command === 'template'
      ? [command, name, ...(hasTest ? [] : ['--skip-tests'])]
      : [command, '--strict']),
    chart,
    `--namespace=${namespace}`,
    '--kube-version=1.36.0',
    `--values=${typeof values === 'string' ? values : '-'}`,
  ];
  return spawnSync(HELM, args, { encoding: 'utf8', input: JSON.stringify(values) });
}

/** Returns the output of Helm. Fails if Helm fails. */
export function helmOutput(...args: Parameters<typeof helm>): string {
  const { status, stdout, stderr } = helm(...args);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/** Renders the chart without its test. */
export function template(values: object | string = {}, release: Release = {}): readonly Manifest[] {
  return parseManifests(helmOutput('template', values, release));
}

/** Renders the test of the chart. */
export function templateTest(values: object | string = {}): readonly Manifest[] {
  return parseManifests(helmOutput('template', values, { hasTest: true })).filter(
    ({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'test',
  );
}
