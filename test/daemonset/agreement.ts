/**
 * Whether rendered manifests agree with the options that their pod starts the exporter with: ports, probes, files,
 * permissions, the network, and who scrapes.
 *
 * Knows nothing of where the manifests come from.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../src/config/options.ts';
import { configOf as readConfig } from '../support/config.ts';
import { ROOT } from './image.ts';
import {
  bindingsOf,
  clusterRoleOf,
  constraintOf,
  daemonSetOf,
  type Manifest,
  monitorsOf,
  networkPolicyOf,
  type PodSpec,
  type Role,
  rolesOf,
} from './manifests.ts';

/** Of the files of configuration in a pod: the image allows for reading there. */
const CONFIGURATION = '/etc/sa-token-exporter/';
const GUARD = '`--web.kubernetes-auth`';
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The options that a pod starts the exporter with. */
export function configOf({ containers: [{ args, env }] }: PodSpec): Config {
  const variables = env.map(({ name, value = 'of the pod' }) => [name, value]);
  return readConfig(args, Object.fromEntries(variables));
}

function isGuarded({ isKubernetesAuth, webConfig }: Config): boolean {
  return isKubernetesAuth || webConfig !== undefined;
}

/** Whether the API server is asked, about tokens or about who asks. */
function isAsking({ clusterMode, isKubernetesAuth }: Config): boolean {
  return clusterMode !== 'off' || isKubernetesAuth;
}

/** Ports are named that are listened on, and the kubelet probes one where it needs no credentials. */
function assertPorts(config: Config, { containers: [container] }: PodSpec): void {
  const { listenAddress, probeAddress } = config;
  assert.equal(probeAddress !== undefined, isGuarded(config));
  const probes = probeAddress && [{ name: 'probes', containerPort: probeAddress.port }];
  assert.deepEqual(container.ports, [
    { name: 'metrics', containerPort: listenAddress.port },
    ...(probes ?? []),
  ]);
  const port = probes === undefined ? 'metrics' : 'probes';
  assert.deepEqual(container.livenessProbe.httpGet, { path: '/healthz', port });
  assert.deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port });
}

/** The folder of the file that is named is a mount of Secrets. */
function assertWebConfig({ webConfig }: Config, { containers: [container], volumes }: PodSpec): void {
  const mounts = container.volumeMounts.filter(({ mountPath }) => mountPath.startsWith(CONFIGURATION));
  assert.deepEqual(
    mounts.map(({ mountPath }) => mountPath),
    webConfig === undefined ? [] : [dirname(webConfig)],
  );
  for (const { name } of mounts) {
    const { projected } = volumes.find((volume) => volume.name === name) ?? {};
    assert.ok(projected?.sources.every(({ secret }) => secret !== undefined));
  }
}

/** `resource: verb, verb` as the README has them, where something needs them that is on. */
function documentedRules({ clusterMode, isKubernetesAuth }: Config): readonly string[] {
  const rows = [...readme.matchAll(/^\| `([a-z.0-9]+)` \| ((?:list|watch|create|, )+) \| (.+) \|$/gm)];
  assert.equal(rows.length, 5);
  const isOn = (need: string): boolean => (need === GUARD ? isKubernetesAuth : clusterMode !== 'off');
  return rows
    .filter(([, , , needs = '']) => needs.split(', ').some(isOn))
    .map(([, resource, verbs]) => `${resource}: ${verbs}`);
}

function rulesOf(role: Role | undefined): readonly string[] {
  return (role?.rules ?? []).flatMap(({ apiGroups = [], resources = [], verbs }) =>
    resources.flatMap((resource) =>
      apiGroups.map(
        (group) => `${[resource, group].filter((part) => part !== '').join('.')}: ${verbs.join(', ')}`,
      ),
    ),
  );
}

/** What is granted is what the README says, and only where it is asked for; so is what scrapers need. */
function assertPermissions(config: Config, manifests: readonly Manifest[]): void {
  assert.deepEqual(rulesOf(clusterRoleOf(manifests)), documentedRules(config));
  const { rules = [] } = clusterRoleOf(manifests, 'sa-token-exporter-metrics-reader') ?? {};
  const { isKubernetesAuth, telemetryPath } = config;
  assert.deepEqual(rules, isKubernetesAuth ? [{ nonResourceURLs: [telemetryPath], verbs: ['get'] }] : []);
}

/** What finds the targets of either monitor, and reads nothing else. */
const DISCOVERY = ['services', 'endpoints', 'pods', 'endpointslices.discovery.k8s.io'].map(
  (resource) => `${resource}: get, list, watch`,
);

/** Every role is somebody's, in the namespace scrapers alone have one, and each binding names a role that is there. */
function assertBindings(manifests: readonly Manifest[]): void {
  for (const role of rolesOf(manifests)) assert.deepEqual(rulesOf(role), DISCOVERY);
  const roleNames = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  for (const { roleRef, subjects } of bindingsOf(manifests)) {
    assert.ok(roleNames.includes(`${roleRef.kind} ${roleRef.name}`));
    assert.ok(subjects.length > 0);
  }
}

/** The constraint of OpenShift, where there is one, allows for the kinds of volumes that the pod has. */
function assertVolumes({ volumes }: PodSpec, manifests: readonly Manifest[]): void {
  const constraint = constraintOf(manifests);
  if (constraint === undefined) return;
  const kinds = volumes.flatMap((volume) => Object.keys(volume)).filter((key) => key !== 'name');
  assert.deepEqual([...new Set(kinds)].sort(), constraint.volumes);
}

/** Scrapes come in, probes need no rule; something goes out only where the API server is asked. */
function assertNetwork(config: Config, manifests: readonly Manifest[]): void {
  const policy = networkPolicyOf(manifests);
  if (policy === undefined) return;
  const { policyTypes, ingress } = policy.spec;
  assert.deepEqual(policyTypes, isAsking(config) ? ['Ingress'] : ['Ingress', 'Egress']);
  const ports = ingress.flatMap((rule) => rule.ports.map(({ port }) => port));
  assert.deepEqual(ports, [config.listenAddress.port]);
}

/** Prometheus asks for the path that is served, and shows who it is where it is asked. */
function assertMonitor(config: Config, manifests: readonly Manifest[]): void {
  const monitors = monitorsOf(manifests);
  assert.ok(monitors.length <= 1);
  for (const { kind, spec } of monitors) {
    const [endpoint] = kind === 'PodMonitor' ? spec.podMetricsEndpoints : spec.endpoints;
    assert.equal(endpoint.port, 'metrics');
    assert.equal(endpoint.path ?? '/metrics', config.telemetryPath);
    assert.ok(endpoint.honorLabels);
    const credentials = spec.scrapeClass ?? endpoint.authorization ?? endpoint.bearerTokenFile;
    assert.ok(credentials !== undefined || !config.isKubernetesAuth);
  }
}

export function assertAgreement(manifests: readonly Manifest[]): void {
  const pod = daemonSetOf(manifests).spec.template.spec;
  const config = configOf(pod);
  assert.equal(pod.automountServiceAccountToken, isAsking(config));
  assertPorts(config, pod);
  assertWebConfig(config, pod);
  assertPermissions(config, manifests);
  assertBindings(manifests);
  assertVolumes(pod, manifests);
  assertNetwork(config, manifests);
  assertMonitor(config, manifests);
}
