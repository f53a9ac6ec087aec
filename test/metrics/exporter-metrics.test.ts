/**
 * Metrics of the exporter itself, and scrapes in which some of them cannot be read.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CLUSTER_RESOURCES } from '../../src/core/cluster-facts.ts';
import { READ_FAILURES } from '../../src/core/observation.ts';
import { createExporterMetrics, type ExporterMetrics } from '../../src/metrics/exporter-metrics.ts';
import {
  type CounterRow,
  EXPORTER,
  EXPORTER_METRICS,
  PARTS,
  REJECTION_CODES,
} from '../../src/metrics/exporter-rows.ts';
import { createListFamilies } from '../../src/metrics/families.ts';
import type { Metric } from '../../src/metrics/metric.ts';
import { createScrape } from '../../src/metrics/scrape.ts';
import { WATCH_FAILURES } from '../../src/sources/files/watch.ts';
import { LOSSES } from '../../src/sources/reads/protocol.ts';
import { REJECTION_STATUSES } from '../../src/web/auth/guard.ts';
import { BUILD, exporterMetrics, familyOptions } from '../support/exposition.ts';
import { snapshot } from '../support/snapshots.ts';

function create(): ExporterMetrics {
  return createExporterMetrics({
    node: 'n',
    build: BUILD,
    onError: (error) => assert.fail(String(error)),
  });
}

type Series = Readonly<Record<string, number>>;

/** The values of one metric by the text of its series. */
async function seriesOf(metrics: ExporterMetrics, { name }: Pick<Metric, 'name'>): Promise<Series> {
  const family = (await metrics.families()).find(({ metric }) => metric.name === name);
  assert.ok(family, name);
  return Object.fromEntries(
    [...family.samples].map(({ labels, value, suffix = '' }) => [`${suffix}{${labels}}`, value]),
  );
}

function zeros(label: string, values: readonly string[]): Series {
  return Object.fromEntries(values.map((value) => [`{node="n",${label}="${value}"}`, 0]));
}

