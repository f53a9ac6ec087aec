/**
 * What the exporter counts of itself, and what it does when it cannot read that.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createCounters } from '../../src/metrics/counters.ts';
import { PARTS, SELF_METRICS } from '../../src/metrics/exporter-rows.ts';
import { createListFamilies } from '../../src/metrics/families.ts';
import { createScrape } from '../../src/metrics/scrape.ts';
import { REFUSALS } from '../../src/web/auth/guard.ts';
import { BUILD, counters, familyOptions } from '../support/exposition.ts';
import { snapshot } from '../support/snapshots.ts';

type Made = ReturnType<typeof createCounters>;

/** The series of one metric, by their labels. */
async function valuesOf(made: Made, name: string): Promise<Readonly<Record<string, number>>> {
  const family = (await made.families()).find(({ metric }) => metric.name === name);
  assert.ok(family, name);
  return Object.fromEntries(
    [...family.samples].map(({ labels, value, suffix }) => [`${suffix}{${labels}}`, value]),
  );
}

function fresh(): Made {
  return createCounters({
    node: 'n',
    build: BUILD,
    readFailures: ['a', 'b'],
    watchFailures: ['c'],
    refusals: REFUSALS,
    resources: ['pods', 'tokenreviews'],
    onError: (error) => assert.fail(String(error)),
  });
}

describe('counters', () => {
  it('are all there from the start, at 0', async () => {
    const made = fresh();
    assert.deepEqual(await valuesOf(made, 'satoken_rotations_total'), { '{node="n"}': 0 });
    assert.deepEqual(await valuesOf(made, 'satoken_read_errors_total'), {
      '{node="n",reason="a"}': 0,
      '{node="n",reason="b"}': 0,
    });
    assert.deepEqual(await valuesOf(made, 'satoken_watch_errors_total'), { '{node="n",reason="c"}': 0 });
    assert.deepEqual(await valuesOf(made, 'satoken_cluster_requests_total'), {
      '{node="n",resource="pods",code="200"}': 0,
      '{node="n",resource="tokenreviews",code="201"}': 0,
    });
    assert.equal((await valuesOf(made, 'satoken_rotation_lag_seconds'))['_count{node="n"}'], 0);
  });

  it('count rotations, and the lag of those whose lag is known', async () => {
    const made = fresh();
    made.rotated(0);
    made.rotated(100);
    made.rotated(undefined);
    assert.deepEqual(await valuesOf(made, 'satoken_rotations_total'), { '{node="n"}': 3 });
    const lag = await valuesOf(made, 'satoken_rotation_lag_seconds');
    assert.deepEqual(
      ['le="0.0"', 'le="60.0"', 'le="100.0"', 'le="+Inf"'].map((le) => lag[`_bucket{${le},node="n"}`]),
      [1, 1, 2, 2],
    );
    assert.equal(lag['_sum{node="n"}'], 100);
  });

  it('count failures by reason and by part', async () => {
    const made = fresh();
    made.readFailed('b');
    made.watchFailed('c');
    made.failed('pass');
    assert.equal((await valuesOf(made, 'satoken_read_errors_total'))['{node="n",reason="b"}'], 1);
    assert.equal((await valuesOf(made, 'satoken_watch_errors_total'))['{node="n",reason="c"}'], 1);
    assert.equal((await valuesOf(made, 'satoken_exporter_errors_total'))['{node="n",part="pass"}'], 1);
  });

  it('say what is running', async () => {
    assert.deepEqual(await valuesOf(fresh(), 'satoken_exporter_build_info'), {
      '{version="1.2.3",revision="abc1234",node_version="v26.0.0"}': 1,
    });
  });

  it('tell when a web configuration was taken, once it is there and whatever comes after', async () => {
    const made = fresh();
    const values = async () => [
      await valuesOf(made, 'satoken_web_config_last_reload_successful'),
      await valuesOf(made, 'satoken_web_config_last_reload_success_timestamp_seconds'),
    ];
    assert.deepEqual(await values(), [{}, {}]);
    made.webConfigRead(7);
    assert.deepEqual(await values(), [{ '{node="n"}': 1 }, { '{node="n"}': 7 }]);
    made.webConfigRead(undefined);
    assert.deepEqual(await values(), [{ '{node="n"}': 0 }, { '{node="n"}': 7 }]);
  });

  it('count refusals by their status', async () => {
    const made = fresh();
    made.refused(401);
    made.refused(401);
    assert.deepEqual(await valuesOf(made, 'satoken_web_refusals_total'), {
      '{node="n",code="401"}': 2,
      '{node="n",code="403"}': 0,
      '{node="n",code="429"}': 0,
      '{node="n",code="500"}': 0,
    });
  });

  it('fill every row of the table, in its order', async () => {
    const made = fresh();
    made.webConfigRead(1);
    const families = await made.families();
    assert.deepEqual(
      families.map(({ metric }) => metric.name),
      SELF_METRICS.map(({ name }) => name),
    );
    for (const { metric, samples } of families) assert.ok([...samples].length > 0, metric.name);
  });
});

describe('a metric of the process that cannot be read', () => {
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

  it('is left out, and nothing else is', async () => {
    const errors: unknown[] = [];
    const made = counters((error) => errors.push(error));
    const families = await withoutCpuUsage(made.families);
    const names = new Set(families.map(({ metric }) => metric.name));
    assert.deepEqual(
      SELF_METRICS.map(({ name }) => name).filter((name) => !names.has(name)),
      ['process_cpu_user_seconds_total'],
    );
    assert.equal(errors.length, 1);
  });

  it('costs no token its series', async () => {
    const scrape = createScrape({
      takeSnapshot: snapshot,
      listFamilies: createListFamilies(familyOptions()),
      selfFamilies: counters(() => undefined).families,
    });
    const { bytes: body } = await withoutCpuUsage(() => scrape('text', 'identity'));
    assert.match(body.toString(), /^satoken_info\{.*pod="api-0".*} 1$/m);
    assert.doesNotMatch(body.toString(), /^process_cpu_user_seconds_total/m);
  });

  it('counts in the same scrape where its failure is counted', async () => {
    const made = counters(() => made.failed('self_metrics'));
    const families = await withoutCpuUsage(made.families);
    const errors = families.find(({ metric }) => metric.name === 'satoken_exporter_errors_total');
    assert.deepEqual(
      [...(errors?.samples ?? [])].map(({ value }) => value),
      PARTS.map((part) => Number(part === 'self_metrics')),
    );
  });

  it('comes back once it can be read', async () => {
    const made = counters(() => undefined);
    await withoutCpuUsage(made.families);
    assert.ok((await made.families()).some(({ metric }) => metric.name === 'process_cpu_user_seconds_total'));
  });
});
