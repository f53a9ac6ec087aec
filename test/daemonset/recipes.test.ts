/**
 * The recipes: every example is rendered and valid, and refers to what exists.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  copyFileSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'mocha';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { describeWith } from '../support/tools.ts';
import { assertAgreement } from './agreement.ts';
import { emptyFields, missingDefaults } from './api-defaults.ts';
import { template } from './chart/helm.ts';
import { withParent } from './chart/parent.ts';
import { ROOT } from './image.ts';
import { daemonSetOf, type Manifest, renderKustomization } from './manifests.ts';
import { assertValid } from './validation.ts';

const TEXT = readFileSync(join(ROOT, 'docs/recipes.md'), 'utf8');

interface Example {
  readonly heading: string;
  readonly text: string;
}

/** The examples in YAML, with the heading above each. */
const EXAMPLES: readonly Example[] = TEXT.split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const [heading = ''] = section.split('\n');
    return [...section.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => ({ heading, text }));
  });

function valuesIn({ text }: Example): boolean {
  return text.startsWith('# values.yaml\n');
}

/** The examples with an object of this kind, as objects. */
function objectsOf<T>(kind: string): readonly (Manifest & T)[] {
  return EXAMPLES.filter((one) => !valuesIn(one))
    .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as Manifest & T))
    .filter((object) => object.kind === kind);
}

async function assertInstallable(manifests: readonly Manifest[]): Promise<void> {
  assertAgreement(manifests);
  assert.deepEqual(
    manifests.flatMap((one) => [...missingDefaults(one), ...emptyFields(one)]),
    [],
  );
  // Azure has the same objects in a group of its own.
  await assertValid(
    manifests.map((one) => ({ ...one, apiVersion: one.apiVersion.replace('azmonitoring.', 'monitoring.') })),
  );
}

interface Application {
  readonly spec: {
    readonly source: {
      readonly path: string;
      readonly helm: { readonly releaseName: string; readonly valuesObject: object };
    };
    readonly destination: { readonly namespace: string };
  };
}

interface HelmRelease {
  readonly spec: {
    readonly releaseName: string;
    readonly chart: {
      readonly spec: { readonly chart: string; readonly sourceRef: { readonly name: string } };
    };
    readonly values: object;
  };
}

interface ClusterPodMonitoring {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly endpoints: readonly { readonly port: string }[];
    readonly targetLabels: { readonly metadata: readonly string[] };
  };
}

interface Configuration {
  readonly global?: object;
  readonly rule_files?: readonly string[];
  readonly alerting?: object;
  readonly scrape_configs?: readonly {
    readonly job_name: string;
    readonly honor_labels: boolean;
    readonly kubernetes_sd_configs?: readonly { readonly role: string }[];
  }[];
}

