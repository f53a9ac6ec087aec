/**
 * The rules and the dashboards of the chart: those of the tables, with the changes that the values make.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { parse, stringify } from 'yaml';
import {
  rulesFile,
  rulesInSmallGroups,
  rulesWithoutQueries,
  smallGroupsFile,
} from '../../../alerts/documents.ts';
import { DASHBOARDS, print } from '../../../grafana/dashboards.ts';
import { assertCurrent } from '../../support/generated.ts';
import { describeWith } from '../../support/tools.ts';
import type { Manifest } from '../manifests.ts';
import { assertValid } from '../validation.ts';
import { CHART, helm, helmOutput, type Release, template } from './helm.ts';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
}

interface PrometheusRule extends Manifest {
  readonly spec: { readonly groups: readonly Group[] };
}

interface ConfigMap extends Manifest {
  readonly data: Readonly<Record<string, string>>;
}

const { groups: GROUPS } = parse(rulesFile()) as { readonly groups: readonly Group[] };
const { groups: SMALL_GROUPS } = parse(rulesInSmallGroups()) as { readonly groups: readonly Group[] };
const DASHBOARD_FOLDER = join(CHART, 'files/dashboards');

function groupsOf(values: object, others: object = {}, release: Release = {}): readonly Group[] {
  const manifests = template({ prometheusRule: { enabled: true, ...values }, ...others }, release);
  const found = manifests.find(({ kind }) => kind === 'PrometheusRule') ?? assert.fail('no PrometheusRule');
  return (found as PrometheusRule).spec.groups;
}

function alertsOf(values: object, name: string): readonly Rule[] {
  return groupsOf(values)
    .flatMap(({ rules }) => rules)
    .filter(({ alert }) => alert === name);
}

/** Fails if promtool does not accept the groups. */
function checkRules(groups: readonly Group[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-rules-'));
  try {
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups }));
    execFileSync('promtool', ['check', 'rules', join(folder, 'rules.yaml')], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const CHANGES = {
  grafanaUrl: 'https://grafana.example',
  runbookUrl: 'https://runbooks.example',
  alertLabels: { team: 'platform' },
  alerts: {
    SATokenLegacyMounted: { enabled: false },
    SATokenStale: { severity: 'info', for: '1h', labels: { team: 'a' }, annotations: { summary: 'Stale.' } },
    SATokenRotationOverdue: { warning: { enabled: false } },
  },
  extraRules: [{ alert: 'Mine', expr: 'satoken_tokens == 0', for: '1h', labels: { severity: 'info' } }],
};

describe('the files of the chart', () => {
  it('are the current rules', () => {
    for (const [name, text] of [
      ['files/rules.yaml', rulesFile()],
      ['files/rules-without-query.yaml', rulesWithoutQueries()],
      ['files/small-groups.yaml', smallGroupsFile()],
    ] as const)
      assertCurrent(name, readFileSync(join(CHART, name), 'utf8'), text);
  });

  it('are the current dashboards', () => {
    for (const dashboard of DASHBOARDS) {
      const name = `${dashboard.uid}.json`;
      assertCurrent(name, readFileSync(join(DASHBOARD_FOLDER, name), 'utf8'), print(dashboard));
    }
    assert.equal(readdirSync(DASHBOARD_FOLDER).length, DASHBOARDS.length);
  });
});

describeWith(['helm (.ci/helm)', 'promtool'], 'the rules of the chart', () => {
  it('are those of the tables', () => assert.deepEqual(groupsOf({}), GROUPS));

  it('have no queries in descriptions for a ruler without them', () => {
    const { groups } = parse(rulesWithoutQueries()) as { readonly groups: readonly Group[] };
    assert.deepEqual(groupsOf({ queries: false }), groups);
  });

  it('are those of the tables in small groups', () => {
    assert.deepEqual(groupsOf({ smallGroups: true }), SMALL_GROUPS);
  });

  it('are in small groups also without queries and without disabled alerts', () => {
    const values = { queries: false, alerts: { SATokenExpired: { enabled: false } } };
    const rules = groupsOf(values).flatMap((group) => group.rules);
    const idOf = ({ record, alert, labels }: Rule) => record ?? `${alert} ${labels?.['severity']}`;
    const expected = SMALL_GROUPS.map(({ name, rules: own }) => ({
      name,
      rules: own
        .filter(({ alert }) => alert !== 'SATokenExpired')
        .map((rule) => rules.find((one) => idOf(one) === idOf(rule))),
    }));
    assert.deepEqual(groupsOf({ smallGroups: true, ...values }), expected);
  });

  it('are rules of Prometheus with every change', () => checkRules(groupsOf(CHANGES)));

  it('are valid objects with every change', async () => {
    const values = { prometheusRule: { enabled: true, ...CHANGES }, dashboards: { enabled: true } };
    await assertValid(template(values));
  });

  it('leave out disabled alerts, and one severity of an alert with two', () => {
    assert.deepEqual(alertsOf(CHANGES, 'SATokenLegacyMounted'), []);
    const [critical, ...others] = alertsOf(CHANGES, 'SATokenRotationOverdue');
    assert.equal(critical?.labels?.['severity'], 'critical');
    assert.deepEqual(others, []);
  });

  it('have the severity, the duration, the labels and the annotations of the values', () => {
    const [stale] = alertsOf(CHANGES, 'SATokenStale');
    assert.equal(stale?.for, '1h');
    assert.deepEqual(stale.labels, { severity: 'info', team: 'a' });
    assert.equal(stale.annotations?.['summary'], 'Stale.');
    const [expired] = alertsOf(CHANGES, 'SATokenExpired');
    assert.equal(expired?.labels?.['team'], 'platform');
  });

  it('link to the Grafana and the runbooks of the values', () => {
    const [expired] = alertsOf(CHANGES, 'SATokenExpired');
    const { dashboard_url: dashboard = '', runbook_url: runbook } = expired?.annotations ?? {};
    assert.ok(dashboard.includes('https://grafana.example/d/satoken-'));
    assert.equal(dashboard.split('/d/satoken-').length, dashboard.split('https://grafana.example/d/').length);
    assert.equal(runbook, 'https://runbooks.example/SATokenExpired.md');
  });

  it('keep the changes of one release from the next', () => {
    assert.deepEqual(
      alertsOf({}, 'SATokenStale'),
      GROUPS.flatMap(({ rules }) => rules).filter(({ alert }) => alert === 'SATokenStale'),
    );
  });

  it('add the rules of the values', () => {
    assert.deepEqual(groupsOf(CHANGES).at(-1)?.rules, CHANGES.extraRules);
  });

  for (const [title, values, job] of [
    ['the name of the chart', { nameOverride: 'tokens' }, 'tokens'],
    ['a label of the pods', { podMonitor: { jobLabel: 'job' }, podLabels: { job: 'nodes' } }, 'nodes'],
    ['the name of the monitor without a label', { podMonitor: { jobLabel: '' }, fullnameOverride: 'x' }, 'x'],
  ] as const)
    it(`select the job that follows from ${title}`, () => {
      const down = groupsOf({}, values)
        .flatMap(({ rules }) => rules)
        .find(({ alert }) => alert === 'SATokenExporterDown');
      assert.match(down?.expr ?? '', new RegExp(`[{]job=~"[(][.][*]/[)][?]${job}"[}]`));
    });

  for (const [title, values, others, namespace] of [
    ['the release', {}, {}, 'monitoring'],
    ['the values', {}, { namespaceOverride: 'tokens' }, 'tokens'],
    ['the release without queries', { queries: false }, {}, 'monitoring'],
  ] as const)
    it(`name the namespace of ${title} in commands`, () => {
      const rules = groupsOf(values, others, { name: 'prod', namespace: 'monitoring' }).flatMap(
        (group) => group.rules,
      );
      const found = rules.flatMap(({ annotations }) => [
        ...(annotations?.['description'] ?? '').matchAll(/-n (?<namespace>\S+) EXPORTER/g),
      ]);
      assert.ok(found.length > 5);
      assert.deepEqual([...new Set(found.map(({ groups }) => groups?.['namespace']))], [namespace]);
    });

  for (const [title, values, pattern] of [
    ['the release', {}, '.*sa-token-exporter.*'],
    ['the name of the chart', { nameOverride: 'tokens' }, 'prod-tokens'],
    ['the full name', { fullnameOverride: 'tokens' }, 'tokens'],
  ] as const)
    it(`select the DaemonSet by a name that follows from ${title}`, () => {
      const rules = groupsOf({}, values, { name: 'prod' }).flatMap((group) => group.rules);
      const found = rules.flatMap(({ expr }) => [...expr.matchAll(/[{]daemonset=~"(?<pattern>[^"]+)"[}]/g)]);
      assert.deepEqual([...new Set(found.map(({ groups }) => groups?.['pattern']))], [pattern]);
    });

  for (const [title, prometheusRule, message] of [
    [
      'an alert that does not exist',
      { alerts: { SATokenStal: {} } },
      /SATokenStal: unknown alert; did you mean .*SATokenStale/,
    ],
    [
      'a severity for two',
      { alerts: { SATokenRotationOverdue: { severity: 'info' } } },
      /write SATokenRotationOverdue: \{\w+: \{severity: info\}\}/,
    ],
    [
      'a severity that an alert does not have',
      { alerts: { SATokenLegacyMounted: { critical: {} } } },
      /the alert is info/,
    ],
    [
      'an unknown change',
      { alerts: { SATokenStale: { interval: '1m' } } },
      /SATokenStale\.interval: unknown key; write one of .*for/,
    ],
    ['rules in groups', { groups: [] }, /write prometheusRule.extraRules/],
  ] as const)
    it(`are rejected with ${title}`, () => {
      const { status, stderr } = helm('template', { prometheusRule });
      assert.notEqual(status, 0);
      assert.match(stderr, message);
    });
});

describeWith(['helm (.ci/helm)'], 'the dashboards of the chart', () => {
  const values = { dashboards: { enabled: true, namespace: 'monitoring', labels: { a: 'b' } } };
  const maps = () =>
    template(values).filter(({ kind }) => kind === 'ConfigMap') as unknown as readonly ConfigMap[];

  it('are those of the tables', () => {
    const files = Object.fromEntries(maps().flatMap(({ data }) => Object.entries(data)));
    const expected = DASHBOARDS.map((dashboard) => [
      `${dashboard.uid}.json`,
      JSON.parse(print(dashboard)) as unknown,
    ]);
    const found = Object.entries(files).map(([name, text]) => [basename(name), JSON.parse(text) as unknown]);
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected));
  });

  it('have the label and the folder that the sidecar of Grafana looks for', () => {
    for (const { metadata } of maps()) {
      assert.equal(metadata.namespace, 'monitoring');
      assert.equal(metadata.labels?.['grafana_dashboard'], '1');
      assert.equal(metadata.labels['a'], 'b');
      assert.equal(metadata.annotations?.['grafana_folder'], 'ServiceAccount tokens');
    }
  });

  it('fit into the Secret of a release together with everything else', () => {
    const all = { ...values, prometheusRule: { enabled: true }, podMonitor: { enabled: true } };
    const files = readdirSync(DASHBOARD_FOLDER).map((name) =>
      readFileSync(join(DASHBOARD_FOLDER, name)).toString('base64'),
    );
    const rules = ['rules.yaml', 'rules-without-query.yaml', 'small-groups.yaml'].map((name) =>
      readFileSync(join(CHART, 'files', name)).toString('base64'),
    );
    const release = gzipSync(helmOutput('template', all) + files.join('') + rules.join(''));
    // etcd accepts 1.5 MiB and the API server 1 MiB of data; Helm encodes twice.
    assert.ok((release.length * 16) / 9 < 700_000, `${release.length}`);
  });
});
