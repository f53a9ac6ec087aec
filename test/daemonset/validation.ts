/**
 * Validates Kubernetes objects: values against the JSON schemas, fields against the TypeScript types.
 *
 * The schemas allow unknown fields. The compiler does not: it rejects unknown properties in an object literal at any
 * depth.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './image.ts';
import type { Manifest } from './manifests.ts';

/** The module with type and schema, by kind. */
const MODULES: Readonly<Record<string, string>> = {
  ClusterRole: 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole',
  ClusterRoleBinding: 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  ConfigMap: 'kubernetes-models/v1/ConfigMap',
  DaemonSet: 'kubernetes-models/apps/v1/DaemonSet',
  Namespace: 'kubernetes-models/v1/Namespace',
  NetworkPolicy: 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy',
  Pod: 'kubernetes-models/v1/Pod',
  PodMonitor: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor',
  PrometheusRule: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule',
  ResourceQuota: 'kubernetes-models/v1/ResourceQuota',
  Role: 'kubernetes-models/rbac.authorization.k8s.io/v1/Role',
  RoleBinding: 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding',
  Service: 'kubernetes-models/v1/Service',
  ServiceAccount: 'kubernetes-models/v1/ServiceAccount',
  ServiceMonitor: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor',
};

/** Kinds without published types, which custom-resources.ts validates. */
export const UNTYPED = ['SecurityContextConstraints'];

export function isTyped({ kind }: Manifest): boolean {
  return kind in MODULES;
}

function moduleOf({ kind }: Manifest): string {
  const found = MODULES[kind];
  if (found === undefined) throw new Error(`no type for ${kind}`);
  return found;
}

type Model = new (data: object) => { readonly validate: () => void };

/** Throws if a value does not match the schema. */
export async function validate(manifest: Manifest): Promise<void> {
  const models = (await import(moduleOf(manifest))) as Readonly<Record<string, Model>>;
  const model = models[manifest.kind];
  if (model === undefined) throw new Error(`no model of ${manifest.kind}`);
  new model(manifest).validate();
}

const FLAGS = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  '--module',
  'nodenext',
  '--types',
  'node',
];

/** Returns the errors of the compiler, or an empty string if all objects have their type and no unknown fields. */
export function fieldErrors(manifests: readonly Manifest[]): string {
  const folder = mkdtempSync(join(ROOT, 'node_modules/.manifests-'));
  const types = new Map(manifests.map((one) => [`I${one.kind}`, moduleOf(one)]));
  const imports = [...types].map(([type, module]) => `import type { ${type} } from '${module}';`);
  const literals = manifests.map((one) => `(${JSON.stringify(one)}) satisfies I${one.kind};`);
  try {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'manifests.ts'), [...imports, ...literals].join('\n'));
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    return spawnSync(tsc, [...FLAGS, 'manifests.ts'], { cwd: folder, encoding: 'utf8' }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Fails if an object with a known type is invalid. */
export async function assertValid(manifests: readonly Manifest[]): Promise<void> {
  const typed = manifests.filter(({ kind }) => !UNTYPED.includes(kind));
  assert.equal(fieldErrors(typed), '');
  for (const manifest of typed) await assert.doesNotReject(validate(manifest), manifest.kind);
}
