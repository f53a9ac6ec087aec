/**
 * Whether objects are what the API server would take: their values by the schemas of Kubernetes, their fields by its types.
 *
 * The schemas let unknown fields pass. The compiler does not: an object written out as a literal of its type may have
 * no field that the type has not, at any depth.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './image.ts';
import type { Manifest } from './manifests.ts';

/** The module that has the type and the schema of each kind. */
const MODULES: Readonly<Record<string, string>> = {
  ClusterRole: 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole',
  ClusterRoleBinding: 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  ConfigMap: 'kubernetes-models/v1/ConfigMap',
  DaemonSet: 'kubernetes-models/apps/v1/DaemonSet',
  Namespace: 'kubernetes-models/v1/Namespace',
  NetworkPolicy: 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy',
  PodMonitor: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor',
  ResourceQuota: 'kubernetes-models/v1/ResourceQuota',
  Role: 'kubernetes-models/rbac.authorization.k8s.io/v1/Role',
  RoleBinding: 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding',
  Service: 'kubernetes-models/v1/Service',
  ServiceAccount: 'kubernetes-models/v1/ServiceAccount',
  ServiceMonitor: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor',
};

/** OpenShift publishes no types. */
export const UNTYPED = ['SecurityContextConstraints'];

function moduleOf({ kind }: Manifest): string {
  const found = MODULES[kind];
  if (found === undefined) throw new Error(`no type for ${kind}`);
  return found;
}

type Model = new (data: object) => { readonly validate: () => void };

/** Throws where a value is not what the schema asks for. */
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

/** What the compiler says of the objects; empty where each is of its type and has no field too many. */
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

/** Throws where an object that has a type is not what the API server would take. */
export async function assertValid(manifests: readonly Manifest[]): Promise<void> {
  const typed = manifests.filter(({ kind }) => !UNTYPED.includes(kind));
  assert.equal(fieldErrors(typed), '');
  for (const manifest of typed) await assert.doesNotReject(validate(manifest), manifest.kind);
}
