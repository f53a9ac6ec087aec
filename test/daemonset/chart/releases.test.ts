/**
 * Several releases in one cluster, and the chart as a part of another one.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { stringify } from 'yaml';
import { describeWith } from '../../support/tools.ts';
import { assertAgreement } from '../agreement.ts';
import { daemonSetOf, type Manifest } from '../manifests.ts';
import { assertValid } from '../validation.ts';
import { helm, helmOutput, template } from './helm.ts';
import { withParent } from './parent.ts';

/** Everything that the chart can install, except for what one Prometheus and one Grafana need once. */
const FULL = {
  openshift: { enabled: true },
  resourceQuota: { enabled: true },
  scrapers: [{ namespace: 'monitoring', serviceAccount: 'prometheus' }],
  web: { kubernetesAuth: true },
  serviceMonitor: { enabled: true },
  audience: { rules: [{ audiences: ['a'] }] },
};

const PAIRS = [
  {
    it: 'of different names in one namespace',
    releases: [
      { name: 'a', namespace: 'monitoring' },
      { name: 'b', namespace: 'monitoring' },
    ],
  },
  {
    it: 'of one name in two namespaces',
    releases: [
      { name: 'exporter', namespace: 'a' },
      { name: 'exporter', namespace: 'b' },
    ],
  },
  {
    it: 'whose names and namespaces joined are equal',
    releases: [
      { name: 'a-sa-token-exporter', namespace: 'b' },
      { name: 'sa-token-exporter', namespace: 'b-a' },
    ],
  },
] as const;

/** What must be different. */
function identityOf({ apiVersion, kind, metadata }: Manifest): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name].join(' ');
}

function selectorOf(manifests: readonly Manifest[], kind: string): Readonly<Record<string, string>> {
  const { spec } = (manifests.find((one) => one.kind === kind) ?? assert.fail(kind)) as unknown as {
    readonly spec: { readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } };
  };
  return spec.selector.matchLabels;
}

function isSelected(
  labels: Readonly<Record<string, string>>,
  pod: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(labels).every(([name, value]) => pod[name] === value);
}

const PARENT = stringify({
  apiVersion: 'v2',
  name: 'platform',
  version: '1.0.0',
  dependencies: [{ name: 'sa-token-exporter', version: '0.1.0', condition: 'sa-token-exporter.enabled' }],
});

describeWith(['helm (.ci/helm)'], 'releases of the chart', () => {
  for (const { it: title, releases } of PAIRS) {
    it(`share no object: two ${title}`, () => {
      const objects = releases.flatMap((release) => template(FULL, release).map(identityOf));
      assert.deepEqual(objects.toSorted(), [...new Set(objects)].sort());
    });
  }

  it('select their own pods only, in one namespace', () => {
    const [{ releases }] = PAIRS;
    const [first, second] = releases.map((release) => template(FULL, release));
    assert.ok(first !== undefined && second !== undefined);
    const pod = daemonSetOf(second).spec.template.metadata.labels ?? {};
    assert.ok(isSelected(selectorOf(second, 'DaemonSet'), pod));
    for (const kind of ['DaemonSet', 'ServiceMonitor'])
      assert.ok(!isSelected(selectorOf(first, kind), pod), kind);
  });

  it('render valid objects that match each other under another name and namespace', async () => {
    const manifests = template(FULL, { name: 'exporter', namespace: 'monitoring' });
    assertAgreement(manifests);
    await assertValid(manifests);
  });

  it('have the namespace in the names of objects without one, unless the release has its name', () => {
    const names = (release: object) =>
      template(FULL, release)
        .filter(({ metadata }) => metadata.namespace === undefined)
        .map(({ metadata }) => metadata.name);
    assert.deepEqual(
      [...new Set(names({ name: 'sa-token-exporter', namespace: 'monitoring' }))],
      ['sa-token-exporter.monitoring', 'sa-token-exporter-metrics-reader.monitoring'],
    );
    assert.deepEqual([...new Set(names({}))], ['sa-token-exporter', 'sa-token-exporter-metrics-reader']);
  });

  it('render the same text each time, so that a tool that compares them finds nothing to do', () => {
    assert.equal(helmOutput('template', FULL), helmOutput('template', FULL));
  });
});

describeWith(['helm (.ci/helm)'], 'the chart in a parent chart', () => {
  it('is installed with values under its name, and global ones', async () => {
    const values = {
      global: { imageRegistry: 'mirror.example', other: true },
      'sa-token-exporter': { enabled: true, podMonitor: { enabled: true } },
    };
    const manifests = withParent(PARENT, (chart) =>
      template(values, { name: 'platform', namespace: 'platform', chart }),
    );
    const { metadata, spec } = daemonSetOf(manifests);
    assert.equal(metadata.name, 'platform-sa-token-exporter');
    assert.match(spec.template.spec.containers[0].image, /^mirror\.example\//);
    assertAgreement(manifests);
    await assertValid(manifests);
  });

  it('is not installed if the condition is false', () => {
    const values = { 'sa-token-exporter': { enabled: false } };
    assert.deepEqual(
      withParent(PARENT, (chart) => template(values, { chart })),
      [],
    );
  });

  it('rejects unknown values under its name', () => {
    const values = { 'sa-token-exporter': { replicaCount: 2 } };
    const { status, stderr } = withParent(PARENT, (chart) => helm('template', values, { chart }));
    assert.notEqual(status, 0);
    assert.match(stderr, /replicaCount: unknown value; a DaemonSet runs one pod on each node/);
  });
});
