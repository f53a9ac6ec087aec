/**
 * Every attack of the table is refused, and a Prometheus with credentials does not miss a scrape meanwhile.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'mocha';
import { request } from '../../support/http.ts';
import { describeWith } from '../../support/tools.ts';
import { send, type Target } from './attacker.ts';
import { ATTACKS, type Attack, PROBE_ATTACKS, PROBE_FLOODS } from './attacks.ts';
import { type Stage, setStage } from './stage.ts';

/** An address from which nobody attacks. */
const KUBELET = '127.0.0.99';

describeWith(['prometheus', 'openssl'], 'an attack on a guarded exporter', () => {
  let stage: Stage;

  before(async () => {
    stage = await setStage();
    await stage.scraper.until('count_over_time(up[1m]) > 1');
  });
  after(() => stage.stop());

  const attack = async ({ run, answers }: Attack, target: Target): Promise<void> => {
    const [scrapes] = await stage.scraper.query('count_over_time(up[10m])');
    const got = await run(target);
    assert.ok(Object.keys(got).length > 0);
    for (const [answer, times] of Object.entries(got))
      assert.ok(times <= (answers[answer] ?? 0), `${answer} came back ${times} times`);
    await stage.scraper.until(`count_over_time(up[10m]) > ${scrapes?.value[1]}`);
    const missed = await stage.scraper.query('min_over_time(up[10m]) == 0');
    assert.deepEqual(missed, []);
  };
  for (const row of ATTACKS) it(`by ${row.it}`, () => attack(row, stage.main));
  const probe = async (): Promise<void> => {
    const answer = await send(stage.probes, KUBELET, request('GET /healthz HTTP/1.1'));
    assert.match(answer, /^HTTP\/1\.1 200/);
  };
  for (const row of PROBE_ATTACKS)
    it(`by ${row.it}`, async () => {
      const probes = async (): Promise<void> => {
        for (let probed = 0; probed < 20; probed += 1) await probe();
      };
      await Promise.all([attack(row, stage.probes), probes()]);
    });
  for (const row of PROBE_FLOODS)
    it(`by ${row.it}`, async () => {
      await attack(row, stage.probes);
      await probe();
    });

  it('leaves nothing behind in the program but what it counts', async () => {
    assert.equal(stage.program.process.exitCode, null);
    assert.doesNotMatch(stage.program.printed(), /level=error/);
    const refused = await stage.scraper.query('sum by (code) (satoken_web_refusals_total) > 0');
    assert.deepEqual(refused.map(({ metric }) => metric['code']).sort(), ['401', '429']);
  });
});
