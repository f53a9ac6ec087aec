/**
 * The fields that the API server adds to an object that leaves them out: pkg/apis/*\/defaults.go of Kubernetes and the
 * defaults in the CustomResourceDefinitions of the Prometheus Operator.
 *
 * Left out here is what a manifest cannot know or should not set: the IP families of a Service, which depend on the
 * cluster, the label of a Namespace with its name, which a user's `namespace:` changes, and `serviceAccount`, the
 * deprecated alias of `serviceAccountName`.
 */
import type { Manifest } from './manifests.ts';

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

/** Below a pod spec. `[]` stands for every element of a list. */
const POD_SPEC = [
  'dnsPolicy',
  'restartPolicy',
  'schedulerName',
  'securityContext',
  'terminationGracePeriodSeconds',
  'containers[].imagePullPolicy',
  'containers[].terminationMessagePath',
  'containers[].terminationMessagePolicy',
  'containers[].ports[].protocol',
  'containers[].env[].valueFrom.fieldRef.apiVersion',
  ...PROBES.flatMap((probe) => [
    ...['timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'].map(
      (field) => `containers[].${probe}.${field}`,
    ),
    `containers[].${probe}.httpGet.path`,
    `containers[].${probe}.httpGet.scheme`,
  ]),
  'volumes[].hostPath.type',
  'volumes[].secret.defaultMode',
  'volumes[].configMap.defaultMode',
  'volumes[].projected.defaultMode',
  'volumes[].projected.sources[].serviceAccountToken.expirationSeconds',
  'volumes[].projected.sources[].downwardAPI.items[].fieldRef.apiVersion',
];

const RELABELINGS = ['relabelings[].action', 'metricRelabelings[].action'];

/** By kind. */
const DEFAULTED: Readonly<Record<string, readonly string[]>> = {
  ClusterRole: [],
  ClusterRoleBinding: ['roleRef.apiGroup'],
  ConfigMap: ['data'],
  DaemonSet: [
    'spec.revisionHistoryLimit',
    'spec.updateStrategy.type',
    'spec.updateStrategy.rollingUpdate.maxSurge',
    'spec.updateStrategy.rollingUpdate.maxUnavailable',
    ...POD_SPEC.map((path) => `spec.template.spec.${path}`),
  ],
  Namespace: [],
  NetworkPolicy: ['spec.policyTypes', 'spec.ingress[].ports[].protocol', 'spec.egress[].ports[].protocol'],
  PodMonitor: RELABELINGS.map((path) => `spec.podMetricsEndpoints[].${path}`),
  PrometheusRule: [],
  ResourceQuota: [],
  Role: [],
  RoleBinding: ['roleRef.apiGroup'],
  // Encoded by the API server of OpenShift even if they are empty.
  SecurityContextConstraints: [
    'priority',
    'defaultAddCapabilities',
    'requiredDropCapabilities',
    'allowedCapabilities',
    'volumes',
    'users',
    'groups',
  ],
  Service: [
    'spec.type',
    'spec.sessionAffinity',
    'spec.internalTrafficPolicy',
    'spec.ports[].protocol',
    'spec.ports[].targetPort',
  ],
  ServiceAccount: [],
  ServiceMonitor: RELABELINGS.map((path) => `spec.endpoints[].${path}`),
};

type Fields = Readonly<Record<string, unknown>>;

/** Returns the values at a path. A value that is left out is undefined, unless what contains it is left out too. */
function valuesAt(root: unknown, path: string): readonly unknown[] {
  return path.split('.').reduce<readonly unknown[]>(
    (parents, step) => {
      const name = step.replace(/\[\]$/, '');
      const found = parents
        .filter((one) => typeof one === 'object' && one !== null)
        .map((one) => (one as Fields)[name]);
      return name === step ? found : found.flatMap((list) => (Array.isArray(list) ? list : []));
    },
    [root],
  );
}

/** Returns the paths of the fields that the API server would add. */
export function missingDefaults(manifest: Manifest): readonly string[] {
  const paths = DEFAULTED[manifest.kind];
  if (paths === undefined) throw new Error(`the defaults of ${manifest.kind} are not known`);
  return paths.filter((path) => valuesAt(manifest, path).includes(undefined));
}

/** Values without content that the API server keeps. */
const KEPT_EMPTY =
  /\.(?:emptyDir|podSelector|namespaceSelector|users|groups|defaultAddCapabilities|priority)$/;

/** Returns the paths of nulls and of maps and lists without content, which the API server would remove. */
export function emptyFields(value: unknown, path = ''): readonly string[] {
  if (KEPT_EMPTY.test(path)) return [];
  if (value === null || value === undefined) return [path];
  if (typeof value !== 'object') return [];
  const fields = Object.entries(value);
  if (fields.length === 0) return [path];
  return fields.flatMap(([name, below]) => emptyFields(below, `${path}.${name}`));
}
