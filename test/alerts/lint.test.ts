/**
 * The rules refer to existing metrics, labels and values, and follow the conventions for alerts.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from 'mocha';
import {
  ACCOUNT_SEEN_QUERY,
  CLUSTER_SEEN_QUERY,
  EXPORTER_QUERY,
  FIRST_QUERY,
  HOLDERS_QUERY,
  INFO_PODS_QUERY,
  PODS_QUERY,
  SEEN_QUERY,
  TIMES_QUERY,
  WORKLOAD_QUERY,
} from '../../alerts/details.ts';
import { ALERTS, GROUPS } from '../../alerts/groups.ts';
import { KNOBS } from '../../alerts/knobs.ts';
import {
  BLIND_QUERY,
  BY,
  CAUSES_OF_NODE,
  CAUSES_QUERY,
  RARELY_SCRAPED,
  SCRAPED,
  VIEW_QUERY,
} from '../../alerts/rule.ts';
import { OVERDUE_CAUSES } from '../../src/core/causes/overdue-cause.ts';
import { REASONS } from '../../src/core/checks/index.ts';
import { CLUSTER_FAILURES, CLUSTER_RESOURCES } from '../../src/core/cluster-facts.ts';
import { READ_FAILURES } from '../../src/core/observation.ts';
import { ORIGINS } from '../../src/core/origin.ts';
import { SEVERITIES } from '../../src/core/problems/severity.ts';
import { TOKEN_STATES } from '../../src/core/rotation.ts';
import { SELF_CHECKS } from '../../src/core/self-check.ts';
import { TOKEN_KINDS } from '../../src/core/token/token.ts';
import { PARTS } from '../../src/metrics/exporter-rows.ts';
import { TOKEN_LABELS } from '../../src/metrics/labels.ts';
import { METRICS } from '../../src/metrics/rows.ts';
import { ACCESS_RESOURCES } from '../../src/sources/api-server/client/requests.ts';
import { WATCH_FAILURES } from '../../src/sources/files/watch.ts';
import { ROOT } from '../docs/documents.ts';
import { parseExpression, type Selector, seconds } from './promql.ts';

/** Metrics of other exporters, with the labels that the rules use. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  up: [],
  // kube-state-metrics
  kube_daemonset_status_current_number_scheduled: ['namespace', 'daemonset'],
  kube_replicaset_spec_replicas: ['namespace', 'replicaset'],
  kube_replicaset_status_replicas: ['namespace', 'replicaset'],
  kube_statefulset_replicas: ['namespace', 'statefulset'],
  kube_statefulset_status_replicas: ['namespace', 'statefulset'],
  kube_statefulset_status_replicas_ready: ['namespace', 'statefulset'],
  kube_node_info: ['node', 'os_image', 'kubelet_version'],
  kube_daemonset_status_desired_number_scheduled: ['namespace', 'daemonset'],
  kube_daemonset_status_number_ready: ['namespace', 'daemonset'],
  kube_daemonset_status_updated_number_scheduled: ['namespace', 'daemonset'],
  kube_node_status_condition: ['node', 'condition', 'status'],
  // The API server
  serviceaccount_stale_tokens_total: [],
  serviceaccount_legacy_tokens_total: [],
};
/** Labels that Prometheus or relabeling adds to any series. */
const TARGET_LABELS = ['job', 'instance', 'cluster', 'node'];

const RECORDED = GROUPS.flatMap(({ recordings }) =>
  recordings.map(({ record }) => [record, [...TOKEN_LABELS, 'reason', 'severity', 'since']] as const),
);
const LABELS = new Map<string, readonly string[]>([
  ...METRICS.map(({ name, labels }) => [name, labels] as const),
  // A PodMonitor adds those of the exporter's pod to metrics without labels of their own by these names.
  ['satoken_exporter_build_info', ['namespace', 'pod']],
  ...Object.entries(FOREIGN),
  ...RECORDED,
]);

