/**
 * Every alert leads to a dashboard that is there, chooses by variables that it has, and finds there what it goes by.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { UIDS } from '../../alerts/dashboard-url.ts';
import { ALERTS } from '../../alerts/groups.ts';
import { HELD } from '../../alerts/rule.ts';
import { ROOT } from '../docs/documents.ts';
import { DASHBOARDS, type Dashboard, labelValuesOf, questionsOf } from '../grafana/model.ts';
import { parseExpression } from './promql.ts';

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    }[];
  }[];
}

const { groups } = parse(readFileSync(join(ROOT, 'alerts/rules.yaml'), 'utf8')) as Rules;
const RULES = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);

interface Address {
  readonly uid: string;
  readonly variables: readonly string[];
}

/** Every address that a template may come to. */
function addressesIn(template: string): readonly Address[] {
  return template
    .split('/d/')
    .slice(1)
    .map((address) => ({
      uid: /^[\w-]+/.exec(address)?.[0] ?? '',
      variables: [...address.matchAll(/[?&]var-(\w+)=/g)].map(([, name = '']) => name),
    }));
}

function dashboardOf(uid: string): Dashboard {
  return DASHBOARDS.find((one) => one.uid === uid) ?? assert.fail(`no dashboard ${uid}`);
}

/** Metrics of the exporter that a dashboard asks for. */
function metricsOf(dashboard: Dashboard): ReadonlySet<string> {
  const texts = [
    ...questionsOf(dashboard).map(({ target }) => target.expr),
    ...dashboard.templating.list.flatMap((one) => labelValuesOf(one)?.selector ?? []),
  ];
  return new Set(texts.flatMap((text) => text.match(/\bsatoken_\w+/g) ?? []));
}

/** Metrics of the exporter that an alert goes by. */
function metricsIn(expr: string): readonly string[] {
  const names = parseExpression(expr).selectors.map(({ metric }) =>
    metric === HELD ? 'satoken_problem' : metric,
  );
  return names.filter((name) => name.startsWith('satoken_'));
}

describe('the dashboards of the alerts', () => {
  it('are those that there are', () => {
    assert.deepEqual(
      Object.values(UIDS).sort(),
      DASHBOARDS.map(({ uid }) => uid),
    );
  });

  for (const [index, { alert, annotations }] of RULES.entries()) {
    const row = ALERTS[index];
    assert.ok(row);
    const template = annotations?.['dashboard_url'] ?? '';

    it(`${alert} (${row.severity}) leads to dashboards that there are, by variables that they have`, () => {
      const addresses = addressesIn(template);
      assert.equal(addresses[0]?.uid, UIDS[row.dashboard]);
      for (const { uid, variables } of addresses) {
        const known = dashboardOf(uid).templating.list.map(({ name }) => name);
        assert.ok(variables.length > 0);
        assert.deepEqual(
          variables.filter((name) => !known.includes(name)),
          [],
        );
      }
    });

    it(`${alert} (${row.severity}) finds what it goes by on its dashboard`, () => {
      const shown = metricsOf(dashboardOf(UIDS[row.dashboard]));
      assert.deepEqual(
        metricsIn(row.expr).filter((name) => !shown.has(name)),
        [],
      );
    });

    it(`${alert} (${row.severity}) escapes every label that it puts into an address`, () => {
      const uses = template.match(/\{\{[^{}]*\}\}/g) ?? [];
      assert.deepEqual(
        uses.filter(
          (use) => !/^\{\{ (?:with|if|else if) \$labels\.\w+ \}\}$|^\{\{ (?:end|else) \}\}$/.test(use),
        ),
        addressesIn(template).flatMap(({ variables }) => variables.map(() => '{{ . | urlquery }}')),
      );
    });
  }
});
