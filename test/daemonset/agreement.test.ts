/**
 * Manifests that do not agree with their options are told from those that do.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { describeWith } from '../support/tools.ts';
import { assertAgreement } from './agreement.ts';
import { type Manifest, render } from './manifests.ts';

/** One slip each, in what an overlay renders. */
const SLIPS = [
  {
    it: 'probes that need credentials',
    folder: 'kubernetes-auth',
    from: '"port":"probes"',
    to: '"port":"metrics"',
  },
  { it: 'a port that nobody listens on', folder: 'kubernetes-auth', from: '":9895"', to: '":9896"' },
  {
    it: 'no port for probes',
    folder: 'web-config',
    from: '"SATOKEN_WEB_PROBE_ADDRESS","value":":9895"',
    to: '"SATOKEN_LOG_LEVEL","value":"info"',
  },
  { it: 'a file that is not mounted', folder: 'web-config', from: 'web/web.yml', to: 'www/web.yml' },
  {
    it: 'a mount outside of what may be read',
    folder: 'web-config',
    from: '/etc/sa-token-exporter',
    to: '/etc',
  },
  { it: 'files of something else than Secrets', folder: 'web-config', from: '"secret"', to: '"configMap"' },
  {
    it: 'another permission than is needed',
    folder: 'kubernetes-auth',
    from: '"subjectaccessreviews"',
    to: '"secrets"',
  },
  {
    it: 'more for scrapers than to find pods',
    folder: 'kube-prometheus',
    from: '"services","endpoints"',
    to: '"services","secrets","endpoints"',
  },
  {
    it: 'a binding to a role that is not there',
    folder: 'kube-prometheus',
    from: '"kind":"Role","name"',
    to: '"kind":"ClusterRole","name"',
  },
  { it: 'a role for another path', folder: 'kubernetes-auth', from: '["/metrics"]', to: '["/"]' },
  {
    it: 'volumes that OpenShift does not admit',
    folder: 'openshift',
    from: '"hostPath","projected"',
    to: '"hostPath"',
  },
  { it: 'an open way out', folder: 'no-cluster', from: '["Ingress","Egress"]', to: '["Ingress"]' },
  { it: 'a closed way in', folder: 'base', from: '"port":9894', to: '"port":9895' },
  {
    it: 'labels that Prometheus replaces',
    folder: 'service-monitor',
    from: 'Labels":true',
    to: 'Labels":false',
  },
  {
    it: 'a path that Prometheus does not ask for',
    folder: 'service-monitor',
    from: '"serve"',
    to: '"serve","--web.telemetry-path=/m"',
  },
];

describeWith(['kubectl'], 'the agreement of manifests with their options', () => {
  for (const { it: title, folder, from, to } of SLIPS) {
    it(`is missing with ${title}`, () => {
      const manifests = render(folder === 'base' ? 'daemonset/base' : `daemonset/overlays/${folder}`);
      const text = JSON.stringify(manifests);
      assert.ok(text.includes(from));
      assert.throws(() => assertAgreement(JSON.parse(text.replaceAll(from, to)) as readonly Manifest[]));
    });
  }
});
