/**
 * Who reads its token: how many tokens are read again, now and over time.
 */
import { COLORS, type Steps } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph, stat } from '../parts/panels.ts';
import { ON_NODES } from '../parts/promql.ts';
import { NOT_WATCHED } from './chosen.ts';

const NEVER: Steps = [COLORS.good, [1, COLORS.warning]];
const NOTE: Steps = [COLORS.good, [1, COLORS.note]];

/** The number of tokens with a habit. */
function habit(title: string, name: string, description: string, steps?: Steps) {
  return stat({
    title,
    description,
    unit: 'short',
    empty: NOT_WATCHED,
    expr: `sum(satoken_token_reads{${ON_NODES}, habit="${name}"})`,
    ...(steps !== undefined && { steps }),
  });
}

export const readers: Section = {
  title: 'Which workloads read their tokens again?',
  lines: [
    {
      height: 4,
      panels: [
        habit(
          'Read again',
          'rereads',
          'Tokens that their workloads were seen to read again after a rotation.',
        ),
        habit(
          'Not read again',
          'not_reread',
          'Tokens that were read, but not since they were rotated: their workloads may hold a copy that expires. An idle workload looks the same.',
          NEVER,
        ),
        habit(
          'No read observed',
          'unread',
          'Tokens of which no read was observed for a day and ten rotations. A reader that acts within a fraction of a millisecond of the rotation is not seen, so this does not prove that the token is not needed.',
          NOTE,
        ),
        habit(
          'Not known yet',
          'unknown',
          'Tokens that have not been watched for long enough, or of which a read may have been missed.',
        ),
      ],
    },
    {
      height: 8,
      panels: [
        graph({
          title: 'Tokens by habit',
          description:
            'Tokens by how their workloads read them. The share that is not known falls over the first day after a start of the exporter.',
          unit: 'short',
          empty: NOT_WATCHED,
          isStacked: true,
          queries: [{ expr: `sum by (habit) (satoken_token_reads{${ON_NODES}})`, legend: '{{habit}}' }],
          looks: [
            { name: 'rereads', color: COLORS.good },
            { name: 'not_reread', color: COLORS.warning },
            { name: 'unread', color: COLORS.note },
            { name: 'unknown', color: COLORS.plain },
          ],
        }),
      ],
    },
  ],
};
