/**
 * The OpenMetrics format, parsed by Python's prometheus_client, the strictest parser available.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'mocha';
import { METRICS } from '../../src/metrics/rows.ts';
import { exposition } from '../support/exposition.ts';
import { HOSTILE, troubledNode } from '../support/snapshots.ts';
import { describeWith } from '../support/tools.ts';

interface Parsed {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly (readonly [name: string, labels: Record<string, string>, value: string])[];
}

const PARSE = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(json.dumps([
    {'name': f.name, 'type': f.type, 'help': f.documentation,
     'samples': [[s.name, s.labels, repr(s.value)] for s in f.samples]}
    for f in parse(sys.stdin.read())
]))
`;

function parse(input: string): readonly Parsed[] {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', PARSE], { input, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as readonly Parsed[];
}

describeWith(
  ["Python's prometheus_client"],
  'the OpenMetrics exposition, parsed by prometheus_client',
  () => {
    it('has the name, type and HELP of every row', async () => {
      const families = parse(await exposition(troubledNode(), 'openmetrics'));
      assert.deepEqual(
        families.map(({ name, type, help }) => ({ name, type, help })),
        METRICS.map(({ name, type, help }) => {
          return { name: type === 'counter' ? name.replace(/_total$/, '') : name, type, help };
        }),
      );
    });

    it('has hostile label values unchanged', async () => {
      const families = parse(await exposition(troubledNode(), 'openmetrics'));
      const info = families.find(({ name }) => name === 'satoken_info');
      const labels = info?.samples.map(([, values]) => values).find(({ pod }) => pod === 'hostile');
      assert.deepEqual(
        [labels?.['path'], labels?.['issuer'], labels?.['audience']],
        [HOSTILE, HOSTILE, `${HOSTILE},vault`],
      );
    });

    it('is rejected if it is truncated', async () => {
      const text = await exposition(troubledNode(), 'openmetrics');
      const run = spawnSync('python3', ['-c', PARSE], {
        input: text.slice(0, -'# EOF\n'.length),
        encoding: 'utf8',
      });
      assert.match(run.stderr, /Missing # EOF/);
    });
  },
);
