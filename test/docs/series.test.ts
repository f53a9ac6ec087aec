/**
 * The numbers of series in docs/operations.md.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { CLUSTER_RESOURCES } from '../../src/core/cluster-facts.ts';
import { createExporterMetrics } from '../../src/metrics/exporter-metrics.ts';
import { createListFamilies, type FamilyOptions } from '../../src/metrics/families.ts';
import { clusterAround } from '../support/cluster.ts';
import { BUILD, familyOptions, printed } from '../support/exposition.ts';
import { snapshot } from '../support/snapshots.ts';
import { token } from '../support/tokens.ts';

const TEXT = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** The numbers in a row of a table. */
function row(title: string): readonly number[] {
  const line = TEXT.split('\n').find((text) => text.startsWith(`| ${title} |`)) ?? '';
  return line
    .split('|')
    .slice(2, -1)
    .map((cell) => Number(cell.replaceAll(/[,\s]/g, '')));
}

const RESOURCES = new Map(CLUSTER_RESOURCES.map((resource) => [resource, { isUp: true }] as const));

/** Number of series of an exporter that has counted nothing, on a node with healthy tokens. */
async function countSeries(tokenCount: number, options: FamilyOptions, isInCluster = false): Promise<number> {
  const volumes = Array.from({ length: tokenCount }, (_, index) => `volume-${index}`);
  const tokens = volumes.map((volume) => token({ identity: { volume } }));
  const facts = isInCluster ? { cluster: clusterAround(token(), { resources: RESOURCES }) } : {};
  const metrics = createExporterMetrics({ node: 'node-1', build: BUILD, onError: assert.ifError });
  const families = [
    ...createListFamilies(options)(snapshot({ tokens, facts })),
    ...(await metrics.families()),
  ];
  return printed(families, 'text')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')).length;
}

/** The columns of the table, in its order. */
const COLUMNS = [
  { it: 'by default', options: familyOptions() },
  { it: 'without relative series', options: familyOptions({ isRelativeShown: false }) },
  { it: 'with problems', options: familyOptions({ perToken: 'problems' }) },
  { it: 'with none', options: familyOptions({ perToken: 'none' }) },
];
const PER_TOKEN = row('series per healthy token');
const PER_NODE = row('series per node');
const IN_CLUSTER = row('the same, with the API server');

/** To two digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

describe('docs/operations.md', () => {
  for (const [index, { it: title, options }] of COLUMNS.entries()) {
    it(`has the number of series of a healthy token ${title}`, async () => {
      assert.equal((await countSeries(2, options)) - (await countSeries(1, options)), PER_TOKEN[index]);
    });

    // The metrics of the process depend on the platform, and some exist only after their event.
    for (const [where, documented] of [
      ['', PER_NODE[index] ?? 0],
      [' with the API server', IN_CLUSTER[index] ?? 0],
    ] as const)
      it(`has the number of series of a node ${title}${where}, within a tenth`, async () => {
        const actual = (await countSeries(1, options, where !== '')) - (PER_TOKEN[index] ?? 0);
        assert.ok(Math.abs(actual - documented) <= documented / 10, `${actual}`);
      });
  }

  for (const nodes of [10, 100, 1_000, 10_000]) {
    it(`has the number of series of ${nodes} nodes with 40 tokens each`, () => {
      const expected = PER_TOKEN.slice(0, 3).map((perToken, index) =>
        rounded(nodes * (40 * perToken + (IN_CLUSTER[index] ?? 0))),
      );
      assert.deepEqual(row(nodes.toLocaleString('en-US')), expected);
    });
  }
});
