/**
 * Every attack is rejected, and a Prometheus with valid credentials misses no scrape.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'mocha';
import { request } from '../../support/http.ts';
import { describeWith } from '../../support/tools.ts';
import type { Attack } from './attack.ts';
import { send, type Target } from './attacker.ts';
import { ATTACKS } from './attacks.ts';
import { PROBE_ATTACKS, PROBE_FLOODS } from './connection-attacks.ts';
import { type Stage, startStage } from './stage.ts';

const SCRAPES = 'sum(count_over_time(up[15m]))';
/** An address without attacks. */
const KUBELET = '127.0.0.99';

describeWith(['prometheus', 'openssl'], 'an exporter under attack', () => {
  let stage: Stage;

  before(async () => {
    stage = await startStage();
    await stage.scraper.until('sum(count_over_time(up[1m])) > 1');
  });
  after(() => stage.stop());

  const assertScraped = async (period: string): Promise<void> => {
    const missed = await stage.scraper.query(`min_over_time(up[${period}]) == 0`);
    assert.deepEqual(missed, [], [JSON.stringify(missed), ...stage.scraper.failures].join('\n'));
  };
  const attack = async ({ run, allowed }: Attack, target: Target): Promise<void> => {
    const [scrapes] = await stage.scraper.query(SCRAPES);
    const startedAt = performance.now();
    const counts = await run(target);
    const seconds = (performance.now() - startedAt) / 1_000;
    assert.ok(Object.keys(counts).length > 0);
    for (const [status, times] of Object.entries(counts))
      assert.ok(times <= (allowed(seconds)[status] ?? 0), `${status}: ${times} times in ${seconds} s`);
    await stage.scraper.until(`${SCRAPES} > ${scrapes?.value[1]}`);
    // Only since the start of this attack, so that the report names the one that caused it.
    const since = Math.ceil((performance.now() - startedAt) / 1_000);
    await assertScraped(`${since}s`);
  };
  for (const row of ATTACKS) it(`withstands ${row.it}`, () => attack(row, stage.main));
  const probe = async (): Promise<void> => {
    const response = await send(stage.probes, KUBELET, request('GET /healthz HTTP/1.1'));
    assert.match(response, /^HTTP\/1\.1 200/);
  };
  for (const row of PROBE_ATTACKS)
    it(`withstands ${row.it}`, async () => {
      const probes = async (): Promise<void> => {
        for (let probed = 0; probed < 20; probed += 1) await probe();
      };
      await Promise.all([attack(row, stage.probes), probes()]);
    });
  for (const row of PROBE_FLOODS)
    it(`withstands ${row.it}`, async () => {
      await attack(row, stage.probes);
      await probe();
    });

  it('answers every scrape, from the first attack to the last', () => assertScraped('15m'));

  it('logs no errors and counts rejected requests', async () => {
    assert.equal(stage.program.process.exitCode, null);
    assert.doesNotMatch(stage.program.printed(), /level=error/);
    const rejected = await stage.scraper.query('sum by (code) (satoken_web_refusals_total) > 0');
    assert.deepEqual(rejected.map(({ metric }) => metric['code']).sort(), ['401', '429']);
  });
});
