/**
 * The colors of the dashboards: the palette of Okabe and Ito, which is safe for color vision deficiency.
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

/** The style of a series, by its name. */
export interface Look {
  readonly name: string;
  readonly color: Color;
  /** Distinguishes series if there are more of them than colors. */
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

/** A style for each of a closed set of names, independent of which of them are shown. */
export function looksOf(names: readonly string[]): readonly Look[] {
  return names.map((name, index) => ({
    name,
    color: CYCLE[index % CYCLE.length] ?? COLORS.plain,
    isDashed: index >= CYCLE.length,
  }));
}

/** Threshold colors: each applies from its value on, the first one below the second. */
export type Steps = readonly [Color, ...(readonly [from: number, color: Color])[]];

export const ZERO_OR_CRITICAL: Steps = [COLORS.good, [1, COLORS.critical]];
export const ZERO_OR_WARNING: Steps = [COLORS.good, [1, COLORS.warning]];
export const NEUTRAL: Steps = [COLORS.plain];
