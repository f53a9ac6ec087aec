/**
 * Kustomizations of users: those in docs/install.md, and combinations of all components.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'mocha';
import { parse, stringify } from 'yaml';
import { describeWith } from '../support/tools.ts';
import { assertAgreement } from './agreement.ts';
import { ROOT } from './image.ts';
import { FOLDERS, renderKustomization } from './manifests.ts';
import { assertValid } from './validation.ts';

const document = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
const SHOWN: readonly string[] = [...document.matchAll(/^```yaml\n(.*?)^```$/gms)]
  .map(([, text = '']) => text)
  .filter((text) => text.includes('kind: Kustomization\n'));

const COMPONENTS: readonly string[] = globSync('daemonset/components/*', { cwd: ROOT }).map((path) =>
  basename(path),
);

/** Combinations, in the order of the document. */
const COMBINATIONS: readonly (readonly string[])[] = [
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
    const { components } = parse(text) as { readonly components: readonly string[] };
    it(`renders valid objects with the ${components.map((path) => basename(path))} of docs/install.md`, async () => {
      const manifests = renderKustomization(text);
      assertAgreement(manifests);
      await assertValid(manifests);
    });
  }

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
