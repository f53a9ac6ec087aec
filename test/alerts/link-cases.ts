/**
 * Cases of where alerts lead, each address written out: by what an alert is told of, and by the labels it lacks.
 */
import { type Case, type Firing, keepsFiring } from './promtool.ts';
import { problem, problems, scraped, series, TARGET, TOKEN, TOKEN_WORDS } from './series.ts';

const SIX_HOURS = 'from=now-6h&to=now';
const REFUSED =
  'refused by the API server, for a reason that no other check accounts for. Check first: whether the pod and the account that the token names are those that exist now.';
const GONE =
  'the account does not exist, its tokens are refused and get no successor. Check first: kubectl get serviceaccount in the namespace, and who deleted it.';
const LATE_CANARY =
  'the canary, a token of ten minutes, is late or gone; rotation on this node may be about to fail for everybody. Check first: systemctl status kubelet on the node.';
const { pod: _pod, ...NAMELESS } = TOKEN;

/** The patience of all of them is over by then. */
function leads(alert: string, firing: Firing): Case['expect'] {
  return keepsFiring(alert, firing, 16);
}

const TOKEN_CASES: readonly Case[] = [
  {
    it: 'an alert on a token leads to its pod',
    series: problem('token_refused', '1x20'),
    expect: leads('SATokenRefused', {
      labels: { ...TOKEN, reason: 'token_refused' },
      description: `${TOKEN_WORDS}: ${REFUSED}`,
      link: `/d/satoken-workload?${SIX_HOURS}&var-namespace=payments&var-serviceaccount=api&var-pod=api-0`,
    }),
  },
  {
    it: 'an alert on a token that names no pod leads to its account',
    series: problem('token_refused', '1x20', { pod: '' }),
    expect: leads('SATokenRefused', {
      labels: { ...NAMELESS, reason: 'token_refused' },
      description: `${TOKEN_WORDS.replace('api-0', 'uid-1')}: ${REFUSED}`,
      link: `/d/satoken-workload?${SIX_HOURS}&var-namespace=payments&var-serviceaccount=api`,
    }),
  },
  {
    it: 'an alert on the tokens of a node that shows none leads to the node',
    series: problems('token_refused', '3x20', { cluster: 'east' }),
    expect: leads('SATokenRefused', {
      labels: { cluster: 'east', node: 'node-1', reason: 'token_refused' },
      description: `Tokens on node node-1 (3): ${REFUSED}`,
      link: `/d/satoken-node?${SIX_HOURS}&var-cluster=east&var-node=node-1`,
    }),
  },
  {
    it: 'what a label holds is escaped',
    series: problem('token_refused', '1x20', { cluster: 'a&b=c d/é?#%', serviceaccount: 'x+y' }),
    expect: leads('SATokenRefused', {
      labels: { ...TOKEN, cluster: 'a&b=c d/é?#%', serviceaccount: 'x+y', reason: 'token_refused' },
      description: `${TOKEN_WORDS}: ${REFUSED}`,
      link: `/d/satoken-workload?${SIX_HOURS}&var-cluster=a%26b%3Dc+d%2F%C3%A9%3F%23%25&var-namespace=payments&var-serviceaccount=x%2By&var-pod=api-0`,
    }),
  },
];

const ACCOUNT_CASES: readonly Case[] = [
  {
    it: 'an alert on an account leads to the account',
    series: problem('service_account_missing', '1x20', { cluster: 'east' }),
    expect: leads('SATokenServiceAccountMissing', {
      labels: { cluster: 'east', namespace: 'payments', serviceaccount: 'api' },
      description: `Service account payments/api (tokens: 1): ${GONE}`,
      link: `/d/satoken-workload?${SIX_HOURS}&var-cluster=east&var-namespace=payments&var-serviceaccount=api`,
    }),
  },
  {
    it: 'an alert on the accounts of nodes that show no tokens leads to the fleet',
    series: problems('service_account_missing', '3x20', { cluster: 'east' }),
    expect: leads('SATokenServiceAccountMissing', {
      labels: { cluster: 'east' },
      description: `Service account of some namespace (tokens: 3): ${GONE}`,
      link: `/d/satoken-fleet?${SIX_HOURS}&var-cluster=east`,
    }),
  },
];

const PLACE_CASES: readonly Case[] = [
  {
    it: 'an alert on a node leads to the node, whatever it is called',
    series: { [scraped('satoken_canary_healthy', { node: 'rack 1&2' })]: '0x20' },
    expect: leads('SATokenCanaryLate', {
      labels: { node: 'rack 1&2' },
      description: `Node rack 1&2: ${LATE_CANARY}`,
      link: `/d/satoken-node?${SIX_HOURS}&var-node=rack+1%262`,
    }),
  },
  {
    it: 'an alert on an exporter whose target names its node leads to it',
    series: {
      [series('up', { ...TARGET, cluster: 'east', node: 'node-1', namespace: 'monitoring' })]: '0x20',
      [series('up', { ...TARGET, instance: '10.0.0.2:9894' })]: '1x20',
    },
    expect: leads('SATokenExporterDown', {
      severity: 'warning',
      labels: { ...TARGET, cluster: 'east', node: 'node-1', namespace: 'monitoring' },
      description:
        'Target 10.0.0.1:9894 of job sa-token-exporter: no answer; the tokens of its node are not watched. Check first: kubectl get pods of the exporter with -o wide, and the log of the one on that node.',
      link: `/d/satoken-exporter?${SIX_HOURS}&var-cluster=east&var-node=node-1`,
    }),
  },
  {
    it: 'an alert without any label leads to all exporters',
    series: {},
    expect: leads('SATokenExporterDown', {
      severity: 'critical',
      labels: {},
      description:
        'Not one exporter answers Prometheus, or there is no target at all: no token is watched, and none of the other alerts can fire. Check first: kubectl get daemonset of the exporter, then the targets page of Prometheus.',
      link: `/d/satoken-exporter?${SIX_HOURS}`,
    }),
  },
];

export const LINK_CASES: readonly Case[] = [...TOKEN_CASES, ...ACCOUNT_CASES, ...PLACE_CASES];
