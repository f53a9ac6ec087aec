/**
 * Who reads its token: how many tokens are read again, and which workloads may hold an old copy.
 */
import { COLORS, type Steps } from '../parts/colors.ts';
import type { Section } from '../parts/layout.ts';
import { graph, stat } from '../parts/panels.ts';
import { ON_NODES } from '../parts/promql.ts';
import { NOT_WATCHED } from './chosen.ts';
import { mayHoldCopies } from './workloads.ts';

const NEVER: Steps = [COLORS.good, [1, COLORS.warning]];
const NOTE: Steps = [COLORS.good, [1, COLORS.note]];

const HABITS = [
  { name: 'not read again', habit: 'not_reread', color: COLORS.warning },
  { name: 'no read observed', habit: 'unread', color: COLORS.note },
  { name: 'not known yet', habit: 'unknown', color: COLORS.plain },
  { name: 'read again', habit: 'rereads', color: COLORS.good },
] as const;

function tokensWith(habit: string): string {
  return `sum(satoken_token_reads{${ON_NODES}, habit="${habit}"})`;
}

/** The number of tokens with a habit. */
function habit(title: string, name: string, description: string, steps?: Steps) {
  return stat({
    title,
    description,
    unit: 'short',
    empty: NOT_WATCHED,
    expr: tokensWith(name),
    ...(steps !== undefined && { steps }),
  });
}

export const readers: Section = {
  title: 'Which workloads may break without extended tokens?',
  lines: [
    {
      height: 4,
      panels: [
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
        habit(
          'Read again',
          'rereads',
          'Tokens that their workloads were seen to read again after a rotation.',
        ),
      ],
    },
    { height: 9, panels: [mayHoldCopies] },
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
          queries: HABITS.map(({ name, habit }) => ({ expr: tokensWith(habit), legend: name })),
          looks: HABITS,
        }),
      ],
    },
  ],
};
