/**
 * The chart: renders what the base and the overlays have, takes no value that it does not know, and no other option
 * than the exporter's.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'mocha';
import { OPTIONS } from '../../src/config/options.ts';
import { describeWith } from '../support/tools.ts';
import { configOf } from './agreement.ts';
import { CHART, helm, helmOutput, template } from './helm.ts';
import { ROOT } from './image.ts';
import { clusterRoleOf, daemonSetOf, type Manifest, monitorsOf, render } from './manifests.ts';
import { assertValid } from './validation.ts';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

interface Named {
  readonly name: string;
}

/** Variables, mounts and volumes in the order of their names, which says nothing: a patch puts its own first. */
function inOrder(manifest: Manifest): Manifest {
  const sorted = (_: string, value: unknown): unknown =>
    Array.isArray(value) && value.every((one: { name?: unknown }) => typeof one.name === 'string')
      ? value.toSorted((a: Named, b: Named) => a.name.localeCompare(b.name))
      : value;
  return JSON.parse(JSON.stringify(manifest), sorted) as Manifest;
}

/** Without what Helm adds to labels, in the order of their kinds and names; Helm makes the namespace itself. */
function comparable(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests
    .map(inOrder)
    .filter(({ kind }) => kind !== 'Namespace')
    .map((one) => {
      const { 'app.kubernetes.io/name': name } = one.metadata.labels ?? {};
      return { ...one, metadata: { ...one.metadata, labels: { 'app.kubernetes.io/name': name ?? '' } } };
    })
    .sort((a, b) => a.kind.localeCompare(b.kind) || a.metadata.name.localeCompare(b.metadata.name));
}

/** Values that come to what an overlay has. */
const EQUIVALENTS = [
  { folder: 'base', values: {} },
  { folder: 'overlays/no-cluster', values: { cluster: { enabled: false } } },
  { folder: 'overlays/k0s', values: { kubelet: { rootDir: '/var/lib/k0s/kubelet' } } },
  {
    folder: 'overlays/microk8s',
    values: { kubelet: { rootDir: '/var/snap/microk8s/common/var/lib/kubelet' } },
  },
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
  {
    folder: 'overlays/seccomp',
    values: { seccompProfile: { type: 'Localhost', localhostProfile: 'sa-token-exporter.json' } },
  },
];

/** What either monitor may say of how Prometheus asks; what excludes another is not among it. */
const SCRAPE = {
  scrapeClass: 'own-token',
  endpoint: {
    scheme: 'https',
    scrapeTimeout: '9s',
    tlsConfig: { serverName: 'exporter', ca: { secret: { name: 'tls', key: 'ca.crt' } } },
    authorization: { credentials: { name: 'token', key: 'token' } },
  },
};

const USER = { username: { name: 'user', key: 'username' }, password: { name: 'user', key: 'password' } };

/** Values that are set, all of them other than they come. */
const ALL = {
  image: { digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always', pullSecrets: [{ name: 'registry' }] },
  options: {
    'metrics.per-token': 'problems',
    'metrics.relative': false,
    'scan.interval': '1m',
    'web.max-requests': 9,
  },
  openshift: { enabled: true },
  scrapers: [{ namespace: 'monitoring', serviceAccount: 'prometheus' }],
  web: { kubernetesAuth: true, configSecrets: ['web', 'tls'] },
  podMonitor: { enabled: true, labels: { release: 'prometheus' }, interval: '30s', ...SCRAPE },
  networkPolicy: { from: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] },
  priorityClassName: 'high',
  maxUnavailable: 3,
  resources: { limits: { memory: '1Gi' } },
  nodeSelector: { pool: 'a' },
  tolerations: [{ key: 'a', operator: 'Exists' }],
  podLabels: { team: 'a' },
  podAnnotations: { note: 'a' },
};

/** What must be refused, and what the message names. */
const INVALID: readonly { readonly it: string; readonly values: object; readonly names: RegExp }[] = [
  { it: 'a value that is not there', values: { replicas: 2 }, names: /replicas/ },
  { it: 'one deeper down', values: { image: { name: 'x' } }, names: /image[\s\S]*name/ },
  {
    it: 'an option that the exporter has not',
    values: { options: { 'metrics.nonsense': 1 } },
    names: /metrics\.nonsense/,
  },
  {
    it: 'an option that the chart sets itself',
    values: { options: { 'node-name': 'x' } },
    names: /node-name/,
  },
  { it: 'a switch that is no boolean', values: { options: { 'scan.watch': 'no' } }, names: /scan\.watch/ },
  { it: 'a digest that is none', values: { image: { digest: 'latest' } }, names: /digest/ },
  { it: 'a folder that is not absolute', values: { kubelet: { rootDir: 'kubelet' } }, names: /rootDir/ },
  { it: 'a share of nodes that is none', values: { maxUnavailable: 'some' }, names: /maxUnavailable/ },
  { it: 'text for a number of resources', values: { resources: { limits: 'none' } }, names: /limits/ },
  { it: 'a word for a boolean', values: { cluster: { enabled: 'yes' } }, names: /enabled/ },
  {
    it: 'a Secret where there may be several',
    values: { web: { configSecrets: 'a' } },
    names: /configSecrets/,
  },
  {
    it: 'a scraper without its namespace',
    values: { scrapers: [{ serviceAccount: 'a' }] },
    names: /namespace/,
  },
  {
    it: 'a field of the endpoint that the chart sets itself',
    values: { podMonitor: { endpoint: { honorLabels: false } } },
    names: /honorLabels/,
  },
  {
    it: 'a monitor that cannot show who asks',
    values: { web: { kubernetesAuth: true }, podMonitor: { enabled: true } },
    names: /podMonitor: .*scrapeClass/,
  },
  ...['podMonitor', 'serviceMonitor'].flatMap((kind) => [
    {
      it: `a password in the ${kind} where a token is asked for`,
      values: { web: { kubernetesAuth: true }, [kind]: { enabled: true, endpoint: { basicAuth: USER } } },
      names: new RegExp(`${kind}\\.endpoint\\.basicAuth: .*web\\.kubernetesAuth`),
    },
    {
      it: `two ways to show who asks in the ${kind}`,
      values: { [kind]: { enabled: true, endpoint: { basicAuth: USER, oauth2: { clientId: {} } } } },
      names: new RegExp(`${kind}\\.endpoint: basicAuth and oauth2 exclude each other`),
    },
  ]),
  {
    it: 'both monitors, and says so beside what else is wrong',
    values: {
      web: { kubernetesAuth: true },
      podMonitor: { enabled: true },
      serviceMonitor: { enabled: true },
    },
    names: /podMonitor\.enabled and serviceMonitor\.enabled: .*\n.*podMonitor: /,
  },
];

