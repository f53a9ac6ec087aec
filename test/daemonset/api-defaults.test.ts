/**
 * The manifests have every field that the API server adds, so that Argo CD, Flux and `kubectl diff` find no difference
 * after an installation.
 */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'mocha';
import { describeWith } from '../support/tools.ts';
import { emptyFields, missingDefaults } from './api-defaults.ts';
import { helmOutput, template } from './chart/helm.ts';
import { ROOT } from './image.ts';
import { daemonSetOf, FOLDERS, type Manifest, render } from './manifests.ts';

/** Values under which the chart installs each of its objects, together. */
const EVERYTHING = [
  {
    openshift: { enabled: true },
    resourceQuota: { enabled: true },
    scrapers: [{ namespace: 'monitoring', serviceAccount: 'prometheus' }],
    web: { kubernetesAuth: true, configSecrets: ['web'] },
    serviceMonitor: { enabled: true },
    prometheusRule: { enabled: true },
    dashboards: { enabled: true },
    audience: { rules: [{ audiences: ['a'] }] },
  },
  { podMonitor: { enabled: true }, updateStrategy: { type: 'OnDelete' } },
  { service: { enabled: true }, networkPolicy: { enabled: false }, cluster: { enabled: false } },
  { startupProbe: { failureThreshold: 90 }, livenessProbe: null, resources: null, affinity: null },
];

/** The differences that a comparison with the stored object shows. */
function differencesOf(manifests: readonly Manifest[]): readonly string[] {
  return manifests.flatMap((one) =>
    [...missingDefaults(one), ...emptyFields(one)].map((path) => `${one.kind} ${path}`),
  );
}

describe('the defaults of the API server', () => {
  const changed = (change: (daemonSet: ReturnType<typeof daemonSetOf>) => void) => {
    const daemonSet = structuredClone(daemonSetOf(render('daemonset/base')));
    change(daemonSet);
    return differencesOf([daemonSet]);
  };

  it('are missed in a list, below an object and in a map', () => {
    assert.deepEqual(
      changed(({ spec }) => {
        const [container] = spec.template.spec.containers;
        Reflect.deleteProperty(container.ports[0] ?? {}, 'protocol');
        Reflect.deleteProperty(container.livenessProbe.httpGet, 'scheme');
        Reflect.deleteProperty(spec.template.spec.volumes[0]?.hostPath ?? {}, 'type');
      }),
      [
        'containers[].ports[].protocol',
        'containers[].livenessProbe.httpGet.scheme',
        'volumes[].hostPath.type',
      ].map((path) => `DaemonSet spec.template.spec.${path}`),
    );
  });

  it('do not include nulls and empty maps, which are found', () => {
    assert.deepEqual(
      changed(({ spec }) => Object.assign(spec.template.spec, { affinity: null, nodeSelector: {} })),
      ['affinity', 'nodeSelector'].map((field) => `DaemonSet .spec.template.spec.${field}`),
    );
  });
});

describeWith(['kubectl', 'helm (.ci/helm)'], 'a comparison of the manifests with the stored objects', () => {
  for (const folder of FOLDERS)
    it(`finds no difference in ${folder}`, () => assert.deepEqual(differencesOf(render(folder)), []));

  for (const file of globSync('daemonset/chart/ci/*.yaml', { cwd: ROOT }).sort())
    it(`finds no difference in the chart with ${basename(file)}`, () =>
      assert.deepEqual(differencesOf(template(join(ROOT, file))), []));

  for (const values of EVERYTHING)
    it(`finds no difference in the chart with ${Object.keys(values).join(', ')}`, () =>
      assert.deepEqual(differencesOf(template(values)), []));

  it('covers every kind of object in the chart', () => {
    const kinds = (text: string) => new Set([...text.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind));
    const covered = kinds(EVERYTHING.map((values) => helmOutput('template', values)).join('\n'));
    assert.deepEqual([...covered].sort(), [
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'DaemonSet',
      'NetworkPolicy',
      'PodMonitor',
      'PrometheusRule',
      'ResourceQuota',
      'Role',
      'RoleBinding',
      'SecurityContextConstraints',
      'Service',
      'ServiceAccount',
      'ServiceMonitor',
    ]);
  });
});
