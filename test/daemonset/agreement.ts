/**
 * Checks that rendered manifests match the options of the exporter in their pod: ports, probes, files, permissions,
 * network policy and monitors.
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

/** The folder of configuration files, which the image is allowed to read. */
const CONFIGURATION = '/etc/sa-token-exporter/';
const AUTH_OPTION = '`--web.kubernetes-auth`';
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** Returns the options of the exporter in a pod. */
export function configOf({ containers: [{ args, env }] }: PodSpec): Config {
  const variables = env.map(({ name, value = 'of the pod' }) => [name, value]);
  return readConfig(args, Object.fromEntries(variables));
}

function hasAuthentication({ isKubernetesAuth, webConfig }: Config): boolean {
  return isKubernetesAuth || webConfig !== undefined;
}

/** Whether the exporter uses the API server, for tokens or for authentication. */
function usesApiServer({ clusterMode, isKubernetesAuth }: Config): boolean {
  return clusterMode !== 'off' || isKubernetesAuth;
}

/** The container ports are those of the options, and the kubelet probes one that needs no credentials. */
function assertPorts(config: Config, { containers: [container] }: PodSpec): void {
  const { listenAddress, probeAddress } = config;
  assert.equal(probeAddress !== undefined, hasAuthentication(config));
  const probes = probeAddress && [{ name: 'probes', protocol: 'TCP', containerPort: probeAddress.port }];
  // The order does not matter, and a patch puts its own first.
  const ports = container.ports.toSorted((a, b) => a.name.localeCompare(b.name));
  assert.deepEqual(ports, [
    { name: 'metrics', protocol: 'TCP', containerPort: listenAddress.port },
    ...(probes ?? []),
  ]);
  const port = probes === undefined ? 'metrics' : 'probes';
  assert.deepEqual(container.startupProbe.httpGet, { path: '/readyz', port, scheme: 'HTTP' });
  // Time for the first scan: a probe that fails raises an event.
  assert.ok(container.startupProbe.initialDelaySeconds >= 5);
  assert.deepEqual(container.livenessProbe.httpGet, { path: '/healthz', port, scheme: 'HTTP' });
  assert.deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port, scheme: 'HTTP' });
}

/** What is mounted for configuration are the folders of the files that options name; the web configuration is Secrets. */
function assertConfiguration(
  { webConfig, audienceRules }: Config,
  { containers: [container], volumes }: PodSpec,
): void {
  const mounts = container.volumeMounts.filter(({ mountPath }) => mountPath.startsWith(CONFIGURATION));
  const files = [webConfig, audienceRules].filter((file) => file !== undefined);
  assert.deepEqual(
    mounts.map(({ mountPath }) => mountPath),
    files.map((file) => dirname(file)),
  );
  for (const { name } of mounts.filter(({ mountPath }) => mountPath === dirname(webConfig ?? ''))) {
    const { projected } = volumes.find((volume) => volume.name === name) ?? {};
    assert.ok(projected?.sources.every(({ secret }) => secret !== undefined));
  }
}

/** The permissions in the README, as `resource: verb, verb`, that the options require. */
function documentedRules({ clusterMode, isKubernetesAuth }: Config): readonly string[] {
  const rows = [...readme.matchAll(/^\| `([a-z.0-9]+)` \| ((?:get|list|watch|create|, )+) \| (.+) \|$/gm)];
  assert.equal(rows.length, 6);
  const isOn = (need: string): boolean => (need === AUTH_OPTION ? isKubernetesAuth : clusterMode !== 'off');
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

/** The granted permissions are those of the README that the options require. */
function assertPermissions(config: Config, manifests: readonly Manifest[]): void {
  assert.deepEqual(rulesOf(clusterRoleOf(manifests)), documentedRules(config));
  const { rules = [] } = clusterRoleOf(manifests, '-metrics-reader') ?? {};
  const { isKubernetesAuth, telemetryPath } = config;
  assert.deepEqual(rules, isKubernetesAuth ? [{ nonResourceURLs: [telemetryPath], verbs: ['get'] }] : []);
}

/** The permissions for service discovery of both kinds of monitors. */
const DISCOVERY = ['services', 'endpoints', 'pods', 'endpointslices.discovery.k8s.io'].map(
  (resource) => `${resource}: get, list, watch`,
);

const USE = ['securitycontextconstraints.security.openshift.io: use'];

/** Roles in the namespace are those of scrapers and on OpenShift, and every binding has subjects and an existing role. */
function assertBindings(manifests: readonly Manifest[]): void {
  for (const role of rolesOf(manifests))
    assert.deepEqual(rulesOf(role), role.metadata.name.endsWith('-scc') ? USE : DISCOVERY);
  const roleNames = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  for (const { roleRef, subjects } of bindingsOf(manifests)) {
    assert.ok(roleNames.includes(`${roleRef.kind} ${roleRef.name}`));
    assert.ok(subjects.length > 0);
  }
}

/** The SecurityContextConstraints, if there is one, allows exactly the volume types of the pod. */
function assertVolumes({ volumes }: PodSpec, manifests: readonly Manifest[]): void {
  const constraint = constraintOf(manifests);
  if (constraint === undefined) return;
  const kinds = volumes.flatMap((volume) => Object.keys(volume)).filter((key) => key !== 'name');
  assert.deepEqual([...new Set(kinds)].sort(), constraint.volumes);
}

/** Ingress is allowed for scrapes only, egress only if the exporter uses the API server. */
function assertNetwork(config: Config, manifests: readonly Manifest[]): void {
  const policy = networkPolicyOf(manifests);
  if (policy === undefined) return;
  const { policyTypes, ingress } = policy.spec;
  assert.deepEqual(policyTypes, usesApiServer(config) ? ['Ingress'] : ['Ingress', 'Egress']);
  const ports = ingress.flatMap((rule) => rule.ports.map(({ port }) => port));
  assert.deepEqual(ports, [config.listenAddress.port]);
}

/** The monitor uses the path of the options, and sends credentials if they are required. */
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
  assert.equal(pod.automountServiceAccountToken, usesApiServer(config));
  assertPorts(config, pod);
  assertConfiguration(config, pod);
  assertPermissions(config, manifests);
  assertBindings(manifests);
  assertVolumes(pod, manifests);
  assertNetwork(config, manifests);
  assertMonitor(config, manifests);
}
