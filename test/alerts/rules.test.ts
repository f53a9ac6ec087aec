/**
 * The alerts fire and stay silent as they should, in each supported version of Prometheus.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { ALERTS } from '../../alerts/groups.ts';
import { describeWith, PROMTOOLS } from '../support/tools.ts';
import { CASES, CASES_BY_SUBJECT } from './cases.ts';
import { type Case, type TestRun, testRules } from './promtool.ts';

for (const { tool, promtool } of PROMTOOLS) {
  describeWith([tool], `the alerts in ${tool}`, () => {
    for (const [subject, cases] of Object.entries(CASES_BY_SUBJECT))
      describe(`about ${subject}`, () => {
        let run: TestRun;
        before(async () => {
          run = await testRules(promtool, cases);
        });

        for (const { it: title } of cases) it(title, () => assert.equal(run.failuresOf(title), ''));
        it('pass without any other failure', () => assert.ok(run.isPassed, run.output));
      });

    it('fail a case with a wrong expectation', async () => {
      const wrong: Case = {
        it: 'wrong',
        series: { up: '0x20' },
        expect: [{ alert: 'SATokenExpired', at: 5, fire: [{ labels: {} }] }],
      };
      const { isPassed, failuresOf } = await testRules(promtool, [wrong]);
      assert.ok(!isPassed);
      assert.match(failuresOf('wrong'), /SATokenExpired/);
    });
  });
}

describe('the cases of the alerts', () => {
  const expectations = CASES.flatMap(({ expect }) => expect);

  it('have unique titles', () => {
    assert.equal(new Set(CASES.map(({ it: title }) => title)).size, CASES.length);
  });

  for (const { name, severity } of ALERTS) {
    const isOnly = ALERTS.filter((row) => row.name === name).length === 1;
    it(`include one in which ${name} (${severity}) fires and one in which it does not`, () => {
      const own = expectations.filter(({ alert }) => alert === name);
      const isFiring = (one: (typeof own)[number]): boolean =>
        one.fire.some((firing) => firing.severity === severity || (isOnly && firing.severity === undefined));
      assert.ok(own.some(isFiring));
      assert.ok(
        CASES.some(
          ({ expect }) =>
            expect.some((one) => one.alert === name) &&
            !expect.some((one) => one.alert === name && isFiring(one)),
        ),
      );
    });
  }
});
