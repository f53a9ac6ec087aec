/**
 * A real Prometheus scrapes the demo and answers questions about it.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, it } from 'mocha';
import { REASONS } from '../../src/core/checks/index.ts';
import { TOKEN_STATES } from '../../src/core/rotation.ts';
import { type Program, startProgram } from '../support/program.ts';
import { describeWith } from '../support/tools.ts';

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function startPrometheus(folder: string, target: string, port: number): Promise<ChildProcess> {
  const job = { job_name: 'sa-token-exporter', honor_labels: true, static_configs: [{ targets: [target] }] };
  // JSON is YAML.
  const config = { global: { scrape_interval: '1s' }, scrape_configs: [job] };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
  const child = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`]);
  for await (const line of createInterface(child.stderr)) if (line.includes('ready to receive')) break;
  child.stderr.resume();
  return child;
}

describeWith(['prometheus'], 'a real Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-prometheus-'));
  let demo: Program;
  let prometheus: ChildProcess;
  let api = '';

  const query = async (promql: string): Promise<readonly Result[]> => {
    const response = await fetch(`${api}/query?query=${encodeURIComponent(promql)}`);
    const answer = (await response.json()) as { status: string; data: { result: Result[] } };
    assert.equal(answer.status, 'success', promql);
    return answer.data.result;
  };

  before(async () => {
    demo = await startProgram('demo');
    const port = await freePort();
    api = `http://127.0.0.1:${port}/api/v1`;
    prometheus = await startPrometheus(folder, new URL(demo.url).host, port);
    // It tells nobody of a scrape, so it is asked until two have come in.
    while ((await query('count_over_time(up[1m]) > 1')).length === 0);
    // What needs an answer of the API server comes a little later than what the files tell.
    const isAnswered = `count(count by (reason) (satoken_problem)) == ${REASONS.length - 1}`;
    while ((await query(isAnswered)).length === 0);
  });
  after(async () => {
    prometheus.kill();
    await Promise.all([once(prometheus, 'exit'), demo.stop()]);
    rmSync(folder, { recursive: true });
  });

  it('finds the target up, and every sample good', async () => {
    const [up] = await query('up');
    assert.equal(up?.value[1], '1');
    const [samples] = await query('scrape_samples_scraped - scrape_samples_post_metric_relabeling');
    assert.equal(samples?.value[1], '0');
  });

  it('sees a token of every state', async () => {
    const states = (await query('satoken_token_state > 0')).map(({ metric }) => metric['state']);
    assert.deepEqual(states.sort(), [...TOKEN_STATES].sort());
  });

  it('sees a token that fails each check, but the one for refusals that nothing explains', async () => {
    const reasons = (await query('count by (reason) (satoken_problem)')).map(
      ({ metric }) => metric['reason'],
    );
    assert.deepEqual(reasons.sort(), REASONS.filter((reason) => reason !== 'token_refused').toSorted());
  });

  it('keeps the namespace and pod of a series', async () => {
    const [series] = await query('satoken_problem{namespace="demo",pod="payments",reason="expired"}');
    assert.equal(series?.metric['serviceaccount'], 'payments');
    assert.deepEqual(
      Object.keys(series?.metric ?? {}).filter((label) => label.startsWith('exported_')),
      [],
    );
  });

  it('finds the relative gauges and the timestamps to agree within a scrape', async () => {
    const differs =
      'abs(satoken_nominal_expiration_timestamp_seconds - timestamp(satoken_age_seconds) - satoken_time_to_expiry_seconds)';
    const worst = await query(`max(${differs})`);
    assert.ok(Number(worst[0]?.value[1]) < 1);
  });

  it('joins what a token claims to its other series', async () => {
    const issued = await query(
      'satoken_issued_timestamp_seconds * on (node, pod_uid, volume, path) group_left (audience) satoken_info{audience="valut"}',
    );
    assert.deepEqual(
      issued.map(({ metric }) => metric['pod']),
      ['typo'],
    );
  });
});
