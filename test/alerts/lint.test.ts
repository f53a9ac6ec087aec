/**
 * Every rule asks for what there is, and is made as alerts should be made.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ALERTS, GROUPS } from '../../alerts/groups.ts';
import { KNOBS } from '../../alerts/knobs.ts';
import { BLIND_QUERY, CAUSES_QUERY, VIEW_QUERY } from '../../alerts/rule.ts';
import { REASONS } from '../../src/core/checks/index.ts';
import { CLUSTER_FAILURES, CLUSTER_RESOURCES } from '../../src/core/cluster-facts.ts';
import { READ_FAILURES } from '../../src/core/observation.ts';
import { OVERDUE_CAUSES } from '../../src/core/overdue-cause.ts';
import { TOKEN_STATES } from '../../src/core/rotation.ts';
import { SELF_CHECKS } from '../../src/core/self-check.ts';
import { TOKEN_KINDS } from '../../src/core/token.ts';
import { PARTS } from '../../src/metrics/exporter-rows.ts';
import { TOKEN_LABELS } from '../../src/metrics/labels.ts';
import { METRICS } from '../../src/metrics/rows.ts';
import { ACCESS_RESOURCES } from '../../src/sources/api-server/requests.ts';
import { WATCH_FAILURES } from '../../src/sources/files/watch.ts';
import { parseExpression, type Selector, seconds } from './promql.ts';

/** Metrics of others, with the labels that rules may use of them. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  up: [],
  // kube-state-metrics
  kube_node_status_condition: ['node', 'condition', 'status'],
  kube_pod_deletion_timestamp: ['namespace', 'pod'],
  // The API server
  serviceaccount_stale_tokens_total: [],
  serviceaccount_legacy_tokens_total: [],
};
/** Labels that Prometheus or its relabelling adds to any series. */
const OF_TARGETS = ['job', 'instance', 'cluster', 'node'];

const RECORDED = GROUPS.flatMap(({ recordings }) =>
  recordings.map(({ record }) => [record, [...TOKEN_LABELS, 'reason']] as const),
);
const LABELS = new Map<string, readonly string[]>([
  ...METRICS.map(({ name, labels }) => [name, labels] as const),
  ...Object.entries(FOREIGN),
  ...RECORDED,
]);

/** Values of labels that are closed sets, by metric and label; `*` is any metric. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  '* state': TOKEN_STATES,
  '* kind': TOKEN_KINDS,
  '* cause': OVERDUE_CAUSES,
  '* check': SELF_CHECKS,
  '* resource': CLUSTER_RESOURCES,
  'satoken_cluster_requests_total resource': [...CLUSTER_RESOURCES, ...ACCESS_RESOURCES],
  '* part': PARTS,
  'satoken_problem reason': REASONS,
  'satoken_problems reason': REASONS,
  'satoken_check_unknown reason': REASONS,
  'satoken_unreadable reason': READ_FAILURES,
  'satoken_read_errors_total reason': READ_FAILURES,
  'satoken_watch_errors_total reason': WATCH_FAILURES,
  'satoken_cluster_failure reason': CLUSTER_FAILURES,
  ...Object.fromEntries(RECORDED.map(([name]) => [`${name} reason`, REASONS])),
};

function mistakesIn({ metric, matchers }: Selector): readonly string[] {
  const labels = LABELS.get(metric);
  if (labels === undefined) return [`no metric ${metric}`];
  return matchers.flatMap(({ label, operator, value }) => {
    if (![...labels, ...OF_TARGETS].includes(label)) return [`no label ${label} of ${metric}`];
    const known = VALUES[`${metric} ${label}`] ?? VALUES[`* ${label}`];
    const values = operator.includes('~') ? value.split('|') : [value];
    return known === undefined ? [] : values.filter((one) => !known.includes(one));
  });
}

function mistakes(text: string): readonly string[] {
  const { selectors, labels } = parseExpression(text);
  const known = [...selectors.flatMap(({ metric }) => LABELS.get(metric) ?? []), ...OF_TARGETS];
  return [...selectors.flatMap(mistakesIn), ...labels.filter((label) => !known.includes(label))];
}

/** What descriptions ask, filled in. */
const QUERIES = [CAUSES_QUERY, BLIND_QUERY, VIEW_QUERY].map((query) => query.replaceAll('%q', '"x"'));