describe('metrics of the exporter', () => {
  it('start with every known label value at 0', async () => {
    const metrics = create();
    assert.deepEqual(await seriesOf(metrics, EXPORTER.rotations), { '{node="n"}': 0 });
    assert.deepEqual(await seriesOf(metrics, EXPORTER.readErrors), zeros('reason', READ_FAILURES));
    assert.deepEqual(await seriesOf(metrics, EXPORTER.watchErrors), zeros('reason', WATCH_FAILURES));
    assert.deepEqual(await seriesOf(metrics, EXPORTER.exporterErrors), zeros('part', PARTS));
    assert.deepEqual(await seriesOf(metrics, EXPORTER.webRejections), zeros('code', REJECTION_CODES));
    assert.equal((await seriesOf(metrics, EXPORTER.rotationLag))['_count{node="n"}'], 0);
  });

  it('have no series of a part that is off by default, until it begins', async () => {
    const metrics = create();
    assert.deepEqual(await seriesOf(metrics, EXPORTER.readsErrors), {});
    assert.deepEqual(await seriesOf(metrics, EXPORTER.readsBlindTime), {});
    metrics.begin(EXPORTER.readsErrors);
    metrics.begin(EXPORTER.readsBlindTime);
    assert.deepEqual(await seriesOf(metrics, EXPORTER.readsErrors), zeros('reason', LOSSES));
    assert.equal((await seriesOf(metrics, EXPORTER.readsBlindTime))['_count{node="n"}'], 0);
  });

  it('start with each resource of the API server and its successful status at 0', async () => {
    assert.deepEqual(await seriesOf(create(), EXPORTER.apiRequests), {
      '{node="n",resource="pods",code="200"}': 0,
      '{node="n",resource="serviceaccounts",code="200"}': 0,
      '{node="n",resource="keys",code="200"}': 0,
      '{node="n",resource="events",code="200"}': 0,
      '{node="n",resource="persistentvolumeclaims",code="200"}': 0,
      '{node="n",resource="tokenreviews",code="201"}': 0,
      '{node="n",resource="subjectaccessreviews",code="201"}': 0,
    });
    assert.deepEqual(CLUSTER_RESOURCES, ['pods', 'serviceaccounts', 'keys', 'events', 'tokenreviews']);
  });

  it('start with every status that a guard rejects requests with', () => {
    assert.deepEqual(REJECTION_STATUSES.map(String), REJECTION_CODES);
  });

  it('count rotations and observe their lag', async () => {
    const metrics = create();
    for (const lag of [0, 100]) metrics.observe(EXPORTER.rotationLag, lag);
    for (let rotations = 0; rotations < 3; rotations += 1) metrics.inc(EXPORTER.rotations);
    assert.deepEqual(await seriesOf(metrics, EXPORTER.rotations), { '{node="n"}': 3 });
    const lag = await seriesOf(metrics, EXPORTER.rotationLag);
    assert.deepEqual(
      ['le="0.0"', 'le="60.0"', 'le="100.0"', 'le="+Inf"'].map((le) => lag[`_bucket{${le},node="n"}`]),
      [1, 1, 2, 2],
    );
    assert.equal(lag['_sum{node="n"}'], 100);
  });

  it('count failures by reason and by part', async () => {
    const metrics = create();
    metrics.inc(EXPORTER.readErrors, { reason: 'vanished' });
    metrics.inc(EXPORTER.watchErrors, { reason: 'other' });
    metrics.inc(EXPORTER.exporterErrors, { part: 'pass' });
    assert.equal((await seriesOf(metrics, EXPORTER.readErrors))['{node="n",reason="vanished"}'], 1);
    assert.equal((await seriesOf(metrics, EXPORTER.watchErrors))['{node="n",reason="other"}'], 1);
    assert.equal((await seriesOf(metrics, EXPORTER.exporterErrors))['{node="n",part="pass"}'], 1);
  });

  it('count rejected requests by status', async () => {
    const metrics = create();
    metrics.inc(EXPORTER.webRejections, { code: '401' });
    metrics.inc(EXPORTER.webRejections, { code: '401' });
    assert.deepEqual(await seriesOf(metrics, EXPORTER.webRejections), {
      '{node="n",code="401"}': 2,
      '{node="n",code="403"}': 0,
      '{node="n",code="421"}': 0,
      '{node="n",code="429"}': 0,
      '{node="n",code="500"}': 0,
      '{node="n",code="503"}': 0,
    });
  });

  it('print a label value that looks like a number as it is', async () => {
    const metrics = create();
    metrics.inc(EXPORTER.apiRequests, { resource: 'pods', code: '500' });
    assert.equal((await seriesOf(metrics, EXPORTER.apiRequests))['{node="n",resource="pods",code="500"}'], 1);
  });

  it('print labels in the order of the row', async () => {
    const metrics = create();
    metrics.inc(EXPORTER.apiRequests, { code: 'timeout', resource: 'keys' });
    const series = await seriesOf(metrics, EXPORTER.apiRequests);
    assert.equal(series['{node="n",resource="keys",code="timeout"}'], 1);
  });

  it('include the version that is running', async () => {
    assert.deepEqual(await seriesOf(create(), { name: 'satoken_exporter_build_info' }), {
      '{version="1.2.3",revision="abc1234",node_version="v26.0.0"}': 1,
    });
  });

  it('have no series for a gauge until it is set, and its last value from then on', async () => {
    const metrics = create();
    const series = async () => [
      await seriesOf(metrics, EXPORTER.webConfigReloadSuccessful),
      await seriesOf(metrics, EXPORTER.webConfigReloadTime),
    ];
    assert.deepEqual(await series(), [{}, {}]);
    metrics.set(EXPORTER.webConfigReloadSuccessful, 1);
    metrics.set(EXPORTER.webConfigReloadTime, 7);
    assert.deepEqual(await series(), [{ '{node="n"}': 1 }, { '{node="n"}': 7 }]);
    metrics.set(EXPORTER.webConfigReloadSuccessful, 0);
    assert.deepEqual(await series(), [{ '{node="n"}': 0 }, { '{node="n"}': 7 }]);
  });

  it('fill every row of the table, in its order', async () => {
    const families = await exporterMetrics().families();
    assert.deepEqual(
      families.map(({ metric }) => metric.name),
      EXPORTER_METRICS.map(({ name }) => name),
    );
    for (const { metric, samples } of families) assert.ok([...samples].length > 0, metric.name);
  });

  it('do not compile with a wrong label, value or kind of row', () => {
    const calls = [
      // @ts-expect-error: an unknown value of the label
      (metrics: ExporterMetrics) => metrics.inc(EXPORTER.readErrors, { reason: 'strange' }),
      // @ts-expect-error: the label is missing
      (metrics: ExporterMetrics) => metrics.inc(EXPORTER.readErrors),
      // @ts-expect-error: the row has no such label
      (metrics: ExporterMetrics) => metrics.inc(EXPORTER.rotations, { reason: 'vanished' }),
      // @ts-expect-error: a counter cannot be set
      (metrics: ExporterMetrics) => metrics.set(EXPORTER.rotations, 1),
    ];
    assert.equal(calls.length, 4);
  });

  it('reject a row that is not in the table', () => {
    const stranger: CounterRow<Record<never, string>> = {
      name: 'satoken_strange_total',
      type: 'counter',
      help: '',
      labels: ['node'],
      initial: [],
    };
    assert.throws(() => create().inc(stranger), /satoken_strange_total is not in the table/);
  });
});