/** What is granted, by what is asked. */
const GRANTS = [
  { values: { options: { 'cluster.token-review': 'off' } }, rules: 'pods serviceaccounts events' },
  {
    values: { options: { 'cluster.token-review': 'off' }, web: { kubernetesAuth: true } },
    rules: 'pods serviceaccounts events tokenreviews subjectaccessreviews',
  },
  {
    values: { cluster: { enabled: false }, web: { kubernetesAuth: true } },
    rules: 'tokenreviews subjectaccessreviews',
  },
  { values: { cluster: { enabled: false } }, rules: '' },
];

/** How Prometheus shows who it is: by the file of its own token, unless it is told another way. */
const CREDENTIALS = [
  { it: 'none where nobody is asked', values: { serviceMonitor: { enabled: true } }, isFile: false },
  {
    it: 'the token of its account',
    values: { web: { kubernetesAuth: true }, serviceMonitor: { enabled: true } },
    isFile: true,
  },
  {
    it: 'what the scrape class or the endpoint says',
    values: { web: { kubernetesAuth: true }, serviceMonitor: { enabled: true, ...SCRAPE } },
    isFile: false,
  },
];

/** What the chart sets, what names files that are not in the pod, and what is for a person at a terminal. */
const NOT_TAKEN = `
  kubelet.root-dir node-name pod-uid own-token cluster.mode
  cluster.kubeconfig audience.expect web.listen-address web.config.file web.kubernetes-auth web.probe-address
  output at
`
  .trim()
  .split(/\s+/);

describeWith(['helm (.ci/helm)', 'kubectl'], 'the chart', () => {
  for (const { folder, values } of EQUIVALENTS) {
    it(`renders ${folder} with ${JSON.stringify(values)}`, () => {
      assert.deepEqual(comparable(template(values)), comparable(render(`daemonset/${folder}`)));
    });
  }

  for (const { it: title, values, names } of INVALID) {
    it(`refuses ${title}`, () => {
      const { status, stderr } = helm('template', values);
      assert.notEqual(status, 0);
      assert.match(stderr, names);
    });
  }

  it('lets the constraint of OpenShift admit the profile that the pod asks for', () => {
    const admitted = (values: object): unknown => {
      const objects = template({ openshift: { enabled: true }, ...values });
      const constraint = objects.find(({ kind }) => kind === 'SecurityContextConstraints');
      return (constraint as { seccompProfiles?: unknown } | undefined)?.seccompProfiles;
    };
    const seccompProfile = { type: 'Localhost', localhostProfile: 'a.json' };
    assert.deepEqual(admitted({}), ['runtime/default']);
    assert.deepEqual(admitted({ seccompProfile }), ['localhost/a.json']);
  });

  it('passes helm lint, strictly', () => {
    assert.match(helmOutput('lint', {}), /0 chart\(s\) failed/);
  });

  it('renders what Kubernetes takes with every value set', async () => {
    const { podMonitor, ...others } = ALL;
    await assertValid([...template(ALL), ...template({ ...others, serviceMonitor: podMonitor })]);
  });

  it('gives options in the environment, where scan and explain find them as well', () => {
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
    it(`has a ServiceMonitor show ${title}`, () => {
      const [monitor] = monitorsOf(template(values));
      assert.ok(monitor?.kind === 'ServiceMonitor');
      assert.equal(monitor.spec.endpoints[0].bearerTokenFile !== undefined, isFile);
    });
  }

  it('takes every option but those that it sets itself or that name a file', () => {
    const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as {
      properties: { options: { properties: object } };
    };
    const known = Object.values(OPTIONS).map(({ flag }) => flag);
    const taken = Object.keys(schema.properties.options.properties);
    assert.deepEqual([...taken].sort(), known.filter((flag) => !NOT_TAKEN.includes(flag)).sort());
  });

  it('is of this version', () => {
    const text = readFileSync(join(CHART, 'Chart.yaml'), 'utf8');
    assert.match(text, new RegExp(`^version: ${version}\nappVersion: ${version}$`, 'm'));
  });
});
