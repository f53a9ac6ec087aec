/**
 * The chart renders the same objects as the base and the overlays, and rejects unknown values and options.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'mocha';
import { describeWith } from '../../support/tools.ts';
import { configOf } from '../agreement.ts';
import { ROOT } from '../image.ts';
import { clusterRoleOf, daemonSetOf, type Manifest, monitorsOf, render } from '../manifests.ts';
import { assertValid } from '../validation.ts';
import { CHART, helmOutput, template } from './helm.ts';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

interface Named {
  readonly name: string;
}

/** Sorts variables, mounts and volumes by name. Their order does not matter, and a patch puts its own first. */
function inOrder(manifest: Manifest): Manifest {
  const sorted = (_: string, value: unknown): unknown =>
    Array.isArray(value) && value.every((one: { name?: unknown }) => typeof one.name === 'string')
      ? value.toSorted((a: Named, b: Named) => a.name.localeCompare(b.name))
      : value;
  return JSON.parse(JSON.stringify(manifest), sorted) as Manifest;
}

/** Removes the label of the release, which selectors contain, too. */
function withoutRelease(manifest: Manifest): Manifest {
  const kept = (key: string, value: unknown) => (key === 'app.kubernetes.io/instance' ? undefined : value);
  return JSON.parse(JSON.stringify(manifest, kept)) as Manifest;
}

/** Removes the labels of Helm and the Namespace, which Helm creates, and sorts by kind and name. */
function comparable(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests
    .map(inOrder)
    .map(withoutRelease)
    .filter(({ kind }) => kind !== 'Namespace')
    .map((one) => {
      const { 'app.kubernetes.io/name': name } = one.metadata.labels ?? {};
      return { ...one, metadata: { ...one.metadata, labels: { 'app.kubernetes.io/name': name ?? '' } } };
    })
    .sort((a, b) => a.kind.localeCompare(b.kind) || a.metadata.name.localeCompare(b.metadata.name));
}

/** Values that render the same objects as an overlay. */
const EQUIVALENTS = [
  { folder: 'base', values: {} },
  { folder: 'overlays/no-cluster', values: { cluster: { enabled: false } } },
  { folder: 'overlays/k0s', values: { kubelet: { rootDir: '/var/lib/k0s/kubelet' } } },
  {
    folder: 'overlays/microk8s',
    values: { kubelet: { rootDir: '/var/snap/microk8s/common/var/lib/kubelet' } },
  },
  { folder: 'overlays/namespace', values: {} },
  { folder: 'overlays/gke', values: { resourceQuota: { enabled: true } } },
  { folder: 'overlays/openshift', values: { openshift: { enabled: true } } },
  { folder: 'overlays/prometheus-operator', values: { podMonitor: { enabled: true } } },
  {
    folder: 'overlays/kube-prometheus',
    values: {
      podMonitor: { enabled: true },
      scrapers: [{ namespace: 'monitoring', serviceAccount: 'prometheus-k8s' }],
    },
  },
  { folder: 'overlays/service-monitor', values: { serviceMonitor: { enabled: true } } },
  { folder: 'overlays/kubernetes-auth', values: { web: { kubernetesAuth: true } } },
  { folder: 'overlays/web-config', values: { web: { configSecrets: ['sa-token-exporter-web'] } } },
  { folder: 'overlays/reads', values: { reads: { watch: true } } },
  {
    folder: 'overlays/seccomp',
    values: { seccompProfile: { type: 'Localhost', localhostProfile: 'sa-token-exporter.json' } },
  },
];

/** Settings of a monitor that are not mutually exclusive. */
const SCRAPE = {
  scrapeClass: 'own-token',
  scrapeTimeout: '9s',
  endpoint: {
    scheme: 'https',
    tlsConfig: { serverName: 'exporter', ca: { secret: { name: 'tls', key: 'ca.crt' } } },
    authorization: { credentials: { name: 'token', key: 'token' } },
  },
};

/** Every value, different from its default. */
const ALL = {
  image: { digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'registry' }],
  options: {
    'metrics.per-token': 'problems',
    'metrics.relative': false,
    'scan.interval': '1m',
    'web.max-requests': 9,
  },
  openshift: { enabled: true },
  reads: { watch: true },
  scrapers: [{ namespace: 'monitoring', serviceAccount: 'prometheus' }],
  web: { kubernetesAuth: true, configSecrets: ['web', 'tls'] },
  podMonitor: { enabled: true, labels: { release: 'prometheus' }, interval: '30s', ...SCRAPE },
  networkPolicy: { from: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] },
  priorityClassName: 'high',
  updateStrategy: { rollingUpdate: { maxUnavailable: 3 } },
  resources: { limits: { memory: '1Gi' } },
  nodeSelector: { pool: 'a' },
  tolerations: [{ key: 'a', operator: 'Exists' }],
  podLabels: { team: 'a' },
  podAnnotations: { note: 'a' },
};

