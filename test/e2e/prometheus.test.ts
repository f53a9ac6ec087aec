/**
 * A real Prometheus scrapes the demo.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'mocha';
import { DEMO_PODS } from '../../simulator/demo/pods.ts';
import { TOKEN_STATES } from '../../src/core/rotation.ts';
import { type Program, startProgram } from '../support/program.ts';
import { describeWith } from '../support/tools.ts';
import { type Scraper, startScraper } from './support/scraper.ts';

/** A new check need not be in the demo. */
const DEMO_REASONS = [...new Set(DEMO_PODS.flatMap(({ reasons }) => reasons))].toSorted();

describeWith(['prometheus'], 'a Prometheus that scrapes the demo', () => {
  let demo: Program;
  let scraper: Scraper;
  const query: Scraper['query'] = (promql) => scraper.query(promql);

  before(async () => {
    demo = await startProgram('demo');
    scraper = await startScraper({ job_name: 'sa-token-exporter', target: new URL(demo.url).host });
    await scraper.until('count_over_time(up[1m]) > 1');
    // Problems that need data from the API server appear after those of files.
    await scraper.until(`count(count by (reason) (satoken_problem)) == ${DEMO_REASONS.length}`);
  });
  after(() => Promise.all([scraper.stop(), demo.stop()]));

  it('accepts every sample', async () => {
    const [up] = await query('up');
    assert.equal(up?.value[1], '1');
    const [samples] = await query('scrape_samples_scraped - scrape_samples_post_metric_relabeling');
    assert.equal(samples?.value[1], '0');
  });

  it('has a token in every state', async () => {
    const states = (await query('satoken_token_state > 0')).map(({ metric }) => metric['state']);
    assert.deepEqual(states.sort(), [...TOKEN_STATES].sort());
  });

  it('has every problem of the demo pods', async () => {
    const reasons = (await query('count by (reason) (satoken_problem)')).map(
      ({ metric }) => metric['reason'],
    );
    assert.deepEqual(reasons.sort(), DEMO_REASONS);
  });

  it('keeps the labels namespace and pod', async () => {
    const [series] = await query('satoken_problem{namespace="demo",pod="payments",reason="expired"}');
    assert.equal(series?.metric['serviceaccount'], 'payments');
    assert.deepEqual(
      Object.keys(series?.metric ?? {}).filter((label) => label.startsWith('exported_')),
      [],
    );
  });

  it('has gauges of remaining time that agree with the timestamps', async () => {
    const differs =
      'abs(satoken_expiration_timestamp_seconds - timestamp(satoken_age_seconds) - satoken_time_to_expiry_seconds)';
    const worst = await query(`max(${differs})`);
    assert.ok(Number(worst[0]?.value[1]) < 1);
  });

  it('can join the claims of a token with its other series', async () => {
    const issued = await query(
      'satoken_issued_timestamp_seconds * on (node, pod_uid, volume, path) group_left (audience) satoken_info{audience="valut"}',
    );
    assert.deepEqual(
      issued.map(({ metric }) => metric['pod']),
      ['typo'],
    );
  });
});
