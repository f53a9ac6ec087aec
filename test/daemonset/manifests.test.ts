/**
 * The manifests: valid objects with existing options and minimal privileges.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { OPTIONS } from '../../src/config/options.ts';
import { CANARY_VOLUME } from '../../src/core/self-check.ts';
import { describeWith } from '../support/tools.ts';
import { assertAgreement, configOf } from './agreement.ts';
import { ROOT } from './image.ts';
import { constraintOf, daemonSetOf, FOLDERS, type Manifest, type PodSpec, render } from './manifests.ts';
import { fieldErrors, UNTYPED, validate } from './validation.ts';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

describeWith(['kubectl'], 'the manifests', () => {
  const rendered = new Map<string, readonly Manifest[]>();
  const of = (folder: string): readonly Manifest[] => rendered.get(folder) ?? assert.fail(folder);
  const typed = () => [...rendered.values()].flat().filter(({ kind }) => !UNTYPED.includes(kind));
  const podOf = (folder: string): PodSpec => daemonSetOf(of(folder)).spec.template.spec;

  before(() => {
    for (const folder of FOLDERS) rendered.set(folder, render(folder));
  });

  it('are the base and several overlays', () =>
    assert.ok(FOLDERS.includes('daemonset/base') && FOLDERS.length > 5));

  it('have no unknown fields', () => {
    assert.equal(fieldErrors(typed()), '');
  });

  it('are checked for unknown fields at any depth', () => {
    const daemonSet = structuredClone(daemonSetOf(of('daemonset/base')));
    const container = daemonSet.spec.template.spec.containers[0];
    Object.assign(container.securityContext.capabilities, { remove: ['ALL'] });
    assert.match(fieldErrors([daemonSet]), /"remove"' does not exist/);
  });

  it('have values that match the schemas of Kubernetes', async () => {
    for (const manifest of typed()) await assert.doesNotReject(validate(manifest), manifest.kind);
  });

  it('are checked for invalid values', async () => {
    const daemonSet = structuredClone(daemonSetOf(of('daemonset/base')));
    Object.assign(daemonSet.spec, { selector: 'x' });
    await assert.rejects(validate(daemonSet));
  });

  for (const folder of FOLDERS) {
    describe(folder, () => {
      it('sets existing options of the exporter', () => {
        const config = configOf(podOf(folder));
        assert.equal(config.nodeName, 'of the pod');
        assert.equal(config.selfPodUid, 'of the pod');
      });

      it('runs the image of this version', () => {
        const { image } = podOf(folder).containers[0];
        assert.equal(image, `ghcr.io/sa-token-exporter/sa-token-exporter:${version}`);
      });

      it('mounts the pods folder at the default path, with propagation and read-only', () => {
        const { containers, volumes } = podOf(folder);
        const { volumeMounts } = containers[0];
        const hosts = volumes.filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
        assert.deepEqual(
          volumeMounts.filter(({ name }) => hosts.includes(name)),
          [
            {
              name: 'pods',
              mountPath: `${OPTIONS.rootDir.default}/pods`,
              mountPropagation: 'HostToContainer',
              readOnly: true,
            },
          ],
        );
        assert.ok(volumeMounts.every(({ readOnly }) => readOnly));
      });

      it('has one capability, no privilege escalation, and no host namespaces', () => {
        const { containers, hostNetwork, hostPID, hostIPC } = podOf(folder);
        const { seLinuxOptions: _, ...context } = containers[0].securityContext;
        assert.deepEqual(context, {
          runAsUser: 0,
          runAsGroup: 0,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'], add: ['DAC_READ_SEARCH'] },
        });
        assert.ok(!(hostNetwork ?? hostPID ?? hostIPC));
      });

      it('mounts a canary, because the kubelet does not fill volumes without a mount', () => {
        const { volumes, containers } = podOf(folder);
        const { projected } = volumes.find(({ name }) => name === CANARY_VOLUME) ?? {};
        assert.deepEqual(projected, {
          defaultMode: 0o644,
          sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 600 } }],
        });
        assert.ok(containers[0].volumeMounts.some(({ name }) => name === CANARY_VOLUME));
      });

      it('has ports, probes and permissions that match its options', () => assertAgreement(of(folder)));

      it('mounts the token of the exporter', () => {
        const { automountServiceAccountToken, containers } = podOf(folder);
        const { selfTokenFile } = configOf(podOf(folder));
        const isDefault = selfTokenFile === OPTIONS.selfTokenFile.default;
        assert.equal(isDefault, automountServiceAccountToken);
        const folders = containers[0].volumeMounts.map(({ mountPath }) => `${mountPath}/token`);
        assert.ok(isDefault || folders.includes(selfTokenFile));
      });

      it('has objects in one namespace only', () => {
        const namespaces = of(folder).map(({ metadata }) => metadata.namespace ?? 'sa-token-exporter');
        assert.deepEqual([...new Set(namespaces)], ['sa-token-exporter']);
      });
    });
  }

  describe('the SecurityContextConstraints of OpenShift', () => {
    it('allow exactly what the pod requires', () => {
      const manifests = of('daemonset/overlays/openshift');
      const constraint = { ...constraintOf(manifests) } as Readonly<Record<string, unknown>>;
      const { capabilities, seLinuxOptions } = podOf('daemonset/overlays/openshift').containers[0]
        .securityContext;
      assert.deepEqual(constraint['allowedCapabilities'], capabilities.add);
      assert.deepEqual(constraint['requiredDropCapabilities'], capabilities.drop);
      assert.equal(seLinuxOptions?.type, 'spc_t');
      const allowed = Object.entries(constraint).filter(
        ([key, value]) => key.startsWith('allow') && value === true,
      );
      assert.deepEqual(
        allowed.map(([key]) => key),
        ['allowHostDirVolumePlugin'],
      );
    });
  });

  it('use the kubelet root directories of k0s and MicroK8s', () => {
    const rootOf = (folder: string) =>
      podOf(folder).volumes.find(({ name }) => name === 'pods')?.hostPath?.path;
    assert.equal(rootOf('daemonset/overlays/k0s'), '/var/lib/k0s/kubelet/pods');
    assert.equal(rootOf('daemonset/overlays/microk8s'), '/var/snap/microk8s/common/var/lib/kubelet/pods');
    assert.equal(rootOf('daemonset/base'), '/var/lib/kubelet/pods');
  });
});
