/**
 * Cases of the alerts on what the exporter fails at, and of those on what the API server counts.
 */
import { type Case, type Firing, fires, silent } from './promtool.ts';
import { scraped, series } from './series.ts';

const NODE = { node: 'node-1' };
const seen = (values: string) => ({ [scraped('satoken_tokens', { kind: 'projected' })]: values });

const blind: Firing = {
  labels: NODE,
  description:
    "Node node-1: part of what the exporter asks the API server for is not answered; checks that need it say nothing. Failing: keys (timeout), pods (forbidden). Check first: the permissions of the exporter's account (kubectl auth can-i).",
};
const resource = (name: string, values: string) => ({
  [scraped('satoken_cluster_up', { resource: name })]: values,
});
const failing = (name: string, reason: string, values: string) => ({
  [scraped('satoken_cluster_failure', { resource: name, reason })]: values,
});

const CLUSTER_CASES: readonly Case[] = [
  {
    it: 'resources that are not known are told once for their node, with the reasons',
    series: {
      ...resource('pods', '0x30'),
      ...resource('keys', '0x30'),
      ...resource('serviceaccounts', '1x30'),
      ...failing('pods', 'forbidden', '1x30'),
      ...failing('keys', 'unreachable', '1x8 stale'),
      ...failing('keys', 'timeout', '_x9 1x20'),
    },
    expect: fires('SATokenClusterBlind', 15, blind),
  },
  {
    it: 'an API server that is away for 10 minutes is not told of',
    series: { ...resource('pods', '1x5 0x10 1x30') },
    expect: silent('SATokenClusterBlind', 15, 20, 40),
  },
  {
    it: 'an exporter that does not ask the API server is not blind',
    series: seen('5x30'),
    expect: silent('SATokenClusterBlind', 30),
  },
];

const broken: Firing = {
  labels: NODE,
  description:
    'Node node-1: the exporter goes on with the web configuration it had, so a new certificate, or the removal of a user, has no effect yet; and after a restart it may not come up. Check first: its log, for "invalid web configuration".',
};
const taken = (values: string) => ({ [scraped('satoken_web_config_last_reload_successful')]: values });

const WEB_CONFIG_CASES: readonly Case[] = [
  {
    it: 'a web configuration that is not taken is told after 15 minutes',
    series: taken('1x5 0x30'),
    expect: fires('SATokenWebConfigBroken', 21, broken),
  },
  {
    it: 'a web configuration that is not taken is told in time though single scrapes fail',
    series: taken('0 _ 0 _ _ 0x30'),
    expect: fires('SATokenWebConfigBroken', 15, broken),
  },
  {
    it: 'a web configuration that is mended in time is not told of',
    series: taken('1x5 0x10 1x30'),
    expect: silent('SATokenWebConfigBroken', 15, 20, 40),
  },
  {
    it: 'an exporter without a web configuration has none that is broken, whomever it refuses',
    series: { ...seen('5x30'), [scraped('satoken_web_refusals_total', { code: '401' })]: '0+60x30' },
    expect: silent('SATokenWebConfigBroken', 15, 30),
  },
];

/** Failures that are counted: the alert, the counter, its label, and what is said. */
const COUNTED = [
  {
    alert: 'SATokenWatchesDegraded',
    counter: 'satoken_watch_errors_total',
    labels: { reason: 'max_user_watches' },
    description:
      'Node node-1: folders cannot be watched (max_user_watches); changes show at the next pass, nothing is lost. Check first: sysctl fs.inotify on the node, and who uses up its limits.',
  },
  {
    alert: 'SATokenExporterErrors',
    counter: 'satoken_exporter_errors_total',
    labels: { part: 'pass' },
    description:
      'Node node-1: the part pass of the exporter keeps failing unexpectedly, which is a bug. Check first: its log, for "unexpected failure".',
  },
] as const;

const COUNTED_CASES: readonly Case[] = COUNTED.flatMap(({ alert, counter, labels, description }) => {
  const name = scraped(counter, labels);
  return [
    {
      it: `${counter} that keeps growing is told after 15 minutes`,
      series: { [name]: '0+1x60' },
      expect: fires(alert, 16, { labels: { ...NODE, ...labels }, description }),
    },
    {
      it: `${counter} that grew once is not told of`,
      series: { [name]: '0x10 3x60' },
      expect: silent(alert, ...Array.from({ length: 40 }, (_, minute) => minute)),
    },
    {
      it: `${counter} that starts anew is not told of`,
      series: { [name]: '9x10 0x60' },
      expect: silent(alert, 20, 40),
    },
  ];
});

/** Uses that the API server counts: the alert, the counter, what is on nodes, and what is said. */
const USES = [
  {
    alert: 'SATokenStaleUse',
    counter: 'serviceaccount_stale_tokens_total',
    onNode: scraped('satoken_token_state', { cluster: 'east', state: 'stale' }),
    description:
      'The API server is shown tokens past their lifetime (0.10 a second) while every file on every node is fresh: an application read its token once and kept it. Check first: the annotation authentication.k8s.io/stale-token in the audit log, which names the account.',
  },
  {
    alert: 'SATokenLegacyUse',
    counter: 'serviceaccount_legacy_tokens_total',
    onNode: scraped('satoken_tokens', { cluster: 'east', kind: 'legacy' }),
    description:
      'The API server is shown legacy tokens (0.10 a second) while no pod mounts one: they are used from outside, or were copied. Check first: the label kubernetes.io/legacy-token-last-used of the Secrets.',
  },
] as const;

const USE_CASES: readonly Case[] = USES.flatMap(({ alert, counter, onNode, description }) => {
  const used = series(counter, { cluster: 'east', instance: 'api-1' });
  const inWest = onNode.replace('east', 'west');
  return [
    {
      it: `${counter} that grows while no node has such a token is told after an hour`,
      series: { [used]: '0+6x90', [onNode]: '0x90', [inWest]: '1x90' },
      expect: fires(alert, 61, { labels: { cluster: 'east' }, description }),
    },
    {
      it: `${counter} that grows while a node has such a token is not told of`,
      series: { [used]: '0+6x90', [onNode]: '1x90' },
      expect: silent(alert, 61, 90),
    },
    {
      it: `${counter} that stays as it is is not told of`,
      series: { [used]: '6x90', [onNode]: '0x90' },
      expect: silent(alert, 61, 90),
    },
    {
      it: `${counter} says nothing where no exporter tells of the nodes`,
      series: { [used]: '0+6x90' },
      expect: silent(alert, 61, 90),
    },
  ];
});

export const TROUBLE_CASES: readonly Case[] = [
  ...CLUSTER_CASES,
  ...WEB_CONFIG_CASES,
  ...COUNTED_CASES,
  ...USE_CASES,
];
