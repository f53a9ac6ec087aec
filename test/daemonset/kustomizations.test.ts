/**
 * Kustomizations of users: those in the documents, and combinations of all components.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { it } from 'mocha';
import { parse, stringify } from 'yaml';
import { describeWith } from '../support/tools.ts';
import { assertAgreement, configOf } from './agreement.ts';
import { ROOT } from './image.ts';
import { bindingsOf, daemonSetOf, FOLDERS, type Manifest, renderKustomization } from './manifests.ts';
import { assertValid } from './validation.ts';

/** The examples in YAML of a document. */
function examplesOf(document: string): readonly string[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, example = '']) => example);
}

function kustomizationsIn(document: string): readonly string[] {
  return examplesOf(document).filter((text) => text.includes('kind: Kustomization\n'));
}

const SHOWN = kustomizationsIn('docs/install.md');

interface ConfigMap extends Manifest {
  readonly data: Readonly<Record<string, string>>;
}

const COMPONENTS: readonly string[] = globSync('daemonset/components/*', { cwd: ROOT }).map((path) =>
  basename(path),
);

/** Combinations, in the order of the document. */
const COMBINATIONS: readonly (readonly string[])[] = [
  [
    'namespace',
    'openshift',
    'gke',
    'k0s',
    'service-monitor',
    'kube-prometheus',
    'kubernetes-auth',
    'web-config',
    'reads',
    'seccomp',
  ],
  ['microk8s', 'prometheus-operator', 'no-cluster', 'web-config', 'seccomp'],
];

/** The credentials of Prometheus, which users add if they combine authentication with a monitor. */
const TOKEN = {
  target: { kind: 'ServiceMonitor' },
  patch: '[{"op":"add","path":"/spec/endpoints/0/bearerTokenFile","value":"/token"}]',
};

function kustomizationOf(components: readonly string[]): string {
  return stringify({
    resources: ['../daemonset/base'],
    components: components.map((name) => `../daemonset/components/${name}`),
    patches: [TOKEN],
  });
}

describeWith(['kubectl'], 'a kustomization of a user', () => {
  it('is in docs/install.md', () => assert.ok(SHOWN.length > 0));

  for (const text of SHOWN) {
    const { components = [] } = parse(text) as { readonly components?: readonly string[] };
    const names = components.map((path) => basename(path)).join(', ') || 'image';
    it(`renders valid objects with the ${names} of docs/install.md`, async () => {
      const manifests = renderKustomization(text);
      assertAgreement(manifests);
      await assertValid(manifests);
    });
  }

  it('mounts the rules of docs/audiences.md where the exporter reads them', async () => {
    const [rules = ''] = examplesOf('docs/audiences.md');
    const [kustomization = ''] = kustomizationsIn('docs/audiences.md');
    const manifests = renderKustomization(kustomization, { 'audiences.yaml': rules });
    assertAgreement(manifests);
    await assertValid(manifests);
    const { spec } = daemonSetOf(manifests).spec.template;
    const { audienceRules = '' } = configOf(spec);
    const mount = spec.containers[0].volumeMounts.find(
      ({ mountPath }) => mountPath === dirname(audienceRules),
    );
    const source = spec.volumes.find(({ name }) => name === mount?.name);
    const map = manifests.find(({ kind }) => kind === 'ConfigMap') as ConfigMap | undefined;
    assert.equal(map?.metadata.namespace, 'sa-token-exporter');
    assert.equal(source?.configMap?.name, map.metadata.name);
    assert.equal(map.data[basename(audienceRules)], rules);
  });

  it('renders no Namespace, which `namespace:` of a user would rename', () => {
    for (const folder of FOLDERS.filter((one) => one !== 'daemonset/overlays/namespace')) {
      const manifests = renderKustomization(
        stringify({ namespace: 'monitoring', resources: [`../${folder}`] }),
      );
      const { namespace } = daemonSetOf(manifests).metadata;
      assert.equal(namespace, 'monitoring');
      assert.ok(manifests.every(({ kind }) => kind !== 'Namespace'));
    }
  });

  it('binds the account in the namespace of a user', () => {
    const kustomization = { namespace: 'monitoring', resources: ['../daemonset/overlays/kube-prometheus'] };
    const bindings = bindingsOf(renderKustomization(stringify(kustomization)));
    const own = bindings.find(({ kind }) => kind === 'ClusterRoleBinding');
    assert.equal(own?.subjects[0]?.namespace, 'monitoring');
  });

  it('lets the account in the namespace of a user use the SecurityContextConstraints', () => {
    const kustomization = { namespace: 'monitoring', resources: ['../daemonset/overlays/openshift'] };
    const manifests = renderKustomization(stringify(kustomization));
    const binding = bindingsOf(manifests).find(({ metadata }) => metadata.name.endsWith('-scc'));
    assert.equal(binding?.metadata.namespace, 'monitoring');
    assert.deepEqual(
      binding.subjects.map(({ namespace }) => namespace),
      ['monitoring'],
    );
    assert.doesNotMatch(JSON.stringify(manifests), /:serviceaccount:/);
  });

  it('labels its own Namespace as privileged with the component', () => {
    const manifests = renderKustomization(kustomizationOf(['namespace']));
    const { metadata } = manifests.find(({ kind }) => kind === 'Namespace') ?? assert.fail('no Namespace');
    assert.equal(metadata.name, 'sa-token-exporter');
    assert.equal(metadata.labels?.['pod-security.kubernetes.io/enforce'], 'privileged');
  });

  for (const components of COMBINATIONS) {
    it(`renders valid objects with ${components}`, async () => {
      const manifests = renderKustomization(kustomizationOf(components));
      assertAgreement(manifests);
      await assertValid(manifests);
    });
  }

  it('is tested with every component, and every component has an overlay', () => {
    const all = [...COMPONENTS].sort();
    assert.deepEqual([...new Set(COMBINATIONS.flat())].sort(), all);
    for (const name of all) assert.ok(FOLDERS.includes(`daemonset/overlays/${name}`), name);
  });
});
