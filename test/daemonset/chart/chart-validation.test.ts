/**
 * The chart rejects unknown and invalid values, and values that contradict each other.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { describeWith } from '../../support/tools.ts';
import { helm } from './helm.ts';

const USER = { username: { name: 'user', key: 'username' }, password: { name: 'user', key: 'password' } };

/** Invalid values, and what the message must contain. */
const INVALID: readonly { readonly it: string; readonly values: object; readonly names: RegExp }[] = [
  { it: 'an unknown value', values: { replicas: 2 }, names: /replicas/ },
  { it: 'an unknown nested value', values: { image: { name: 'x' } }, names: /image[\s\S]*name/ },
  ...[
    ['openshift', 'enable', 'enabled'],
    ['podMonitor', 'label', 'labels'],
    ['serviceMonitor', 'label', 'labels'],
    ['prometheusRule', 'enable', 'enabled'],
  ].map(([parent = '', key = '', meant = '']) => ({
    it: `${parent}.${key}, and suggests the value next to it`,
    values: { [parent]: { [key]: true } },
    names: new RegExp(`${parent}\\.${key}: unknown value; did you mean ${parent}\\.${meant}\\?\\n`),
  })),
  {
    it: 'durations without a unit, in one message',
    values: {
      options: { 'scan.interval': 30 },
      podMonitor: { interval: 60 },
      prometheusRule: {
        alerts: { SATokenStale: { for: 5 }, SATokenRotationOverdue: { warning: { for: 90 } } },
      },
    },
    names:
      /options\.scan\.interval: .* for example 30s\npodMonitor\.interval: .* 60s\n.*SATokenRotationOverdue\.warning\.for: .* 90s\n.*SATokenStale\.for: .* 5s\n/,
  },
  {
    it: 'a severity that no route knows',
    values: { prometheusRule: { alerts: { SATokenStale: { severity: 'critcal' } } } },
    names: /SATokenStale\.severity: got "critcal"; write one of critical, warning, info/,
  },
  {
    it: 'an unknown option of the exporter',
    values: { options: { 'metrics.nonsense': 1 } },
    names: /metrics\.nonsense/,
  },
  {
    it: 'an option that the chart sets itself',
    values: { options: { 'node-name': 'x' } },
    names: /node-name/,
  },
  { it: 'a boolean option with a string', values: { options: { 'scan.watch': 'no' } }, names: /scan\.watch/ },
  { it: 'an invalid digest', values: { image: { digest: 'latest' } }, names: /digest/ },
  { it: 'a relative path', values: { kubelet: { rootDir: 'kubelet' } }, names: /rootDir/ },
  {
    it: 'an invalid maxUnavailable',
    values: { updateStrategy: { rollingUpdate: { maxUnavailable: 'some' } } },
    names: /maxUnavailable/,
  },
  {
    it: 'resource limits that are not an object',
    values: { resources: { limits: 'none' } },
    names: /limits/,
  },
  { it: 'a string instead of a boolean', values: { cluster: { enabled: 'yes' } }, names: /enabled/ },
  {
    it: 'a string instead of a list of Secrets',
    values: { web: { configSecrets: 'a' } },
    names: /configSecrets/,
  },
  {
    it: 'a scraper without a namespace',
    values: { scrapers: [{ serviceAccount: 'a' }] },
    names: /namespace/,
  },
  {
    it: 'a field of the endpoint that the chart sets itself',
    values: { podMonitor: { endpoint: { honorLabels: false } } },
    names: /honorLabels/,
  },
  {
    it: 'a PodMonitor without credentials for web.kubernetesAuth',
    values: { web: { kubernetesAuth: true }, podMonitor: { enabled: true } },
    names: /podMonitor: .*scrapeClass/,
  },
  ...['podMonitor', 'serviceMonitor'].flatMap((kind) => [
    {
      it: `a password in the ${kind} with web.kubernetesAuth`,
      values: { web: { kubernetesAuth: true }, [kind]: { enabled: true, endpoint: { basicAuth: USER } } },
      names: new RegExp(`${kind}\\.endpoint\\.basicAuth: .*web\\.kubernetesAuth`),
    },
    {
      it: `two kinds of credentials in the ${kind}`,
      values: { [kind]: { enabled: true, endpoint: { basicAuth: USER, oauth2: { clientId: {} } } } },
      names: new RegExp(`${kind}\\.endpoint: basicAuth and oauth2 are mutually exclusive`),
    },
  ]),
  {
    it: 'both monitors, together with other contradictions',
    values: {
      web: { kubernetesAuth: true },
      podMonitor: { enabled: true },
      serviceMonitor: { enabled: true },
    },
    names: /podMonitor\.enabled and serviceMonitor\.enabled are mutually exclusive: .*\n.*podMonitor: /,
  },
];

describeWith(['helm (.ci/helm)'], 'the chart', () => {
  for (const { it: title, values, names } of INVALID) {
    it(`rejects ${title}`, () => {
      const { status, stderr } = helm('template', values);
      assert.notEqual(status, 0);
      assert.match(stderr, names);
    });
  }
});