/** Fails if promtool rejects the configuration. Debian builds Prometheus without the discovery of Kubernetes. */
function checkConfiguration(configuration: Configuration, ...flags: readonly string[]): void {
  const jobs = (configuration.scrape_configs ?? []).map(({ kubernetes_sd_configs: discovery, ...job }) => {
    assert.equal(discovery?.[0]?.role, 'pod');
    return job;
  });
  const folder = mkdtempSync(join(tmpdir(), 'satoken-recipe-'));
  try {
    const file = join(folder, 'prometheus.yml');
    copyFileSync(join(ROOT, 'alerts/rules.yaml'), join(folder, 'rules.yaml'));
    writeFileSync(file, stringify({ ...configuration, scrape_configs: jobs }));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'config', ...flags, file], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeWith(['helm (.ci/helm)', 'kubectl', 'promtool'], 'a recipe', () => {
  it('exists for each environment that users ask for', () => {
    const headings = [...new Set(EXAMPLES.map(({ heading }) => heading))].join('\n');
    for (const name of [
      'kube-prometheus-stack',
      'Argo CD',
      'Flux',
      'Google',
      'Azure',
      'OpenShift',
      'SELinux',
      'Thanos',
    ])
      assert.match(headings, new RegExp(name));
  });

  for (const example of EXAMPLES.filter(valuesIn))
    it(`renders valid objects for ${example.heading}`, async () => {
      await assertInstallable(template(parse(example.text) as object));
    });

  it('renders the dependency of a parent chart', async () => {
    const [chart, values] = EXAMPLES.filter(({ heading }) => heading === 'A chart of your platform');
    assert.ok(chart !== undefined && values !== undefined);
    const manifests = withParent(chart.text, (folder) =>
      template(parse(values.text) as object, { name: 'platform', chart: folder }),
    );
    assert.equal(daemonSetOf(manifests).metadata.name, 'sa-token-exporter');
    assert.match(daemonSetOf(manifests).spec.template.spec.containers[0].image, /^REGISTRY\//);
    await assertInstallable(manifests);
  });

  for (const component of ['', '../daemonset/components/openshift'])
    it(`renders the exporter, alerts and dashboards in one kustomization, ${component || 'alone'}`, async () => {
      const { text } = EXAMPLES.find((one) => one.text.includes('kind: Kustomization')) ?? assert.fail();
      const manifests = renderKustomization(
        component === '' ? text : text.replace('components:\n', `$&  - ${component}\n`),
      );
      await assertInstallable(manifests);
      const placesOf = (...kinds: readonly string[]) =>
        manifests
          .filter(({ kind }) => kinds.includes(kind))
          .map(({ metadata }) => [metadata.namespace, metadata.labels?.['release']]);
      const own = ['sa-token-exporter', 'RELEASE'];
      assert.deepEqual(placesOf('PrometheusRule', 'PodMonitor'), [own, own]);
      const dashboards = globSync('grafana/dashboards/*.json', { cwd: ROOT });
      assert.deepEqual(
        placesOf('ConfigMap'),
        dashboards.map(() => ['monitoring', undefined]),
      );
      assert.match(daemonSetOf(manifests).spec.template.spec.containers[0].image, /^REGISTRY\//);
    });

  it('renders the source of an Application of Argo CD', async () => {
    const [application] = objectsOf<Application>('Application');
    const { source, destination } = (application ?? assert.fail('no Application')).spec;
    accessSync(join(ROOT, source.path, 'Chart.yaml'));
    const { releaseName: name, valuesObject } = source.helm;
    await assertInstallable(template(valuesObject, { name, namespace: destination.namespace }));
  });

  it('renders the chart of a HelmRelease of Flux', async () => {
    const [release] = objectsOf<HelmRelease>('HelmRelease');
    const { spec, metadata } = release ?? assert.fail('no HelmRelease');
    accessSync(join(ROOT, spec.chart.spec.chart, 'Chart.yaml'));
    assert.equal(spec.chart.spec.sourceRef.name, objectsOf('GitRepository')[0]?.metadata.name);
    await assertInstallable(
      template(spec.values, { name: spec.releaseName, namespace: metadata.namespace ?? '' }),
    );
  });

  it('selects the port of the pods with a ClusterPodMonitoring that adds no labels', () => {
    const [monitoring] = objectsOf<ClusterPodMonitoring>('ClusterPodMonitoring');
    const { selector, endpoints, targetLabels } = (monitoring ?? assert.fail('no monitoring')).spec;
    const { metadata, spec } = daemonSetOf(template()).spec.template;
    for (const [name, value] of Object.entries(selector.matchLabels))
      assert.equal(metadata.labels?.[name], value);
    assert.deepEqual(
      endpoints.map(({ port }) => port),
      ['metrics'],
    );
    assert.ok(spec.containers[0].ports.some(({ name }) => name === 'metrics'));
    assert.deepEqual(targetLabels.metadata, []);
  });

  /** The only example with this part, as an object. */
  const configurationWith = (part: string): Configuration => {
    const found = EXAMPLES.filter((one) => one.text.includes(part));
    assert.equal(found.length, 1);
    return parse(found[0]?.text ?? '') as Configuration;
  };

  it('has a configuration that Prometheus accepts, with the rules next to it', () => {
    const { scrape_configs: jobs = [] } = configurationWith('rule_files:');
    assert.deepEqual(
      jobs.map(({ job_name, honor_labels }) => [job_name, honor_labels]),
      [['sa-token-exporter', true]],
    );
    checkConfiguration(configurationWith('rule_files:'));
  });

  it('has a configuration that Prometheus accepts with --agent', () => {
    const { rule_files: _rules, alerting: _alerting, ...scraping } = configurationWith('rule_files:');
    const central = configurationWith('remote_write:');
    checkConfiguration(
      { ...scraping, ...central, global: { ...scraping.global, ...central.global } },
      '--agent',
    );
  });

  it('is of a kind that is tested here', () => {
    const tested = ['Application', 'Kustomization', 'GitRepository', 'HelmRelease', 'ClusterPodMonitoring'];
    const others = EXAMPLES.filter((one) => !valuesIn(one))
      .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as { kind?: string }))
      .filter(({ kind }) => kind === undefined || !tested.includes(kind));
    // The chart and the values of the parent, and two configurations of Prometheus.
    assert.equal(others.length, 4, stringify(others));
  });
});
