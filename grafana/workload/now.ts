/**
 * Workload: its tokens now.
 */

import { NEEDS_ALL, NONE_FAILS } from '../common/empty.ts';
import { failingTokens, tokenTable } from '../common/tokens.ts';
import { COLORS, ZERO_OR_CRITICAL } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import { BY_TOKEN, timeLeft } from '../parts/promql.ts';
import { TOKENS } from './chosen.ts';

export const now: Section = {
  title: 'Now',
  lines: [
    {
      height: 4,
      panels: [
        stat({
          title: 'Pods',
          description:
            'Pods with tokens that have series of their own: all of them with `--metrics.per-token=all`, those with a failing check with `problems`.',
          unit: 'short',
          empty: NEEDS_ALL,
          expr: `count(group by (cluster, namespace, pod) (satoken_info{${TOKENS}}))`,
        }),
        stat({
          title: 'Tokens',
          description: 'Tokens with series of their own.',
          unit: 'short',
          empty: NEEDS_ALL,
          expr: `count(satoken_info{${TOKENS}})`,
        }),
        stat({
          title: 'Expired',
          description: 'Expired tokens: the API server returns 401.',
          unit: 'short',
          empty: NEEDS_ALL,
          expr: `sum(${timeLeft(TOKENS)} < bool 0)`,
          steps: ZERO_OR_CRITICAL,
        }),
        stat({
          title: 'Failing tokens',
          description: 'Tokens that fail a check or are missing.',
          unit: 'short',
          empty: NONE_FAILS,
          expr: `count(group by (${BY_TOKEN}) (satoken_problem{${TOKENS}}))`,
          steps: ZERO_OR_CRITICAL,
        }),
        stat({
          title: 'Next refresh',
          description:
            'Time until the refresh of the next token is due. Normally negative for up to about 100 s: the kubelet rotates the token at the next sync of the pod.',
          unit: 's',
          empty: NEEDS_ALL,
          expr: `min(satoken_refresh_due_timestamp_seconds{${TOKENS}} - time())`,
          steps: [COLORS.warning, [-100, COLORS.note], [0, COLORS.good]],
        }),
        stat({
          title: 'Next expiry',
          description: 'Time until the next token expires if it is not rotated.',
          unit: 's',
          empty: NEEDS_ALL,
          expr: `min(${timeLeft(TOKENS)})`,
          steps: [COLORS.critical, [0, COLORS.good]],
        }),
      ],
    },
    {
      height: 8,
      panels: [failingTokens(TOKENS, ['cluster', 'node', 'serviceaccount', 'pod', 'volume', 'path'])],
    },
    { height: 9, panels: [tokenTable(TOKENS)] },
  ],
};
