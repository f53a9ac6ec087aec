/**
 * The complete output of the chart for each values file in daemonset/chart/ci.
 */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'mocha';
import { assertGolden } from '../../support/generated.ts';
import { describeWith } from '../../support/tools.ts';
import { assertAgreement } from '../agreement.ts';
import { assertValid } from '../validation.ts';
import { CHART, helmOutput, template } from './helm.ts';

const FILES: readonly string[] = globSync('ci/*-values.yaml', { cwd: CHART })
  .map((file) => join(CHART, file))
  .sort();

describeWith(['helm (.ci/helm)'], 'the chart', () => {
  it('is tested with several values files', () => assert.ok(FILES.length > 4));

  for (const file of FILES) {
    const name = basename(file, '-values.yaml');

    it(`renders ${name} as in the golden file`, () =>
      assertGolden(`chart/${name}.yaml`, helmOutput('template', file)));

    it(`renders ${name} with ports, probes, files and permissions that match its options`, () =>
      assertAgreement(template(file)));

    it(`passes helm lint --strict with ${name}`, () => {
      assert.match(helmOutput('lint', file), /0 chart\(s\) failed/);
    });
  }

  it('renders valid objects with every values file', async () => {
    await assertValid(FILES.flatMap((file) => template(file)));
  });
});
