/**
 * The dashboards ask for nothing that the exporter does not export: names, labels, and values of labels.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { REASONS } from '../../src/core/checks/index.ts';
import { TOKEN_STATES } from '../../src/core/rotation.ts';
import { TOKEN_LABELS } from '../../src/metrics/labels.ts';
import { METRICS } from '../../src/metrics/rows.ts';
import { DASHBOARDS, labelValuesOf, QUERIES } from './model.ts';
import { parse, type Selector } from './promql.ts';

/** What others export, and the labels of it that we rely on. */
const FOREIGN: readonly (readonly [name: string, labels: readonly string[]])[] = [
  // Prometheus, of every target and of every alert.
  ['up', []],
  ['scrape_duration_seconds', []],
  ['scrape_samples_scraped', []],
  ['ALERTS', ['alertname', 'alertstate', 'severity', ...TOKEN_LABELS]],
  // kube-state-metrics.
  ['kube_node_info', ['node']],
];
/** Of the target, or of the Prometheus that scrapes it. */
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

/** Labels whose values are a closed set, for the metrics that the dashboards match them on. */
const VALUES: Readonly<Record<string, readonly string[]>> = { reason: REASONS, state: TOKEN_STATES };

/** The metrics a selector can find. */
function metricsOf({ metric, matchers }: Selector): readonly string[] {
  if (metric !== '') return [metric];
  return matchers.find(({ label }) => label === '__name__')?.value.split('|') ?? [];
}

function strangersIn(selector: Selector): readonly string[] {
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

/** Whatever an expression names that is not there. */
function strangers(expr: string): readonly string[] {
  const { mistakes, selectors, groupings } = parse(expr);
  const known = selectors.flatMap(metricsOf).flatMap((metric) => LABELS.get(metric) ?? []);
  const made = [...expr.matchAll(/\n"(\w+)", "\$1"/g)].map(([, label]) => label ?? '');
  return [
    ...mistakes,
    ...selectors.flatMap(strangersIn),
    ...(selectors.length === 0 ? ['no selector'] : []),
    ...groupings.filter((label) => !known.includes(label) && !made.includes(label)),
  ];
}

describe('what the dashboards ask for', () => {
  for (const { where, target } of QUERIES)
    it(`${where} is exported`, () => assert.deepEqual(strangers(target.expr), []));

  for (const { uid, templating, annotations } of DASHBOARDS) {
    for (const variable of templating.list.filter(({ type }) => type === 'query'))
      it(`${uid} / $${variable.name} is exported`, () => {
        const { selector, label } = labelValuesOf(variable) ?? assert.fail('not label_values');
        assert.deepEqual(strangers(selector), []);
        for (const metric of parse(selector).selectors.flatMap(metricsOf))
          assert.ok(LABELS.get(metric)?.includes(label), `${metric}{${label}}`);
      });

    for (const { name, expr = '' } of annotations.list)
      it(`${uid} / ${name} is exported`, () => assert.deepEqual(strangers(expr), []));
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
    ['a grouping', 'sum by (colour) (satoken_tokens)', 'colour'],
    ['a reason', 'satoken_problem{reason=~"expired|nonsense"}', 'nonsense'],
    ['a part of a histogram', 'satoken_rotation_lag_seconds', 'satoken_rotation_lag_seconds'],
  ] as const)
    it(`${what} that is not exported is noticed`, () => assert.deepEqual(strangers(expr), [found]));

  it('what is no PromQL is noticed', () => assert.notDeepEqual(strangers('sum(satoken_tokens{'), []));
});