/** Granted resources by values. */
const GRANTS = [
  {
    values: { options: { 'cluster.token-review': 'off' } },
    rules: 'pods serviceaccounts events persistentvolumeclaims',
  },
  {
    values: { options: { 'cluster.token-review': 'off' }, web: { kubernetesAuth: true } },
    rules: 'pods serviceaccounts events persistentvolumeclaims tokenreviews subjectaccessreviews',
  },
  {
    values: { cluster: { enabled: false }, web: { kubernetesAuth: true } },
    rules: 'tokenreviews subjectaccessreviews',
  },
  { values: { cluster: { enabled: false } }, rules: '' },
  {
    values: { options: { 'cluster.pods': false, 'cluster.events': false } },
    rules: 'serviceaccounts tokenreviews',
  },
  {
    values: { options: { 'cluster.serviceaccounts': false } },
    rules: 'pods events persistentvolumeclaims tokenreviews',
  },
];

/** The credentials of Prometheus: the file of its own token, unless the values configure others. */
const CREDENTIALS = [
  { it: 'no token without authentication', values: { serviceMonitor: { enabled: true } }, isFile: false },
  {
    it: 'its own token with web.kubernetesAuth',
    values: { web: { kubernetesAuth: true }, serviceMonitor: { enabled: true } },
    isFile: true,
  },
  {
    it: 'the credentials of the scrape class or the endpoint',
    values: { web: { kubernetesAuth: true }, serviceMonitor: { enabled: true, ...SCRAPE } },
    isFile: false,
  },
];

describeWith(['helm (.ci/helm)', 'kubectl'], 'the chart', () => {
  for (const { folder, values } of EQUIVALENTS) {
    it(`renders ${folder} with ${JSON.stringify(values)}`, () => {
      assert.deepEqual(comparable(template(values)), comparable(render(`daemonset/${folder}`)));
    });
  }

  it('allows the seccomp profile of the pod in the SecurityContextConstraints', () => {
    const allowed = (values: object): unknown => {
      const objects = template({ openshift: { enabled: true }, ...values });
      const constraint = objects.find(({ kind }) => kind === 'SecurityContextConstraints');
      return (constraint as { seccompProfiles?: unknown } | undefined)?.seccompProfiles;
    };
    const seccompProfile = { type: 'Localhost', localhostProfile: 'a.json' };
    assert.deepEqual(allowed({}), ['runtime/default']);
    assert.deepEqual(allowed({ seccompProfile }), ['localhost/a.json']);
  });

  it('passes helm lint --strict', () => {
    assert.match(helmOutput('lint', {}), /0 chart\(s\) failed/);
  });

  it('renders valid objects with every value set', async () => {
    const { podMonitor, ...others } = ALL;
    await assertValid([...template(ALL), ...template({ ...others, serviceMonitor: podMonitor })]);
  });

  it('sets options as environment variables, which scan and explain use too', () => {
    const { spec } = daemonSetOf(template(ALL)).spec.template;
    assert.deepEqual(spec.containers[0].args, ['serve']);
    const { perToken, isRelativeShown, scanInterval, maxRequests } = configOf(spec);
    assert.deepEqual([perToken, isRelativeShown, scanInterval, maxRequests], ['problems', false, 60, 9]);
  });

  for (const { values, rules } of GRANTS) {
    it(`grants ${rules || 'nothing'} with ${JSON.stringify(values)}`, () => {
      const granted = (clusterRoleOf(template(values))?.rules ?? []).flatMap(
        ({ resources = [] }) => resources,
      );
      assert.equal(granted.join(' '), rules);
    });
  }

  for (const { it: title, values, isFile } of CREDENTIALS) {
    it(`renders a ServiceMonitor that sends ${title}`, () => {
      const [monitor] = monitorsOf(template(values));
      assert.ok(monitor?.kind === 'ServiceMonitor');
      assert.equal(monitor.spec.endpoints[0].bearerTokenFile !== undefined, isFile);
    });
  }

  it('has the version of the project', () => {
    const text = readFileSync(join(CHART, 'Chart.yaml'), 'utf8');
    assert.match(text, new RegExp(`^version: ${version}\nappVersion: ${version}$`, 'm'));
  });
});
