/**
 * Cases of the alerts on errors of the exporter, and of those on the counters of the API server.
 */
import { type Case, type Firing, fires, silent } from './promtool.ts';
import { nodeScraped, scraped, series } from './series.ts';

const NODE = { node: 'node-1' };
const seen = (values: string) => nodeScraped(values);

const resource = (name: string, values: string) => ({
  [scraped('satoken_cluster_up', { resource: name })]: values,
});
const failing = (name: string, reason: string, values: string) => ({
  [scraped('satoken_cluster_failure', { resource: name, reason })]: values,
});

const CLUSTER_CASES: readonly Case[] = [
  {
    it: 'resources that are out of date make one alert for their node, with the reasons',
    series: {
      ...resource('pods', '0x30'),
      ...resource('keys', '0x30'),
      ...resource('serviceaccounts', '1x30'),
      ...failing('pods', 'forbidden', '1x30'),
      ...failing('keys', 'unreachable', '1x8 stale'),
      ...failing('keys', 'timeout', '_x9 1x20'),
    },
    expect: fires('SATokenClusterBlind', 15, {
      labels: NODE,
      prints: { list: ' Failing: keys (timeout), pods (forbidden).' },
    }),
  },
  {
    it: 'an API server that is down for 10 minutes makes no alert',
    series: { ...resource('pods', '1x5 0x10 1x30') },
    expect: silent('SATokenClusterBlind', 15, 20, 40),
  },
  {
    it: 'an exporter that does not use the API server makes no alert on it',
    series: seen('5x30'),
    expect: silent('SATokenClusterBlind', 30),
  },
];

const broken: Firing = { labels: NODE };
const reloaded = (values: string) => ({
  [scraped('satoken_web_config_last_reload_successful')]: values,
});

const WEB_CONFIG_CASES: readonly Case[] = [
  {
    it: 'an invalid web configuration alerts after 15 minutes',
    series: reloaded('1x5 0x30'),
    expect: fires('SATokenWebConfigBroken', 21, broken),
  },
  {
    it: 'an invalid web configuration alerts in time while single scrapes fail',
    series: { ...seen('5 stale 5 stale stale 5x30'), ...reloaded('0 stale 0 stale stale 0x30') },
    expect: fires('SATokenWebConfigBroken', 15, broken),
  },
  {
    it: 'a web configuration that is fixed in time makes no alert',
    series: reloaded('1x5 0x10 1x30'),
    expect: silent('SATokenWebConfigBroken', 15, 20, 40),
  },
  {
    it: 'an exporter without a web configuration makes no alert on it, even if it rejects requests',
    series: { ...seen('5x30'), [scraped('satoken_web_refusals_total', { code: '401' })]: '0+60x30' },
    expect: silent('SATokenWebConfigBroken', 15, 30),
  },
];

/** Alerts on counters of errors: the alert, the counter and its label. */
const COUNTED = [
  {
    alert: 'SATokenWatchesDegraded',
    counter: 'satoken_watch_errors_total',
    labels: { reason: 'max_user_watches' },
  },
  {
    alert: 'SATokenExporterErrors',
    counter: 'satoken_exporter_errors_total',
    labels: { part: 'pass' },
  },
] as const;

const COUNTED_CASES: readonly Case[] = COUNTED.flatMap(({ alert, counter, labels }) => {
  const name = scraped(counter, labels);
  return [
    {
      it: `${counter} alerts after it has increased for 15 minutes`,
      series: { [name]: '0+1x60' },
      expect: fires(alert, 16, { labels: { ...NODE, ...labels } }),
    },
    {
      it: `${counter} makes no alert after a single increase`,
      series: { [name]: '0x10 3x60' },
      expect: silent(alert, ...Array.from({ length: 40 }, (_, minute) => minute)),
    },
    {
      it: `${counter} makes no alert after a reset`,
      series: { [name]: '9x10 0x60' },
      expect: silent(alert, 20, 40),
    },
  ];
});

/** Alerts on tokens in use: the alert, the counter of the API server, and the number of such tokens on a node. */
const USES = [
  {
    alert: 'SATokenStaleUse',
    counter: 'serviceaccount_stale_tokens_total',
    onNode: scraped('satoken_token_state', { cluster: 'east', state: 'stale' }),
  },
  {
    alert: 'SATokenLegacyUse',
    counter: 'serviceaccount_legacy_tokens_total',
    onNode: scraped('satoken_tokens', { cluster: 'east', kind: 'legacy' }),
  },
] as const;

const USE_CASES: readonly Case[] = USES.flatMap(({ alert, counter, onNode }) => {
  const used = series(counter, { cluster: 'east', instance: 'api-1' });
  const inWest = onNode.replace('east', 'west');
  return [
    {
      it: `${counter} alerts after it has increased for an hour and no node of the cluster has such a token`,
      series: { [used]: '0+6x90', [onNode]: '0x90', [inWest]: '1x90' },
      expect: fires(alert, 61, { labels: { cluster: 'east' }, prints: { value: '0.10' } }),
    },
    {
      it: `${counter} makes no alert if a node has such a token`,
      series: { [used]: '0+6x90', [onNode]: '1x90' },
      expect: silent(alert, 61, 90),
    },
    {
      it: `${counter} makes no alert if it does not increase`,
      series: { [used]: '6x90', [onNode]: '0x90' },
      expect: silent(alert, 61, 90),
    },
    {
      it: `${counter} makes no alert without an exporter`,
      series: { [used]: '0+6x90' },
      expect: silent(alert, 61, 90),
    },
  ];
});

/** The containers of an account in the namespace shop that fail a check. */
const holders = (cluster: string, serviceaccount: string, reason: string) =>
  Object.fromEntries(
    ['pod-1', 'pod-2'].map((pod) => [
      scraped('satoken_problem', {
        cluster,
        namespace: 'shop',
        pod,
        serviceaccount,
        reason,
        severity: 'info',
      }),
      '1x90',
    ]),
  );

const HOLDER_CASES: readonly Case[] = [
  {
    it: 'the use of old tokens names the accounts of the cluster whose containers may hold one',
    series: {
      [series('serviceaccount_stale_tokens_total', { cluster: 'east', instance: 'api-1' })]: '0+6x90',
      [scraped('satoken_token_state', { cluster: 'east', state: 'stale' })]: '0x90',
      ...holders('east', 'cart', 'not_reread'),
      ...holders('east', 'basket', 'subpath_frozen'),
      ...holders('east', 'quick', 'audience_mismatch'),
      ...holders('west', 'other', 'not_reread'),
    },
    expect: fires('SATokenStaleUse', 61, {
      labels: { cluster: 'east' },
      prints: { value: '0.10', list: ' Accounts that may hold one: shop/basket, shop/cart.' },
    }),
  },
];

export const ERROR_CASES: readonly Case[] = [
  ...HOLDER_CASES,
  ...CLUSTER_CASES,
  ...WEB_CONFIG_CASES,
  ...COUNTED_CASES,
  ...USE_CASES,
];
