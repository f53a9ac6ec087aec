/**
 * Kustomizations of somebody's own: those that docs/install.md shows, and every component with all that it goes with.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'mocha';
import { parse, stringify } from 'yaml';
import { describeWith } from '../support/tools.ts';
import { assertAgreement } from './agreement.ts';
import { ROOT } from './image.ts';
import { FOLDERS, renderBeside } from './manifests.ts';
import { assertValid } from './validation.ts';

const document = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
const SHOWN: readonly string[] = [...document.matchAll(/^```yaml\n(.*?)^```$/gms)]
  .map(([, text = '']) => text)
  .filter((text) => text.includes('kind: Kustomization\n'));

const COMPONENTS: readonly string[] = globSync('daemonset/components/*', { cwd: ROOT }).map((path) =>
  basename(path),
);

/** In the order that the document has. */
const TOGETHER: readonly (readonly string[])[] = [
  [
    'openshift',
    'gke',
    'k0s',
    'service-monitor',
    'kube-prometheus',
    'kubernetes-auth',
    'web-config',
    'seccomp',
  ],
  ['microk8s', 'prometheus-operator', 'no-cluster', 'web-config', 'seccomp'],
];

/** What Prometheus shows who it is by is for whoever combines a guard with a monitor. */
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

describeWith(['kubectl'], "a kustomization of one's own", () => {
  it('is shown', () => assert.ok(SHOWN.length > 0));

  for (const text of SHOWN) {
    const { components } = parse(text) as { readonly components: readonly string[] };
    it(`renders what Kubernetes takes, as the document has it with ${components.map((path) => basename(path))}`, async () => {
      const manifests = renderBeside(text);
      assertAgreement(manifests);
      await assertValid(manifests);
    });
  }

  for (const components of TOGETHER) {
    it(`renders what Kubernetes takes with ${components}`, async () => {
      const manifests = renderBeside(kustomizationOf(components));
      assertAgreement(manifests);
      await assertValid(manifests);
    });
  }

  it('is tried with every component, and each has an overlay', () => {
    const all = [...COMPONENTS].sort();
    assert.deepEqual([...new Set(TOGETHER.flat())].sort(), all);
    for (const name of all) assert.ok(FOLDERS.includes(`daemonset/overlays/${name}`), name);
  });
});
