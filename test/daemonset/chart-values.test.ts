/**
 * The chart with values as people have them: what comes of each file in daemonset/chart/ci, to the last line.
 */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'mocha';
import { assertGolden } from '../support/golden.ts';
import { describeWith } from '../support/tools.ts';
import { assertAgreement } from './agreement.ts';
import { CHART, helmOutput, template } from './helm.ts';
import { assertValid } from './validation.ts';

const FILES: readonly string[] = globSync('ci/*-values.yaml', { cwd: CHART })
  .map((file) => join(CHART, file))
  .sort();

describeWith(['helm (.ci/helm)'], 'the chart with values of a file', () => {
  it('has some to be tried with', () => assert.ok(FILES.length > 4));

  for (const file of FILES) {
    const name = basename(file, '-values.yaml');

    it(`renders ${name} as before`, () => assertGolden(`chart/${name}.yaml`, helmOutput('template', file)));

    it(`renders ${name} with ports, probes, files and permissions that fit its options`, () =>
      assertAgreement(template(file)));

    it(`passes helm lint with ${name}, strictly`, () => {
      assert.match(helmOutput('lint', file), /0 chart\(s\) failed/);
    });
  }

  it('renders what Kubernetes takes with each', async () => {
    await assertValid(FILES.flatMap(template));
  });
});
