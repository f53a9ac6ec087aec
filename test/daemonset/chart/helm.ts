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

/** Runs `helm template` or `helm lint` with values or a values file. */
export function helm(command: 'template' | 'lint', values: object | string) {
  const args = [
    ...(command === 'template' ? [command, 'sa-token-exporter'] : [command, '--strict']),
    CHART,
    '--namespace=sa-token-exporter',
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

export function template(values: object | string = {}): readonly Manifest[] {
  return parseManifests(helmOutput('template', values));
}
