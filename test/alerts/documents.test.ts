/**
 * The generated files of the alerts are current, and valid for promtool and amtool.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import {
  alertmanagerFile,
  prometheusRule,
  rulesFile,
  rulesInSmallGroups,
  rulesWithoutQueries,
} from '../../alerts/documents.ts';
import { ALERTS } from '../../alerts/groups.ts';
import { INHIBITIONS } from '../../alerts/inhibitions.ts';
import { ROOT } from '../docs/documents.ts';
import { assertCurrent } from '../support/generated.ts';
import { describeWith, PROMTOOL_3, VMALERT } from '../support/tools.ts';

const FOLDER = join(ROOT, 'alerts');

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: FOLDER });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

interface Rule {
  readonly alert?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Rules {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly Rule[];
  }[];
}

interface Receivers {
  readonly receivers: readonly { readonly slack_configs: readonly { readonly text: string }[] }[];
}

describe('the files of the alerts', () => {
  for (const [name, text] of [
    ['rules.yaml', rulesFile()],
    ['rules-without-query.yaml', rulesWithoutQueries()],
    ['rules-small-groups.yaml', rulesInSmallGroups()],
    ['prometheusrule.yaml', prometheusRule()],
    ['alertmanager.yaml', alertmanagerFile()],
  ] as const) {
    it(`alerts/${name} is current`, () => assertCurrent(`alerts/${name}`, read(name), text));
  }

  it('include every row in rules.yaml', () => {
    const { groups } = parse(read('rules.yaml')) as Rules;
    const names = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
    assert.deepEqual(
      names,
      ALERTS.map(({ name }) => name),
    );
  });

  it('have no label but the severity in rules.yaml: a changing value would make a new alert', () => {
    const { groups } = parse(read('rules.yaml')) as Rules;
    const alerts = groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined));
    assert.deepEqual(
      alerts.map(({ labels }) => labels),
      ALERTS.map(({ severity }) => ({ severity })),
    );
  });

  it('have the groups of rules.yaml in a valid PrometheusRule', () => {
    const { spec, metadata, ...rest } = parse(read('prometheusrule.yaml')) as {
      spec: Rules;
      metadata: object;
    };
    assert.deepEqual(spec, parse(read('rules.yaml')));
    assert.deepEqual(rest, { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' });
    assert.deepEqual(metadata, {
      name: 'sa-token-exporter',
      labels: { 'app.kubernetes.io/name': 'sa-token-exporter' },
    });
  });

  it('have the reason of every inhibition as a comment in alertmanager.yaml', () => {
    for (const { because } of INHIBITIONS)
      assert.ok(read('alertmanager.yaml').includes(`  # ${because}\n  - `));
  });
});

/** The rules as Prometheus loads them. */
const RULES = ['rules.yaml', 'rules-without-query.yaml', 'rules-small-groups.yaml'];

describeWith(['promtool'], 'promtool', () => {
  for (const file of RULES)
    it(`finds no problem in ${file}`, () => {
      assert.match(run('promtool', 'check', 'rules', file), /SUCCESS/);
    });
});

describeWith(['vmalert (.ci/vmalert)'], 'vmalert', () => {
  for (const file of RULES) it(`finds no problem in ${file}`, () => run(VMALERT, '-dryRun', `-rule=${file}`));

  it('would find a template that it cannot run', () => {
    const rule = { alert: 'A', expr: 'up', annotations: { summary: '{{ nonsense }}' } };
    const file = join(mkdtempSync(join(tmpdir(), 'satoken-vmalert-')), 'rules.yaml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'a', rules: [rule] }] }));
    assert.throws(() => run(VMALERT, '-dryRun', `-rule=${file}`), /nonsense/);
    rmSync(dirname(file), { recursive: true });
  });
});

describeWith(['promtool 3 (.ci/prometheus3)'], 'promtool 3', () => {
  it('finds no problem in rules.yaml with all lint rules', () => {
    assert.match(run(PROMTOOL_3, 'check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'), /SUCCESS/);
  });
});

describeWith(['amtool'], 'amtool', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-amtool-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('finds no problem in alertmanager.yaml', () => {
    assert.match(run('amtool', 'check-config', 'alertmanager.yaml'), /SUCCESS/);
  });
  for (const [severity, receiver] of [
    ['critical', 'pages'],
    ['warning', 'tickets'],
    ['info', 'none'],
  ] as const) {
    it(`routes ${severity} alerts to ${receiver}`, () => {
      const args = [
        'config',
        'routes',
        'test',
        '--config.file=alertmanager.yaml',
        'alertname=SATokenExpired',
      ];
      assert.equal(run('amtool', ...args, `severity=${severity}`).trim(), receiver);
    });
  }
  it('renders links from the example in docs/alerts.md', () => {
    const text = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');
    const { receivers } = parse(/```yaml\n(receivers:.*?)```/s.exec(text)?.[1] ?? '') as Receivers;
    const template = `--template.text=${receivers[0]?.slack_configs[0]?.text}`;
    const annotations = {
      description: 'It fails.',
      dashboard_url: '/d/a?b=c&d=e',
      runbook_url: 'https://r/A.md',
    };
    const data = join(folder, 'data.json');
    writeFileSync(data, JSON.stringify({ alerts: [{ annotations }] }));
    const options = ['--template.glob=/dev/null', '--template.type=text', `--template.data=${data}`];
    assert.equal(
      run('amtool', 'template', 'render', ...options, template).trim(),
      'It fails. <https://grafana.example.com/d/a?b=c&d=e|Dashboard>, <https://r/A.md|runbook>',
    );
  });
});
