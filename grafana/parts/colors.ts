/**
 * The colours of the dashboards: those of Okabe and Ito, which the colour-blind can tell apart.
 *
 * Knows what a colour means here, no panel.
 */
import { TOKEN_STATES, type TokenState } from '../../src/core/rotation.ts';

/** Bluish green, sky blue, orange, vermilion, reddish purple, blue, yellow. */
export const COLORS = {
  good: '#009E73',
  note: '#56B4E9',
  warning: '#E69F00',
  critical: '#D55E00',
  odd: '#CC79A7',
  plain: '#0072B2',
  bright: '#F0E442',
} as const;
export type Color = (typeof COLORS)[keyof typeof COLORS];

const STATE_COLORS: Readonly<Record<TokenState, Color>> = {
  fresh: COLORS.good,
  refresh_due: COLORS.note,
  overdue: COLORS.bright,
  stale: COLORS.warning,
  expired: COLORS.critical,
  not_yet_valid: COLORS.odd,
  no_expiry: COLORS.plain,
};

/** How a series is drawn, by its name. */
export interface Look {
  readonly name: string;
  readonly color: Color;
  /** Told apart by more than colour, where there are more series than colours. */
  readonly isDashed: boolean;
}

export const STATE_LOOKS: readonly Look[] = TOKEN_STATES.map((name) => ({
  name,
  color: STATE_COLORS[name],
  isDashed: false,
}));

const CYCLE = [
  COLORS.critical,
  COLORS.plain,
  COLORS.warning,
  COLORS.good,
  COLORS.odd,
  COLORS.note,
  COLORS.bright,
];

/** A look for each of a closed set of names: always the same, whichever of them are shown. */
export function looksOf(names: readonly string[]): readonly Look[] {
  return names.map((name, index) => ({
    name,
    color: CYCLE[index % CYCLE.length] ?? COLORS.plain,
    isDashed: index >= CYCLE.length,
  }));
}

/** Colours from a value on; the first is for everything below the second. */
export type Steps = readonly [Color, ...(readonly [from: number, color: Color])[]];

/** Nothing may be there. */
export const NONE_IS_GOOD: Steps = [COLORS.good, [1, COLORS.critical]];
export const NONE_IS_BETTER: Steps = [COLORS.good, [1, COLORS.warning]];
export const NEUTRAL: Steps = [COLORS.plain];
