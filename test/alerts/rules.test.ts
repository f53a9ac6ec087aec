/**
 * The rules fire when they should and are silent when they should be, in every version of Prometheus they are for.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { ALERTS } from '../../alerts/groups.ts';
import { describeWith, PROMTOOL_3, type Tool } from '../support/tools.ts';
import { EXPORTER_CASES } from './exporter-cases.ts';
import { LINK_CASES } from './link-cases.ts';
import { NODE_CASES } from './node-cases.ts';
import { PROBLEM_CASES } from './problem-cases.ts';
import { type Answer, type Case, testRules } from './promtool.ts';
import { TROUBLE_CASES } from './trouble-cases.ts';

const CASES: readonly Case[] = [
  ...PROBLEM_CASES,
  ...NODE_CASES,
  ...EXPORTER_CASES,
  ...TROUBLE_CASES,
  ...LINK_CASES,
];

const VERSIONS: readonly { readonly tool: Tool; readonly promtool: string }[] = [
  { tool: 'promtool', promtool: 'promtool' },
  { tool: 'promtool 3 (.ci/prometheus3)', promtool: PROMTOOL_3 },
];

for (const { tool, promtool } of VERSIONS) {
  describeWith([tool], `the alerts, by ${tool}`, () => {
    let answer: Answer;
    before(() => {
      answer = testRules(promtool, CASES);
    });

    for (const { it: title } of CASES) it(title, () => assert.equal(answer.failuresOf(title), ''));
    it('nothing else went wrong', () => assert.ok(answer.isPassed, answer.output));

    it('a case that is wrong is noticed', () => {
      const wrong: Case = {
        it: 'wrong',
        series: { up: '0x20' },
        expect: [{ alert: 'SATokenExpired', at: 5, fire: [{ labels: {}, description: '' }] }],
      };
      const { isPassed, failuresOf } = testRules(promtool, [wrong]);
      assert.ok(!isPassed);
      assert.match(failuresOf('wrong'), /SATokenExpired/);
    });
  });
}

describe('the cases of the alerts', () => {
  const expectations = CASES.flatMap(({ expect }) => expect);

  it('have titles of their own', () => {
    assert.equal(new Set(CASES.map(({ it: title }) => title)).size, CASES.length);
  });

  for (const { name, severity } of ALERTS) {
    const isOnly = ALERTS.filter((row) => row.name === name).length === 1;
    it(`${name} (${severity}) fires in one and is silent in another`, () => {
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