describe('a process metric that cannot be read', () => {
  async function withoutCpuUsage<T>(run: () => Promise<T>): Promise<T> {
    const real = Object.getOwnPropertyDescriptor(process, 'cpuUsage') ?? {};
    process.cpuUsage = () => {
      throw new Error('no /proc');
    };
    try {
      return await run();
    } finally {
      Object.defineProperty(process, 'cpuUsage', real);
    }
  }

  it('is the only one that is left out', async () => {
    const errors: unknown[] = [];
    const metrics = exporterMetrics((error) => errors.push(error));
    const families = await withoutCpuUsage(metrics.families);
    const names = new Set(families.map(({ metric }) => metric.name));
    assert.deepEqual(
      EXPORTER_METRICS.map(({ name }) => name).filter((name) => !names.has(name)),
      ['process_cpu_user_seconds_total'],
    );
    assert.equal(errors.length, 1);
  });

  it('leaves the series of tokens in the scrape', async () => {
    const scrape = createScrape({
      takeSnapshot: snapshot,
      listFamilies: createListFamilies(familyOptions()),
      exporterFamilies: exporterMetrics(() => undefined).families,
    });
    const { bytes: body } = await withoutCpuUsage(() => scrape('text', 'identity'));
    assert.match(body.toString(), /^satoken_info\{.*pod="api-0".*} 1$/m);
    assert.doesNotMatch(body.toString(), /^process_cpu_user_seconds_total/m);
  });

  it('is counted in the same scrape', async () => {
    const metrics = exporterMetrics(() => metrics.inc(EXPORTER.exporterErrors, { part: 'self_metrics' }));
    const families = await withoutCpuUsage(metrics.families);
    const errors = families.find(({ metric }) => metric === EXPORTER.exporterErrors);
    assert.deepEqual(
      [...(errors?.samples ?? [])].map(({ value }) => value),
      PARTS.map((part) => Number(part === 'self_metrics')),
    );
  });

  it('comes back once it can be read', async () => {
    const metrics = exporterMetrics(() => undefined);
    await withoutCpuUsage(metrics.families);
    const families = await metrics.families();
    assert.ok(families.some(({ metric }) => metric.name === 'process_cpu_user_seconds_total'));
  });
});
