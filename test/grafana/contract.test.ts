/**
 * The dashboards use only metrics, labels and label values that exist.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SLO_GROUP } from '../../alerts/slo.ts';
import { REASONS } from '../../src/core/checks/index.ts';
import { TOKEN_STATES } from '../../src/core/rotation.ts';
import { TOKEN_LABELS } from '../../src/metrics/labels.ts';
import { METRICS } from '../../src/metrics/rows.ts';
import { DASHBOARDS, labelValuesOf, QUERIES } from './model.ts';
import { metricsOf, parse, type Selector } from './promql.ts';

/** Metrics of other exporters, with the labels that the dashboards use. */
const FOREIGN: readonly (readonly [name: string, labels: readonly string[]])[] = [
  // Prometheus, for each target and each alert.
  ['up', []],
  ['scrape_duration_seconds', []],
  ['scrape_samples_scraped', []],
  ['ALERTS', ['alertname', 'alertstate', 'severity', ...TOKEN_LABELS]],
  ...SLO_GROUP.recordings.map(({ record }) => [record, []] as const),
  // kube-state-metrics.
  ['kube_node_info', ['node']],
];
/** Labels of the target, or external labels of the Prometheus. */
const TARGET_LABELS = ['cluster', 'job', 'instance'];

const OWN = METRICS.flatMap(({ name, type, labels }) =>
  type === 'histogram'
    ? [
        [`${name}_bucket`, [...labels, 'le']] as const,
        ...['_sum', '_count'].map((suffix) => [name + suffix, labels] as const),
      ]
    : [[name, labels] as const],
);
const LABELS = new Map<string, readonly string[]>(
  [...OWN, ...FOREIGN].map(([name, labels]) => [name, [...labels, ...TARGET_LABELS]]),
);

/** The possible values of labels that the dashboards match. */
const VALUES: Readonly<Record<string, readonly string[]>> = { reason: REASONS, state: TOKEN_STATES };

function unknownIn(selector: Selector): readonly string[] {
  const matchers = selector.matchers.filter(({ label }) => label !== '__name__');
  return metricsOf(selector).flatMap((metric) => {
    const labels = LABELS.get(metric);
    if (labels === undefined) return [metric];
    return [
      ...matchers.filter(({ label }) => !labels.includes(label)).map(({ label }) => `${metric}{${label}}`),
      ...matchers.flatMap(({ label, value }) => {
        if (value.startsWith('$')) return [];
        return value.split('|').filter((one) => VALUES[label]?.includes(one) === false);
      }),
    ];
  });
}

/** Metrics, labels and values in an expression that do not exist, and syntax errors. */
function unknownNames(expr: string): readonly string[] {
  const { syntaxErrors, selectors, groupings } = parse(expr);
  const known = selectors.flatMap(metricsOf).flatMap((metric) => LABELS.get(metric) ?? []);
  const made = [...expr.matchAll(/\n"(\w+)", "(?:\$1|\/|[^"]+", "")"/g)].map(([, label]) => label ?? '');
  return [
    ...syntaxErrors,
    ...selectors.flatMap(unknownIn),
    ...(selectors.length === 0 ? ['no selector'] : []),
    ...groupings.filter((label) => !known.includes(label) && !made.includes(label)),
  ];
}

describe('the expressions of the dashboards', () => {
  for (const { where, target } of QUERIES)
    it(`use existing names: ${where}`, () => assert.deepEqual(unknownNames(target.expr), []));

  for (const { uid, templating, annotations } of DASHBOARDS) {
    for (const variable of templating.list.filter(({ type }) => type === 'query'))
      it(`use existing names: ${uid} / $${variable.name}`, () => {
        const { selector, label } = labelValuesOf(variable) ?? assert.fail('not label_values');
        assert.deepEqual(unknownNames(selector), []);
        for (const metric of parse(selector).selectors.flatMap(metricsOf))
          assert.ok(LABELS.get(metric)?.includes(label), `${metric}{${label}}`);
      });

    for (const { name, expr = '' } of annotations.list)
      it(`use existing names: ${uid} / ${name}`, () => assert.deepEqual(unknownNames(expr), []));
  }

  for (const [what, expr, found] of [
    ['a metric', 'sum(satoken_nonsense)', 'satoken_nonsense'],
    ['a metric among several', '{__name__=~"satoken_info|satoken_nonsense"}', 'satoken_nonsense'],
    ['a label', 'satoken_tokens{pod="x"}', 'satoken_tokens{pod}'],
    [
      'the namespace of the exporter itself',
      'satoken_tokens{namespace="$namespace"}',
      'satoken_tokens{namespace}',
    ],
    ['a grouping', 'sum by (color) (satoken_tokens)', 'color'],
    ['a reason', 'satoken_problem{reason=~"expired|nonsense"}', 'nonsense'],
    ['a part of a histogram', 'satoken_rotation_lag_seconds', 'satoken_rotation_lag_seconds'],
  ] as const)
    it(`would fail the test with an unknown name: ${what}`, () =>
      assert.deepEqual(unknownNames(expr), [found]));

  it('would fail the test with invalid PromQL', () =>
    assert.notDeepEqual(unknownNames('sum(satoken_tokens{'), []));
});
