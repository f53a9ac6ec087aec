/**
 * Each alert links to an existing dashboard with existing variables, and the dashboard shows the metrics of the alert.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { UIDS } from '../../alerts/dashboard-url.ts';
import { ALERTS } from '../../alerts/groups.ts';
import { HELD, HELD_CRITICAL, HELD_INFO } from '../../alerts/rule.ts';
import { ROOT } from '../docs/documents.ts';
import { DASHBOARDS, type Dashboard, labelValuesOf, queriesOf } from '../grafana/model.ts';
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

interface DashboardUrl {
  readonly uid: string;
  readonly variables: readonly string[];
}

/** All URLs that a template can print. */
function urlsIn(template: string): readonly DashboardUrl[] {
  return template
    .split('/d/')
    .slice(1)
    .map((url) => ({
      uid: /^[\w-]+/.exec(url)?.[0] ?? '',
      variables: [...url.matchAll(/[?&]var-(\w+)=/g)].map(([, name = '']) => name),
    }));
}

function dashboardOf(uid: string): Dashboard {
  return DASHBOARDS.find((one) => one.uid === uid) ?? assert.fail(`no dashboard ${uid}`);
}

/** The metrics of the exporter in the queries of a dashboard. */
function metricsOf(dashboard: Dashboard): ReadonlySet<string> {
  const queries = [
    ...queriesOf(dashboard).map(({ target }) => target.expr),
    ...dashboard.templating.list.flatMap((one) => labelValuesOf(one)?.selector ?? []),
  ];
  return new Set(queries.flatMap((query) => query.match(/\bsatoken_\w+/g) ?? []));
}

/** The metrics of the exporter in the expression of an alert. */
function metricsIn(expr: string): readonly string[] {
  const names = parseExpression(expr).selectors.map(({ metric }) =>
    [HELD, HELD_CRITICAL, HELD_INFO].includes(metric) ? 'satoken_problem' : metric,
  );
  return names.filter((name) => name.startsWith('satoken_'));
}

describe('the dashboard links of the alerts', () => {
  it('have the UIDs of all dashboards', () => {
    assert.deepEqual(
      Object.values(UIDS).sort(),
      DASHBOARDS.map(({ uid }) => uid),
    );
  });

  for (const [index, { alert, annotations }] of RULES.entries()) {
    const row = ALERTS[index];
    assert.ok(row);
    const template = annotations?.['dashboard_url'] ?? '';

    it(`set existing variables of existing dashboards: ${alert} (${row.severity})`, () => {
      const urls = urlsIn(template);
      assert.equal(urls[0]?.uid, UIDS[row.dashboard]);
      for (const { uid, variables } of urls) {
        const known = dashboardOf(uid).templating.list.map(({ name }) => name);
        assert.ok(variables.length > 0);
        assert.deepEqual(
          variables.filter((name) => !known.includes(name)),
          [],
        );
      }
    });

    it(`lead to a dashboard with the metrics of the alert: ${alert} (${row.severity})`, () => {
      const shown = metricsOf(dashboardOf(UIDS[row.dashboard]));
      assert.deepEqual(
        metricsIn(row.expr).filter((name) => !shown.has(name)),
        [],
      );
    });

    it(`escape every label: ${alert} (${row.severity})`, () => {
      const uses = template.match(/\{\{[^{}]*\}\}/g) ?? [];
      assert.deepEqual(
        uses.filter(
          (use) => !/^\{\{ (?:with|if|else if) \$labels\.\w+ \}\}$|^\{\{ (?:end|else) \}\}$/.test(use),
        ),
        urlsIn(template).flatMap(({ variables }) => variables.map(() => '{{ . | urlquery }}')),
      );
    });
  }
});
