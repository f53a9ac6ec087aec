/**
 * Renders manifests with kubectl and finds objects in them.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from './image.ts';

/** A Kubernetes object, with the fields that suites use. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly mountPropagation?: string;
  readonly readOnly?: boolean;
}

/** A value, or a reference to a field of the pod. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

export interface Container {
  readonly image: string;
  readonly args: readonly string[];
  /** That of the image if undefined. */
  readonly command?: readonly string[];
  readonly env: readonly Variable[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe & { readonly initialDelaySeconds: number };
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly securityContext: {
    readonly runAsUser: number;
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
    readonly seLinuxOptions?: { readonly type: string };
  };
  readonly volumeMounts: readonly Mount[];
}

export interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext: {
    readonly seccompProfile: { readonly type: string; readonly localhostProfile?: string };
  };
  readonly containers: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly hostPath?: { readonly path: string };
    readonly configMap?: { readonly name: string };
    readonly projected?: { readonly sources: readonly { readonly secret?: { readonly name: string } }[] };
  }[];
}

export interface DaemonSet extends Manifest {
  readonly kind: 'DaemonSet';
  readonly spec: {
    readonly template: { readonly metadata: Omit<Manifest['metadata'], 'name'>; readonly spec: PodSpec };
  };
}

export interface Role extends Manifest {
  readonly kind: 'ClusterRole' | 'Role';
  readonly rules: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly nonResourceURLs?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

export interface Binding extends Manifest {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly namespace: string; readonly name: string }[];
}

export interface NetworkPolicy extends Manifest {
  readonly kind: 'NetworkPolicy';
  readonly spec: {
    readonly policyTypes: readonly string[];
    readonly ingress: readonly { readonly ports: readonly { readonly port: number }[] }[];
  };
}

export interface SecurityContextConstraints extends Manifest {
  readonly kind: 'SecurityContextConstraints';
  readonly volumes: readonly string[];
}

/** The endpoint of both kinds of monitors. */
export interface Endpoint {
  readonly port: string;
  readonly path?: string;
  readonly honorLabels: boolean;
  readonly authorization?: object;
  readonly bearerTokenFile?: string;
}

interface PodMonitor extends Manifest {
  readonly kind: 'PodMonitor';
  readonly spec: { readonly scrapeClass?: string; readonly podMetricsEndpoints: readonly [Endpoint] };
}

interface ServiceMonitor extends Manifest {
  readonly kind: 'ServiceMonitor';
  readonly spec: { readonly scrapeClass?: string; readonly endpoints: readonly [Endpoint] };
}

export type Monitor = PodMonitor | ServiceMonitor;

/** The base and every overlay, relative to the project. Components cannot be rendered alone. */
export const FOLDERS: readonly string[] = globSync('daemonset/{base,overlays/*}/kustomization.yaml', {
  cwd: ROOT,
})
  .map((file) => dirname(file))
  .sort();

export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Manifest;
  });
}

export function render(folder: string): readonly Manifest[] {
  const text = execFileSync('kubectl', ['kustomize', join(ROOT, folder)], { encoding: 'utf8' });
  return parseManifests(text);
}

/** Renders a kustomization of a user, in a folder next to daemonset/. */
export function renderKustomization(kustomization: string, files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(ROOT, 'node_modules/.kustomization-'));
  const own = {
    ...files,
    'kustomization.yaml': kustomization.replaceAll(/\.\.\/(?=daemonset\/|alerts\b|grafana\b)/g, '../../'),
  };
  try {
    for (const [name, text] of Object.entries(own)) writeFileSync(join(folder, name), text);
    return render(relative(ROOT, folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function daemonSetOf(manifests: readonly Manifest[]): DaemonSet {
  const found = manifests.find((one): one is DaemonSet => one.kind === 'DaemonSet');
  if (found === undefined) throw new Error('no DaemonSet');
  return found;
}

/** Returns the ClusterRole with the name of the DaemonSet, followed by a suffix and, in the chart, the namespace. */
export function clusterRoleOf(manifests: readonly Manifest[], suffix = ''): Role | undefined {
  const { name, namespace } = daemonSetOf(manifests).metadata;
  const names = [name + suffix, `${name + suffix}.${namespace}`];
  return manifests.find(
    (one): one is Role => one.kind === 'ClusterRole' && names.includes(one.metadata.name),
  );
}

/** Returns the Roles in the namespace. */
export function rolesOf(manifests: readonly Manifest[]): readonly Role[] {
  return manifests.filter((one): one is Role => one.kind === 'Role');
}

export function bindingsOf(manifests: readonly Manifest[]): readonly Binding[] {
  return manifests.filter(
    (one): one is Binding => one.kind === 'RoleBinding' || one.kind === 'ClusterRoleBinding',
  );
}

export function networkPolicyOf(manifests: readonly Manifest[]): NetworkPolicy | undefined {
  return manifests.find((one): one is NetworkPolicy => one.kind === 'NetworkPolicy');
}

export function constraintOf(manifests: readonly Manifest[]): SecurityContextConstraints | undefined {
  return manifests.find(
    (one): one is SecurityContextConstraints => one.kind === 'SecurityContextConstraints',
  );
}

export function monitorsOf(manifests: readonly Manifest[]): readonly Monitor[] {
  return manifests.filter(
    (one): one is Monitor => one.kind === 'PodMonitor' || one.kind === 'ServiceMonitor',
  );
}
