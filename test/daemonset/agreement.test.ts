/**
 * Manifests that do not match the options of the exporter are detected.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { describeWith } from '../support/tools.ts';
import { assertAgreement } from './agreement.ts';
import { type Manifest, render } from './manifests.ts';

/** Mistakes in the output of an overlay. */
const MISTAKES = [
  {
    it: 'probes that need credentials',
    folder: 'kubernetes-auth',
    from: '"port":"probes"',
    to: '"port":"metrics"',
  },
  { it: 'a port without a listener', folder: 'kubernetes-auth', from: '":9895"', to: '":9896"' },
  {
    it: 'no probe address',
    folder: 'web-config',
    from: '"SATOKEN_WEB_PROBE_ADDRESS","value":":9895"',
    to: '"SATOKEN_LOG_LEVEL","value":"info"',
  },
  { it: 'a file that is not mounted', folder: 'web-config', from: 'web/web.yml', to: 'www/web.yml' },
  {
    it: 'a mount outside of the readable folders',
    folder: 'web-config',
    from: '/etc/sa-token-exporter',
    to: '/etc',
  },
  { it: 'files that are not from Secrets', folder: 'web-config', from: '"secret"', to: '"configMap"' },
  {
    it: 'a permission that is not required',
    folder: 'kubernetes-auth',
    from: '"subjectaccessreviews"',
    to: '"secrets"',
  },
  {
    it: 'more permissions for scrapers than service discovery',
    folder: 'kube-prometheus',
    from: '"services","endpoints"',
    to: '"services","secrets","endpoints"',
  },
  {
    it: 'a binding to a role that does not exist',
    folder: 'kube-prometheus',
    from: '"kind":"Role","name"',
    to: '"kind":"ClusterRole","name"',
  },
  { it: 'a role for another path', folder: 'kubernetes-auth', from: '["/metrics"]', to: '["/"]' },
  {
    it: 'volume types that OpenShift does not allow',
    folder: 'openshift',
    from: '"hostPath","projected"',
    to: '"hostPath"',
  },
  { it: 'unrestricted egress', folder: 'no-cluster', from: '["Ingress","Egress"]', to: '["Ingress"]' },
  { it: 'blocked ingress', folder: 'base', from: '"port":9894', to: '"port":9895' },
  {
    it: 'labels that Prometheus overwrites',
    folder: 'service-monitor',
    from: 'Labels":true',
    to: 'Labels":false',
  },
  {
    it: 'a path that Prometheus does not scrape',
    folder: 'service-monitor',
    from: '"serve"',
    to: '"serve","--web.telemetry-path=/m"',
  },
];

describeWith(['kubectl'], 'the check of manifests against their options', () => {
  for (const { it: title, folder, from, to } of MISTAKES) {
    it(`fails for ${title}`, () => {
      const manifests = render(folder === 'base' ? 'daemonset/base' : `daemonset/overlays/${folder}`);
      const text = JSON.stringify(manifests);
      assert.ok(text.includes(from));
      assert.throws(() => assertAgreement(JSON.parse(text.replaceAll(from, to)) as readonly Manifest[]));
    });
  }
});
