/**
 * Cases of the dashboard links of alerts, written out in full, by what the alert is about and the labels that it lacks.
 */
import { type Case, type Firing, keepsFiring } from './promtool.ts';
import { problem, problems, scraped, series, TARGET, TOKEN, TOKEN_TEXT } from './series.ts';

const SIX_HOURS = 'from=now-6h&to=now';
const { pod: _pod, ...NAMELESS } = TOKEN;

/** At a minute at which each of these alerts fires. */
function links(alert: string, firing: Firing): Case['expect'] {
  return keepsFiring(alert, firing, 16);
}

const TOKEN_CASES: readonly Case[] = [
  {
    it: 'an alert on a token links to its pod',
    series: problem('token_refused', '1x20'),
    expect: links('SATokenRefused', {
      labels: { ...TOKEN, reason: 'token_refused' },
      prints: { subject: TOKEN_TEXT },
      link: `/d/satoken-workload?${SIX_HOURS}&var-namespace=payments&var-node=node-1&var-pod=api-0&var-serviceaccount=api`,
    }),
  },
  {
    it: 'an alert on a token without a pod name links to its account',
    series: problem('token_refused', '1x20', { pod: '' }),
    expect: links('SATokenRefused', {
      labels: { ...NAMELESS, reason: 'token_refused' },
      prints: { subject: TOKEN_TEXT.replace('api-0', 'uid-1') },
      link: `/d/satoken-workload?${SIX_HOURS}&var-namespace=payments&var-node=node-1&var-serviceaccount=api`,
    }),
  },
  {
    it: 'an alert on a count of tokens links to the node',
    series: problems('token_refused', '3x20', { cluster: 'east' }),
    expect: links('SATokenRefused', {
      labels: { cluster: 'east', node: 'node-1', reason: 'token_refused' },
      prints: { subject: 'Tokens on node node-1 (3)' },
      link: `/d/satoken-node?${SIX_HOURS}&var-cluster=east&var-node=node-1`,
    }),
  },
  {
    it: 'a link escapes the values of labels',
    series: problem('token_refused', '1x20', { cluster: 'a&b=c d/é?#%', serviceaccount: 'x+y' }),
    expect: links('SATokenRefused', {
      labels: { ...TOKEN, cluster: 'a&b=c d/é?#%', serviceaccount: 'x+y', reason: 'token_refused' },
      prints: { subject: TOKEN_TEXT },
      link: `/d/satoken-workload?${SIX_HOURS}&var-cluster=a%26b%3Dc+d%2F%C3%A9%3F%23%25&var-namespace=payments&var-node=node-1&var-pod=api-0&var-serviceaccount=x%2By`,
    }),
  },
];

const ACCOUNT_CASES: readonly Case[] = [
  {
    it: 'an alert on an account links to the account',
    series: problem('service_account_missing', '1x20', { cluster: 'east' }),
    expect: links('SATokenServiceAccountMissing', {
      labels: { cluster: 'east', namespace: 'payments', serviceaccount: 'api' },
      prints: { subject: 'Service account payments/api (tokens: 1)' },
      link: `/d/satoken-workload?${SIX_HOURS}&var-cluster=east&var-namespace=payments&var-serviceaccount=api`,
    }),
  },
  {
    it: 'an alert on the accounts of a count of tokens links to the fleet',
    series: problems('service_account_missing', '3x20', { cluster: 'east' }),
    expect: links('SATokenServiceAccountMissing', {
      labels: { cluster: 'east' },
      prints: { subject: 'At least one service account (tokens: 3)' },
      link: `/d/satoken-fleet?${SIX_HOURS}&var-cluster=east`,
    }),
  },
];

const NODE_CASES: readonly Case[] = [
  {
    it: 'an alert on a node links to the node and escapes its name',
    series: { [scraped('satoken_canary_healthy', { node: 'rack 1&2' })]: '0x20' },
    expect: links('SATokenCanaryLate', {
      labels: { node: 'rack 1&2' },
      link: `/d/satoken-node?${SIX_HOURS}&var-node=rack+1%262`,
    }),
  },
  {
    it: 'an alert on an exporter links to it if the target names the node',
    series: {
      [series('up', { ...TARGET, cluster: 'east', node: 'node-1', namespace: 'monitoring' })]: '0x20',
      [series('up', { ...TARGET, cluster: 'east', instance: '10.0.0.2:9894' })]: '1x20',
    },
    expect: links('SATokenExporterDown', {
      severity: 'warning',
      labels: { ...TARGET, cluster: 'east', node: 'node-1', namespace: 'monitoring' },
      link: `/d/satoken-exporter?${SIX_HOURS}&var-cluster=east&var-node=node-1`,
    }),
  },
  {
    it: 'an alert without labels links to all exporters',
    series: {},
    expect: links('SATokenExporterDown', {
      severity: 'critical',
      labels: {},
      link: `/d/satoken-exporter?${SIX_HOURS}`,
    }),
  },
];

export const LINK_CASES: readonly Case[] = [...TOKEN_CASES, ...ACCOUNT_CASES, ...NODE_CASES];
