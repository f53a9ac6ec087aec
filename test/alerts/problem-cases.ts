/**
 * Cases of all alerts that go by one check: the same for each row of the table.
 */
import { ROWS, type Row } from './problem-rows.ts';
import { type Case, type Expectation, type Firing, fires, keepsFiring, silent } from './promtool.ts';
import { problem, problems, scraped, series, TOKEN, TOKEN_WORDS } from './series.ts';

const EAST = { cluster: 'east' };
const ACCOUNT = { namespace: TOKEN.namespace, serviceaccount: TOKEN.serviceaccount };
const WORKLOAD = { ...ACCOUNT, volume: TOKEN.volume };

/** Labels, and how the description begins. */
interface Told {
  readonly labels: Firing['labels'];
  readonly begins: string;
}

/** Where each token has series. */
function told({ scope, reason }: Row): Told {
  return {
    token: { labels: { ...EAST, ...TOKEN, reason }, begins: `${TOKEN_WORDS}: ` },
    account: { labels: { ...EAST, ...ACCOUNT }, begins: 'Service account payments/api (tokens: 3): ' },
    workload: {
      labels: { ...EAST, ...WORKLOAD },
      begins: 'Service account payments/api (tokens: 3), volume vault-token: ',
    },
    cluster: { labels: EAST, begins: '' },
  }[scope];
}

/** The same where nodes show their counts alone, and no cluster is named. */
function toldOfCount({ scope, reason }: Row): Told {
  return {
    token: { labels: { node: 'node-1', reason }, begins: 'Tokens on node node-1 (3): ' },
    account: { labels: {}, begins: 'Service account of some namespace (tokens: 3): ' },
    workload: { labels: {}, begins: 'Service account of some namespace (tokens: 3): ' },
    cluster: { labels: {}, begins: '' },
  }[scope];
}

function firing(row: Row, { labels, begins }: Told): Firing {
  const { severity, says } = row;
  return { ...(severity === undefined ? {} : { severity }), labels, description: begins + says };
}

/** Three tokens of one account; the alert on tokens is about the first of them. */
function threeTokens({ reason, scope }: Row, values: string) {
  const others = scope === 'token' ? [] : ['api-1', 'api-2'];
  return Object.assign(
    {},
    problem(reason, values, EAST),
    ...others.map((pod, index) =>
      problem(reason, values, { ...EAST, pod, pod_uid: `uid-${pod}`, node: `node-${index + 2}` }),
    ),
    problems(reason, values, EAST),
  ) as Readonly<Record<string, string>>;
}

function fired(row: Row): Firing {
  return firing(row, told(row));
}

/** After a series ends it counts on for three minutes, to the very minute in one version of Prometheus. */
function gone(row: Row, lastMinute: number): readonly Expectation[] {
  const outlasts = row.outlasts ?? 0;
  return [
    ...keepsFiring(row.alert, fired(row), lastMinute + 2 + outlasts),
    ...silent(row.alert, lastMinute + 4 + outlasts),
  ];
}

function casesOf(row: Row): readonly Case[] {
  const { reason, alert, minutes } = row;
  return [
    {
      it: `${reason} is told by ${alert} after ${minutes} minutes, and no longer once it is over`,
      series: threeTokens(row, `1x${minutes + 5}`),
      expect: [...silent(alert, 0), ...fires(alert, minutes, fired(row)), ...gone(row, minutes + 5)],
    },
    {
      it: `${reason} is told of the count alone where tokens have no series`,
      series: problems(reason, `3x${minutes + 5}`),
      expect: fires(alert, minutes, firing(row, toldOfCount(row))),
    },
    {
      it: `${reason} is told in time though single scrapes fail, and does not end with one`,
      series: threeTokens(row, `1 1 _ 1x${minutes - 3} _ _ 1x10`),
      expect: [
        ...fires(alert, minutes, fired(row)),
        ...keepsFiring(alert, fired(row), minutes + 1, minutes + 2),
      ],
    },
    {
      it: `${reason} that is over in time is not told`,
      series: threeTokens(row, `1x${minutes - 4}`),
      expect: silent(alert, minutes - 1, minutes, minutes + 1, minutes + 10),
    },
    {
      it: `${reason} of a pod that terminates is not told, nor by the count`,
      series: {
        ...problem(reason, `1x${minutes + 10}`, EAST),
        ...problems(reason, `1x${minutes + 10}`, EAST),
        [series('kube_pod_deletion_timestamp', {
          ...EAST,
          namespace: 'payments',
          pod: 'api-0',
        })]: `100x${minutes + 10}`,
      },
      expect: silent(alert, minutes, minutes + 10),
    },
    {
      it: `no token with ${reason}, no ${alert}`,
      series: problems(reason, `0x${minutes + 10}`),
      expect: silent(alert, minutes, minutes + 10),
    },
    {
      it: `${reason} outlives a restart of the exporter`,
      series: {
        ...threeTokens(row, `1x${minutes - 2} stale`),
        ...Object.fromEntries(
          Object.entries(threeTokens(row, `_x${minutes - 1} 1x10`)).map(([name, values]) => [
            name.replace('10.0.0.1', '10.0.0.2'),
            values,
          ]),
        ),
      },
      expect: fires(alert, minutes, fired(row)),
    },
  ];
}

/** A node with more than one trouble names the causes of late tokens. */
const CAUSE_CASES: readonly Case[] = ROWS.filter(({ reason }) =>
  ['rotation_overdue', 'expired', 'stale'].includes(reason),
).map((row) => ({
  it: `${row.alert} names the causes that the exporter sees on that node`,
  series: {
    ...problem(row.reason, '1x20', EAST),
    [scraped('satoken_overdue_cause', { ...EAST, cause: 'sibling_volume_failed' })]: '1x20',
    [scraped('satoken_overdue_cause', { ...EAST, cause: 'audience_refused' })]: '2x20',
    [scraped('satoken_overdue_cause', { ...EAST, cause: 'unknown' })]: '0x20',
    [scraped('satoken_overdue_cause', { ...EAST, node: 'node-2', cause: 'clock_skew' })]: '1x20',
    [scraped('satoken_overdue_cause', { cluster: 'west', cause: 'pod_terminating' })]: '1x20',
  },
  expect: fires(row.alert, row.minutes, {
    ...fired(row),
    description: fired(row).description.replace(
      ' Check first',
      ' Causes of late tokens on the node: audience_refused, sibling_volume_failed. Check first',
    ),
  }),
}));

export const PROBLEM_CASES: readonly Case[] = [...ROWS.flatMap(casesOf), ...CAUSE_CASES];