/** The longest that a healthy kubelet is late, as measured. */
const HEALTHY_LATENESS = 100;

describe('the expressions of the rules', () => {
  const expressions = [
    ...GROUPS.flatMap(({ recordings }) => recordings.map(({ record, expr }) => [record, expr] as const)),
    ...ALERTS.map(({ name, severity, expr }) => [`${name} (${severity})`, expr] as const),
    ...QUERIES.map((query) => [query, query] as const),
  ];
  for (const [name, expr] of expressions) {
    it(`${name} asks for metrics, labels and values that there are`, () =>
      assert.deepEqual(mistakes(expr), []));
  }

  for (const [mistake, expr] of [
    ['a metric', 'satoken_nonsense > 0'],
    ['a label', 'satoken_problem{colour="red"}'],
    ['a value', 'satoken_problem{reason="nonsense"}'],
    ['one value of several', 'satoken_problem{reason!~"expired|nonsense"}'],
    ['a cause', 'satoken_overdue_cause{cause="nonsense"}'],
    ['a label to group by', 'sum by (colour) (satoken_problems)'],
    ['a label to match on', 'up unless on (colour) satoken_problems'],
  ]) {
    it(`${mistake} that there is not is noticed`, () => assert.equal(mistakes(expr ?? '').length, 1));
  }
  it('what is no PromQL is noticed', () => assert.throws(() => mistakes('sum by (up'), /no PromQL/));

  it('look at metrics of the exporter over a time, so that no failed scrape is seen', () => {
    for (const [name, expr] of expressions.filter(([, text]) => !QUERIES.includes(text))) {
      const own = parseExpression(expr).selectors.filter(({ metric }) => metric.startsWith('satoken_'));
      assert.ok(
        own.every(({ isRange }) => isRange),
        name,
      );
    }
  });
});

describe('the rules', () => {
  for (const { name, severity, for: patience, summary, description } of ALERTS) {
    describe(`${name} (${severity})`, () => {
      it('is named as the others', () => assert.match(name, /^SAToken[A-Z][A-Za-z]+$/));
      it('is patient for longer than a healthy kubelet may be late', () => {
        assert.ok(seconds(patience) > HEALTHY_LATENESS);
      });
      it('has a summary that is one sentence, the same for all its instances', () => {
        assert.match(summary, /^[A-Z][^{}\n]+[^.]\.$/);
        assert.ok(ALERTS.filter((row) => row.summary === summary).every((row) => row.name === name));
      });
      it('says which one it is about, and ends with what to check first', () => {
        assert.match(description, / Check first: [^{}]+\.$/);
      });
    });
  }

  it('of two bands the worse is no more patient, and says the same', () => {
    const bands = ALERTS.filter(({ severity }) => severity === 'critical').flatMap((worse) =>
      ALERTS.filter(({ name, severity }) => name === worse.name && severity === 'warning').map((better) => ({
        worse,
        better,
      })),
    );
    assert.ok(bands.length > 0);
    for (const { worse, better } of bands) assert.ok(seconds(worse.for) <= seconds(better.for), worse.name);
  });

  it('a name at one severity is there once', () => {
    const keys = ALERTS.map(({ name, severity }) => `${name} ${severity}`);
    assert.deepEqual(keys, [...new Set(keys)]);
  });

  it('hold no threshold that is not a knob', () => {
    const values: readonly string[] = Object.values(KNOBS).map(({ value }) => value);
    for (const { name, expr, for: patience, keepFiringFor } of ALERTS) {
      assert.ok(
        values.includes(patience) && (keepFiringFor === undefined || values.includes(keepFiringFor)),
        name,
      );
      const numbers = expr.replace(/"[^"]*"/g, '').match(/(?<![\w.])\d+(?:\.\d+)?[smhd]?\b/g) ?? [];
      assert.deepEqual(
        numbers.filter((number) => !['0', '1', ...values].includes(number)),
        [],
        name,
      );
    }
  });

  it('absent() waits as long as a roll-out takes', () => {
    const absent = ALERTS.filter(({ expr }) => expr.includes('absent('));
    assert.ok(absent.length > 0);
    for (const { name, for: patience } of absent) assert.equal(patience, KNOBS.blind.value, name);
  });
});
