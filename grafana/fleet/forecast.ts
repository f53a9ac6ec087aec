/**
 * Fleet: forecast of the tokens that expire if rotation stops now.
 */

import { NEEDS_ALL } from '../common/empty.ts';
import { TIME_LEFT } from '../common/tokens.ts';
import type { Section } from '../parts/layout.ts';
import { BY_ACCOUNT, BY_NAMESPACE, ifComplete, ON_NODES, ON_TOKENS, timeLeft } from '../parts/promql.ts';
import { table } from '../parts/table.ts';

const HORIZONS = [
  [300, '5 min'],
  [900, '15 min'],
  [3_600, '1 h'],
  [14_400, '4 h'],
  [86_400, '1 day'],
] as const;

function shareExpired(): string {
  const shares = HORIZONS.map(([seconds, within]) => {
    const isExpired = `satoken_expiration_timestamp_seconds{${ON_TOKENS}} < bool time() + ${seconds}`;
    return `label_replace(avg(${isExpired}),\n"within", "${within}", "", "")`;
  });
  return ifComplete(`(${shares.join('\nor ')})`, ON_NODES);
}

/** The groups of tokens of which one would expire first. */
function firstToExpire(count: number, labels: string): string {
  return ifComplete(`bottomk(${count}, min by (${labels}) (${timeLeft(ON_TOKENS)} > 0))`, ON_NODES);
}

const NEEDS = 'Needs `--metrics.per-token=all` on all selected nodes.';

export const forecast: Section = {
  title: 'If rotation stops now',
  lines: [
    {
      height: 9,
      panels: [
        table({
          title: 'Share of tokens expired',
          description: `The share of all tokens that can expire which would have expired after this time: the impact of an outage of the API server. ${NEEDS}`,
          empty: NEEDS_ALL,
          labels: ['within'],
          columns: [{ title: 'Share', expr: shareExpired(), unit: 'percentunit', bar: { max: 1 } }],
        }),
        table({
          title: 'Time left by namespace',
          description: `The twenty namespaces with the token that would expire first. ${NEEDS}`,
          empty: NEEDS_ALL,
          labels: ['namespace'],
          columns: [{ ...TIME_LEFT, expr: firstToExpire(20, BY_NAMESPACE) }],
          after: ['cluster'],
        }),
        table({
          title: 'Time left by service account',
          description: `The twenty service accounts with the token that would expire first. ${NEEDS}`,
          empty: NEEDS_ALL,
          labels: ['namespace', 'serviceaccount'],
          columns: [{ ...TIME_LEFT, expr: firstToExpire(20, BY_ACCOUNT) }],
          after: ['cluster'],
        }),
      ],
    },
  ],
};
