/**
 * Workload: its tokens now.
 */

import * as counts from '../common/counts.ts';
import { NEEDS_ALL, NONE_FAILS } from '../common/empty.ts';
import { failingTokens, tokenTable } from '../common/tokens.ts';
import { ZERO_OR_CRITICAL } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { stat } from '../parts/panels.ts';
import { BY_TOKEN, timeLeft } from '../parts/promql.ts';
import { NAMED, TOKENS } from './chosen.ts';

export const now: Section = {
  title: 'What is wrong with the workload?',
  lines: [
    {
      height: 4,
      panels: [
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
          expr: `count(group by (${BY_TOKEN}) (satoken_problem{${TOKENS}}))\nor count(satoken_info{${TOKENS}}) * 0`,
          steps: ZERO_OR_CRITICAL,
        }),
        counts.firstRejection(TOKENS, `count(satoken_info{${TOKENS}})`),
        stat({
          title: 'Tokens',
          description: 'Tokens with series of their own, and missing ones.',
          unit: 'short',
          empty: NEEDS_ALL,
          expr: `count(group by (${BY_TOKEN}) ({${NAMED}, ${TOKENS}}))`,
        }),
      ],
    },
    {
      height: 8,
      panels: [failingTokens(TOKENS, ['serviceaccount', 'pod', 'file'], ['node'])],
    },
    { height: 9, panels: [tokenTable(TOKENS, ['serviceaccount', 'pod', 'file'])] },
  ],
};
