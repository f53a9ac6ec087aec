/**
 * The rules of Grafana's dashboard-linter for Prometheus, and the exceptions with their reasons.
 *
 * The linter applies some rules only to some kinds of panels; here they apply to all.
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

/** Returns the places that break the rule. */
type Rule = (dashboard: Dashboard) => readonly string[];

/** The units of Grafana that the dashboards use (packages/grafana-data/src/valueFormats/categories.ts). */
const UNITS = ['none', 'short', 'percentunit', 'bytes', 's', 'dateTimeAsIso'];
/** Units of our own: a number and a suffix. */
const CUSTOM_UNITS = ['suffix:min', 'suffix:s', 'suffix:/h'];
const RATES = ['rate', 'irate', 'increase'];

function panelRule(isFollowed: (panel: Panel) => boolean): Rule {
  return (dashboard) =>
    shownPanels(dashboard)
      .filter((panel) => !isFollowed(panel))
      .map(({ title }) => `${dashboard.uid} / ${title}`);
}

function targetRule(isFollowed: (question: PanelQuery) => boolean): Rule {
  return (dashboard) =>
    queriesOf(dashboard)
      .filter((question) => !isFollowed(question))
      .map(({ where }) => where);
}

function queryVariables({ templating }: Dashboard): readonly Variable[] {
  return templating.list.filter(({ type }) => type === 'query');
}

function variableRule(isFollowed: (variable: Variable) => boolean): Rule {
  return (dashboard) =>
    queryVariables(dashboard)
      .filter((variable) => !isFollowed(variable))
      .map(({ name }) => `${dashboard.uid} / $${name}`);
}

/** Requires a variable with this name that selects several values, or all by `.+`. */
function templateRule(name: string): Rule {
  return ({ uid, templating }) => {
    const found = templating.list.find((variable) => variable.name === name);
    const isFollowed =
      found?.multi === true && found.allValue === '.+' && found.datasource?.uid === '${datasource}';
    return isFollowed ? [] : [uid];
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
    const isFollowed = found.length === 1 && only?.name === 'datasource' && only.label === 'Data source';
    return isFollowed && only.query === 'prometheus' ? [] : [uid];
  },
  'template-job-rule': templateRule('job'),
  'template-instance-rule': templateRule('instance'),
  'template-label-promql-rule': variableRule((variable) => {
    const { selector } = labelValuesOf(variable) ?? { selector: '(' };
    return parse(selector).syntaxErrors.length === 0;
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
    return [fieldConfig?.defaults.unit ?? '', ...units].every((unit) =>
      [...UNITS, ...CUSTOM_UNITS].includes(unit),
    );
  }),
  'panel-no-targets-rule': panelRule(({ targets = [] }) => targets.length > 0),
  'target-promql-rule': targetRule(({ target }) => parse(target.expr).syntaxErrors.length === 0),
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
    where: /^satoken-(fleet|node|workload|reads)$/,
    because:
      'Only this exporter has metrics that begin with satoken_, and a node has one exporter, regardless of its job.',
  },
  {
    rule: 'template-job-rule',
    where: /^satoken-exporter$/,
    because:
      'All means the jobs of the exporter: every target has the metric up, and .+ would match those of other jobs.',
  },
  {
    rule: 'target-job-rule',
    where: /^satoken-(fleet|node|workload|reads) /,
    because: 'As for the variable: no other job has these metrics.',
  },
  {
    rule: 'template-instance-rule',
    where: /./,
    because: 'An exporter is identified by its node. Its address changes with every rollout.',
  },
  {
    rule: 'target-instance-rule',
    where: /./,
    because: 'As for the variable: the node identifies the exporter.',
  },
  {
    rule: 'target-rate-interval-rule',
    where: /^satoken-exporter \/ Internal errors \//,
    because: 'The sum over the selected time range, not a rate: it shows a single error hours ago.',
  },
];

function isExcepted(rule: string, where: string): boolean {
  return EXCEPTIONS.some((exception) => exception.rule === rule && exception.where.test(where));
}

describe('the rules of dashboard-linter', () => {
  for (const [name, rule] of Object.entries(RULES))
    for (const dashboard of DASHBOARDS)
      it(`are followed or have an exception: ${name} in ${dashboard.uid}`, () => {
        assert.deepEqual(
          rule(dashboard).filter((where) => !isExcepted(name, where)),
          [],
        );
      });

  for (const { rule, where, because } of EXCEPTIONS)
    it(`need the exception to ${rule} for ${where}: ${because}`, () => {
      const broken = DASHBOARDS.flatMap((dashboard) => RULES[rule]?.(dashboard) ?? []);
      assert.ok(broken.some((place) => where.test(place)));
    });

  it('are all broken by a bad dashboard', () => {
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
    const followed = Object.entries(RULES).filter(([, rule]) => rule(broken).length === 0);
    assert.deepEqual(
      followed.map(([name]) => name),
      [],
    );
  });
});
