/**
 * The installation of the dashboards: ConfigMaps for Grafana's sidecar, files for its provisioning, and the demo.
 *
 * No container is started: the tests compare the files with each other and validate them with tools.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { before, describe, it } from 'mocha';
import { parse, parseAllDocuments } from 'yaml';
import { describeWith } from '../support/tools.ts';
import { DASHBOARDS } from './model.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const DEMO = join(ROOT, 'demo');

function yaml<T>(path: string): T {
  return parse(readFileSync(join(ROOT, path), 'utf8')) as T;
}

interface ConfigMap {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly data: Readonly<Record<string, string>>;
}

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface Mount {
  readonly from: string;
  readonly to: string;
}

interface PrometheusConfig {
  readonly rule_files: readonly string[];
  readonly alerting: { readonly alertmanagers: readonly StaticTargets[] };
  readonly scrape_configs: readonly (StaticTargets & {
    readonly job_name: string;
    readonly honor_labels: boolean;
  })[];
}

interface StaticTargets {
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}

const { services } = yaml<{ services: Readonly<Record<string, Service>> }>('demo/compose.yaml');
const prometheus = yaml<PrometheusConfig>('demo/prometheus.yaml');
const provider = yaml<{ providers: readonly { options: { path: string }; allowUiUpdates: boolean }[] }>(
  'grafana/provisioning/dashboards.yaml',
).providers[0];

function mountsOf({ volumes }: Service): readonly Mount[] {
  return volumes.map((volume) => {
    const [from = '', to = '', mode] = volume.split(':');
    assert.equal(mode, 'ro', volume);
    return { from: resolve(DEMO, from), to };
  });
}

function service(name: string): Service {
  const found = services[name];
  assert.ok(found, name);
  return found;
}

/** The source of a path in the container of a service. */
function sourceOf(name: string, path: string): string | undefined {
  return mountsOf(service(name)).find(({ to }) => to === path)?.from;
}

function targetsOf({ static_configs }: StaticTargets): readonly string[] {
  return static_configs.flatMap(({ targets }) => targets);
}

describe('the demo with Grafana', () => {
  for (const [name, one] of Object.entries(services)) {
    it(`mounts existing files in ${name}`, () => {
      for (const { from } of mountsOf(one)) assert.ok(existsSync(from), from);
    });

    it(`pins the version of ${name} and publishes its ports on localhost only`, () => {
      assert.match(one.image, /:v?\d+(\.\d+\.\d+|-slim)$/);
      for (const port of one.ports) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/);
    });
  }

  it('configures Prometheus with the targets of the exporter and of Alertmanager', () => {
    const [job] = prometheus.scrape_configs;
    assert.ok(job);
    assert.equal(job.honor_labels, true);
    const alertmanagers = prometheus.alerting.alertmanagers.flatMap(targetsOf);
    for (const target of [...targetsOf(job), ...alertmanagers]) {
      const [host = '', port = ''] = target.split(':');
      assert.ok(
        service(host).ports.some((published) => published.endsWith(`:${port}`)),
        target,
      );
    }
  });

  it('mounts the configuration and the rules where Prometheus and Alertmanager read them', () => {
    const paths = ['prometheus', 'alertmanager'].flatMap((name) =>
      (service(name).command ?? [])
        .filter((argument) => argument.startsWith('--config.file='))
        .map((argument) => sourceOf(name, argument.replace('--config.file=', ''))),
    );
    assert.deepEqual(paths, [join(DEMO, 'prometheus.yaml'), join(ROOT, 'alerts/alertmanager.yaml')]);
    const rules = prometheus.rule_files.map((file) => sourceOf('prometheus', `/etc/prometheus/${file}`));
    assert.deepEqual(rules, [join(ROOT, 'alerts/rules.yaml')]);
  });

  it('mounts the dashboards where the provisioning of Grafana reads them', () => {
    assert.ok(provider);
    const dashboards = sourceOf('grafana', provider.options.path);
    assert.equal(dashboards, join(ROOT, 'grafana/dashboards'));
    const home = service('grafana').environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
    assert.ok(existsSync(home.replace(provider.options.path, join(ROOT, 'grafana/dashboards'))));
    assert.equal(provider.allowUiUpdates, false);
  });

  it('configures Prometheus as the data source of Grafana', () => {
    const { datasources } = yaml<{ datasources: readonly { type: string; url: string }[] }>(
      'demo/datasource.yaml',
    );
    assert.deepEqual(
      datasources.map(({ type, url }) => [type, url]),
      [['prometheus', 'http://prometheus:9090']],
    );
  });

  it('runs an existing program and command as the exporter', () => {
    const [node, program = '', command] = service('exporter').command ?? [];
    assert.deepEqual([node, command], ['node', 'demo']);
    assert.ok(existsSync(join(sourceOf('exporter', '/project') ?? '', program)));
  });
});

describeWith(['promtool'], 'promtool check config', () => {
  it('finds no problem in the configuration of the demo', () => {
    const args = ['check', 'config', '--syntax-only', join(DEMO, 'prometheus.yaml')];
    const { status, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
});

describeWith(['kubectl'], 'kubectl kustomize grafana', () => {
  let configMaps: readonly ConfigMap[] = [];
  before(() => {
    const made = execFileSync('kubectl', ['kustomize', join(ROOT, 'grafana')], { encoding: 'utf8' });
    configMaps = parseAllDocuments(made).map((document) => document.toJS() as ConfigMap);
  });

  it('creates a ConfigMap with each dashboard unchanged', () => {
    const found = configMaps.flatMap(({ data }) => Object.entries(data));
    const files = DASHBOARDS.map(({ uid }) => {
      const name = `${uid}.json`;
      return [name, readFileSync(join(ROOT, 'grafana/dashboards', name), 'utf8')];
    });
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(files));
    assert.equal(configMaps.length, DASHBOARDS.length);
  });

  it('adds the label that the sidecar selects', () => {
    assert.equal(configMaps.length, DASHBOARDS.length);
    for (const { kind, metadata } of configMaps)
      assert.deepEqual([kind, metadata.labels['grafana_dashboard']], ['ConfigMap', '1'], metadata.name);
  });

  it('creates no ConfigMap that is too large for the annotation of kubectl apply', () => {
    for (const configMap of configMaps)
      assert.ok(JSON.stringify(configMap).length < 256 * 1_024, configMap.metadata.name);
  });
});