/** The possible values of labels, by metric and label. `*` is any metric. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  '* state': TOKEN_STATES,
  '* kind': TOKEN_KINDS,
  '* origin': ORIGINS,
  '* severity': SEVERITIES,
  '* cause': OVERDUE_CAUSES,
  '* check': SELF_CHECKS,
  '* resource': CLUSTER_RESOURCES,
  'satoken_cluster_requests_total resource': [...CLUSTER_RESOURCES, ...ACCESS_RESOURCES],
  '* part': PARTS,
  '* since': ['refresh_due', 'issued'],
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
    if (![...labels, ...TARGET_LABELS].includes(label)) return [`no label ${label} of ${metric}`];
    const known = VALUES[`${metric} ${label}`] ?? VALUES[`* ${label}`];
    const values = operator.includes('~') ? value.split('|') : [value];
    return known === undefined ? [] : values.filter((one) => !known.includes(one));
  });
}

function mistakes(text: string): readonly string[] {
  const { selectors, labels } = parseExpression(text);
  const known = [...selectors.flatMap(({ metric }) => LABELS.get(metric) ?? []), ...TARGET_LABELS];
  return [...selectors.flatMap(mistakesIn), ...labels.filter((label) => !known.includes(label))];
}

/** The queries in descriptions, with their parameters. */
const QUERIES = [
  CAUSES_QUERY,
  BLIND_QUERY,
  VIEW_QUERY,
  TIMES_QUERY,
  SEEN_QUERY,
  CLUSTER_SEEN_QUERY,
  ACCOUNT_SEEN_QUERY,
  PODS_QUERY,
  INFO_PODS_QUERY,
  FIRST_QUERY,
  EXPORTER_QUERY,
  HOLDERS_QUERY,
  WORKLOAD_QUERY,
].map((query) =>
  query.replaceAll(/reason=%\[\d\]q/g, 'reason="expired"').replaceAll(/%(?:\[\d\])?q/g, '"x"'),
);
/** The longest text of a description, without the values of labels and queries. */
const MAX_TEXT = 300;

/** The longest measured delay of a healthy kubelet in seconds. */
const HEALTHY_DELAY = 100;
/** The exporter raises them after the delay of a healthy kubelet, or they do not depend on it. */
const RAISED_LATE = [
  'satoken_overdue_cause',
  'node:satoken_rotation:stalled',
  'satoken_canary_healthy',
  'satoken_self_view',
  'satoken_kubelet_last_sync_timestamp_seconds',
  'satoken_last_scan_timestamp_seconds',
];
/** Alerts that need no such delay: many nodes together are not late by chance. */
const ABOUT_MANY = ['SATokenRotationStalledFleet', 'SATokenWorkloadRotationOverdue'];
/** Early signs; they need the time of the sample. */
const NOT_BRIDGED = [
  'satoken_canary_issued_timestamp_seconds',
  'satoken_canary_refresh_due_timestamp_seconds',
  'satoken_kubelet_last_sync_timestamp_seconds',
];
const REASONS_RAISED_LATE = [
  'rotation_overdue',
  'expired',
  'subpath_frozen',
  'stale',
  'service_account_missing',
  'service_account_recreated',
];

function isRaisedLate({ metric, matchers }: Selector): boolean {
  const reason = matchers.find(({ label, operator }) => label === 'reason' && !operator.startsWith('!'));
  const reasons = reason?.value.split('|') ?? [''];
  return RAISED_LATE.includes(metric) || reasons.every((one) => REASONS_RAISED_LATE.includes(one));
}

/** The selector of the series that every node has in every scrape. */
const [WITNESS] = parseExpression(SCRAPED).selectors;

function isBridged(one: Selector, all: readonly Selector[]): boolean {
  return all.some((other) => other.isRange && isDeepStrictEqual({ ...other, isRange: false }, one));
}

