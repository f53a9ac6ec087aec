/**
 * Each alert links to an existing dashboard with existing variables, and the dashboard shows the metrics of the alert.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { UIDS, VARIABLES } from '../../alerts/dashboard-url.ts';
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

/** The UIDs that a template can print. */
function uidsIn(template: string): readonly string[] {
  const uid = /\/d\/(satoken-)(.*?)\?/.exec(template);
  const [, prefix = '', place = ''] = uid ?? [];
  return place.split(/\{\{.*?\}\}/).flatMap((name) => (name === '' ? [] : `${prefix}${name}`));
}

/** The labels that a template passes on. */
function labelsIn(template: string): readonly string[] {
  const [, names = ''] = /\beq \$name((?: "[^"]+")+)/.exec(template) ?? [];
  return Array.from(names.matchAll(/"([^"]+)"/g), ([, name = '']) => name);
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

/** These exist only with `--reads.watch`, so that the dashboard on reads shows them. */
const OF_READS = ['satoken_kubelet_last_sync_timestamp_seconds'];

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
      const uids = uidsIn(template);
      assert.equal(uids[0], UIDS[row.dashboard]);
      const labels = labelsIn(template);
      assert.ok(labels.length > 0);
      const known = uids.flatMap((uid) => dashboardOf(uid).templating.list.map(({ name }) => name));
      assert.deepEqual(
        labels.filter((name) => !known.includes(name)),
        [],
      );
      assert.deepEqual(
        VARIABLES[row.dashboard].filter((name) => !labels.includes(name)),
        [],
      );
    });

    it(`lead to a dashboard with the metrics of the alert: ${alert} (${row.severity})`, () => {
      const shown = metricsOf(dashboardOf(UIDS[row.dashboard]));
      const ofReads = metricsOf(dashboardOf(UIDS.reads));
      assert.deepEqual(
        metricsIn(row.expr).filter((name) => !(OF_READS.includes(name) ? ofReads : shown).has(name)),
        [],
      );
    });

    it(`is one short template that escapes every label: ${alert} (${row.severity})`, () => {
      const [, variables = ''] = template.split('?from=now-6h&to=now');
      assert.match(
        variables,
        /^\{\{ range \$name, \$value := \$labels \}\}\{\{ if eq \$name(?: "[a-z_]+")+ \}\}&var-\{\{ \$name \}\}=\{\{ \$value \| urlquery \}\}\{\{ end \}\}\{\{ end \}\}$/,
      );
    });
  }
});
