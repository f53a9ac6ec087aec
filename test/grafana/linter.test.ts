/**
 * The rules of Grafana's own dashboard-linter, as far as they are about Prometheus, and why some are not kept.
 *
 * Stricter than the linter where that costs nothing: it looks at some kinds of panels only.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  DASHBOARDS,
  type Dashboard,
  labelValuesOf,
  type Panel,
  type PanelQuery,
  queriesOf,
  shownPanels,
  type Variable,
} from './model.ts';
import { parse } from './promql.ts';

/** Answers the places where the rule is broken. */
type Rule = (dashboard: Dashboard) => readonly string[];

/** Those of Grafana's units that we use (packages/grafana-data/src/valueFormats/categories.ts). */
const UNITS = ['none', 'short', 'percentunit', 'bytes', 's', 'dateTimeAsIso', 'ops', 'reqps'];
const RATES = ['rate', 'irate', 'increase'];

function panelRule(isKept: (panel: Panel) => boolean): Rule {
  return (dashboard) =>
    shownPanels(dashboard)
      .filter((panel) => !isKept(panel))
      .map(({ title }) => `${dashboard.uid} / ${title}`);
}

function targetRule(isKept: (question: PanelQuery) => boolean): Rule {
  return (dashboard) =>
    queriesOf(dashboard)
      .filter((question) => !isKept(question))
      .map(({ where }) => where);
}

function queryVariables({ templating }: Dashboard): readonly Variable[] {
  return templating.list.filter(({ type }) => type === 'query');
}

function variableRule(isKept: (variable: Variable) => boolean): Rule {
  return (dashboard) =>
    queryVariables(dashboard)
      .filter((variable) => !isKept(variable))
      .map(({ name }) => `${dashboard.uid} / $${name}`);
}

/** A variable of the name that chooses several, or all by `.+`. */
function templateRule(name: string): Rule {
  return ({ uid, templating }) => {
    const found = templating.list.find((variable) => variable.name === name);
    const isKept =
      found?.multi === true && found.allValue === '.+' && found.datasource?.uid === '${datasource}';
    return isKept ? [] : [uid];
  };
}

function matcherRule(name: string): Rule {
  return targetRule(({ target }) =>
    parse(target.expr).selectors.every(({ matchers }) =>
      matchers.some(({ label, op, value }) => label === name && op === '=~' && value === `$${name}`),
    ),
  );
}

const RULES: Readonly<Record<string, Rule>> = {
  'template-datasource-rule': ({ uid, templating }) => {
    const found = templating.list.filter(({ type }) => type === 'datasource');
    const [only] = found;
    const isKept = found.length === 1 && only?.name === 'datasource' && only.label === 'Data source';
    return isKept && only.query === 'prometheus' ? [] : [uid];
  },
  'template-job-rule': templateRule('job'),
  'template-instance-rule': templateRule('instance'),
  'template-label-promql-rule': variableRule((variable) => {
    const { selector } = labelValuesOf(variable) ?? { selector: '(' };
    return parse(selector).mistakes.length === 0;
  }),
  'template-on-time-change-reload-rule': variableRule(({ refresh }) => refresh === 2),
  'panel-datasource-rule': panelRule(({ datasource, targets = [] }) =>
    [datasource, ...targets.map((target) => target.datasource)].every((one) => one?.uid === '${datasource}'),
  ),
  'panel-title-description-rule': panelRule(
    ({ title, description = '' }) => title.length > 0 && description.length > 0,
  ),
  'panel-units-rule': panelRule(({ fieldConfig }) => {
    const overrides = fieldConfig?.overrides.flatMap(({ properties }) => properties) ?? [];
    const units = overrides.filter(({ id }) => id === 'unit').map(({ value }) => String(value));
    return [fieldConfig?.defaults.unit ?? '', ...units].every((unit) => UNITS.includes(unit));
  }),
  'panel-no-targets-rule': panelRule(({ targets = [] }) => targets.length > 0),
  'target-promql-rule': targetRule(({ target }) => parse(target.expr).mistakes.length === 0),
  'target-rate-interval-rule': targetRule(({ target }) =>
    parse(target.expr).selectors.every(
      ({ call, range }) => call === undefined || !RATES.includes(call) || range === '$__rate_interval',
    ),
  ),
  'target-job-rule': matcherRule('job'),
  'target-instance-rule': matcherRule('instance'),
  'target-counter-agg-rule': targetRule(({ target }) =>
    parse(target.expr).selectors.every(
      ({ metric, call = '' }) => !/_(total|sum|count|bucket)$/.test(metric) || RATES.includes(call),
    ),
  ),
  'uneditable-dashboard-rule': ({ uid, editable }) => (editable ? [uid] : []),
};

interface Exception {
  readonly rule: string;
  readonly where: RegExp;
  readonly because: string;
}

const EXCEPTIONS: readonly Exception[] = [
  {
    rule: 'template-job-rule',
    where: /^satoken-(fleet|node|workload)$/,
    because:
      'Names that begin with satoken_ are ours alone, and a node has one agent, whatever its job is called.',
  },
  {
    rule: 'template-job-rule',
    where: /^satoken-exporter$/,
    because:
      'All jobs are those of the exporter: up, which every target has, would answer to .+ for all others too.',
  },
  {
    rule: 'target-job-rule',
    where: /^satoken-(fleet|node|workload) /,
    because: 'As for the variable: these metrics have no other job.',
  },
  {
    rule: 'template-instance-rule',
    where: /./,
    because: 'An agent is known by its node. Its address changes with every roll-out.',
  },
  {
    rule: 'target-instance-rule',
    where: /./,
    because: 'As for the variable: the node says which agent it is.',
  },
  {
    rule: 'target-rate-interval-rule',
    where: /^satoken-exporter \/ Bugs /,
    because: 'A sum over the time that was chosen, not a rate: one bug hours ago is to be seen.',
  },
];

function isExcepted(rule: string, where: string): boolean {
  return EXCEPTIONS.some((exception) => exception.rule === rule && exception.where.test(where));
}

describe("the dashboard-linter's rules", () => {
  for (const [name, rule] of Object.entries(RULES))
    for (const dashboard of DASHBOARDS)
      it(`${dashboard.uid} keeps ${name}, or there is a reason`, () => {
        assert.deepEqual(
          rule(dashboard).filter((where) => !isExcepted(name, where)),
          [],
        );
      });

  for (const { rule, where, because } of EXCEPTIONS)
    it(`${rule} ${where} is an exception that is needed: ${because}`, () => {
      const broken = DASHBOARDS.flatMap((dashboard) => RULES[rule]?.(dashboard) ?? []);
      assert.ok(broken.some((place) => where.test(place)));
    });

  it('a rule that is broken is noticed', () => {
    const [dashboard] = DASHBOARDS;
    assert.ok(dashboard);
    const gridPos = { x: 0, y: 0, w: 1, h: 1 };
    const targets = ['sum(', 'a_total + rate(b_total[5m])'].map((expr) => ({ refId: 'A', expr }));
    const broken: Dashboard = {
      ...dashboard,
      uid: 'broken',
      editable: true,
      panels: [
        { id: 1, type: 'stat', title: 'Bare', gridPos },
        { id: 2, type: 'stat', title: 'Wrong', gridPos, targets },
      ],
      templating: { list: [{ name: 'x', type: 'query', query: 'label_values(sum(, x)', refresh: 1 }] },
    };
    const kept = Object.entries(RULES).filter(([, rule]) => rule(broken).length === 0);
    assert.deepEqual(
      kept.map(([name]) => name),
      [],
    );
  });
});