describe('the expressions of the rules', () => {
  const expressions = [
    ...GROUPS.flatMap(({ recordings }) => recordings.map(({ record, expr }) => [record, expr] as const)),
    ...ALERTS.map(({ name, severity, expr }) => [`${name} (${severity})`, expr] as const),
    ...QUERIES.map((query) => [query, query] as const),
  ];
  for (const [name, expr] of expressions) {
    it(`refer to existing metrics, labels and values: ${name}`, () => assert.deepEqual(mistakes(expr), []));
  }

  for (const [mistake, expr] of [
    ['a metric', 'satoken_nonsense > 0'],
    ['a label', 'satoken_problem{color="red"}'],
    ['a value', 'satoken_problem{reason="nonsense"}'],
    ['one of several values', 'satoken_problem{reason!~"expired|nonsense"}'],
    ['a cause', 'satoken_overdue_cause{cause="nonsense"}'],
    ['a label to group by', 'sum by (color) (satoken_problems)'],
    ['a label to match on', 'up unless on (color) satoken_problems'],
  ]) {
    it(`would fail the test with ${mistake} that does not exist`, () =>
      assert.equal(mistakes(expr ?? '').length, 1));
  }
  it('would fail the test with invalid PromQL', () =>
    assert.throws(() => mistakes('sum by (up'), /invalid PromQL/));

  it('bridge each metric of the exporter over failed scrapes of its node', () => {
    for (const [name, expr] of expressions.filter(([, text]) => !QUERIES.includes(text))) {
      const { selectors } = parseExpression(expr);
      // It records again what it recorded before.
      if (expr.includes(`or (${name} unless on (${BY.node}) ${SCRAPED} and `)) continue;
      // Only those that record again read it.
      if (name === 'node:satoken_problems:found') continue;
      const own = selectors.filter(({ metric }) => metric.startsWith('satoken_'));
      const current = own.filter(
        (one) => !one.isRange && !isDeepStrictEqual(one, WITNESS) && !NOT_BRIDGED.includes(one.metric),
      );
      assert.ok(
        current.every((one) => isBridged(one, own)),
        name,
      );
    }
  });
});

describe('the rules', () => {
  for (const { name, severity, for: duration, expr, summary, description } of ALERTS) {
    describe(`${name} (${severity})`, () => {
      it('has a name like the others', () => assert.match(name, /^SAToken[A-Z][A-Za-z]+$/));
      it('has a `for` duration longer than the delay of a healthy kubelet, unless the exporter waits for that', () => {
        const { selectors } = parseExpression(expr);
        const own = selectors.filter(
          (one) => one.metric !== RARELY_SCRAPED && !isDeepStrictEqual(one, WITNESS),
        );
        assert.ok(seconds(duration) > HEALTHY_DELAY || own.every(isRaisedLate) || ABOUT_MANY.includes(name));
      });
      it('has a summary of one sentence without templates, which no other alert has', () => {
        assert.match(summary, /^[A-Z][^{}\n]+[^.]\.$/);
        assert.ok(ALERTS.filter((row) => row.summary === summary).every((row) => row.name === name));
      });
      it('has a description that ends with what to check first, or with details', () => {
        assert.match(description, / Check first: [^{}]+\.(?:$| Details: |\{\{ with )/);
      });
      it('has a description of less than 300 characters before the values in it', () => {
        const text = description
          .replace(CAUSES_OF_NODE, '')
          .replaceAll(/\{\{ else \}\}.*?\{\{ end \}\}/g, '')
          .replaceAll(/\{\{.*?\}\}/g, '');
        assert.ok(text.length < MAX_TEXT, `${text.length}: ${text}`);
      });
    });
  }

  it('quote only log messages that the exporter writes', () => {
    const quoted = ALERTS.flatMap(({ description }) => [...description.matchAll(/its log, for "([^"]+)"/g)]);
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    assert.ok(quoted.length > 0);
    for (const [, message = ''] of quoted)
      assert.ok(
        sources.some((source) => source.includes(message)),
        message,
      );
  });

  it('fire as critical no later than as warning', () => {
    const pairs = ALERTS.filter(({ severity }) => severity === 'critical').flatMap((worse) =>
      ALERTS.filter(({ name, severity }) => name === worse.name && severity === 'warning').map((better) => ({
        worse,
        better,
      })),
    );
    assert.ok(pairs.length > 0);
    // That of a cluster escalates: most restarts of an API server are over by then.
    for (const { worse, better } of pairs)
      if (!ABOUT_MANY.includes(worse.name)) assert.ok(seconds(worse.for) <= seconds(better.for), worse.name);
  });

  it('have each name once at each severity', () => {
    const keys = ALERTS.map(({ name, severity }) => `${name} ${severity}`);
    assert.deepEqual(keys, [...new Set(keys)]);
  });

  it('have no threshold that is not a knob', () => {
    const values: readonly string[] = Object.values(KNOBS).map(({ value }) => value);
    for (const { name, expr, for: duration, keepFiringFor } of ALERTS) {
      assert.ok(
        values.includes(duration) && (keepFiringFor === undefined || values.includes(keepFiringFor)),
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

  it('wait as long as a rollout takes before absent() fires', () => {
    const absent = ALERTS.filter(({ expr }) => expr.includes('absent('));
    assert.ok(absent.length > 0);
    for (const { name, for: duration } of absent) assert.equal(duration, KNOBS.blind.value, name);
  });
});
