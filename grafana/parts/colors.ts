/**
 * The colors of the dashboards: the palette of Okabe and Ito, which is safe for color vision deficiency.
 *
 * Some are a little lighter or darker than there: Grafana writes black on light backgrounds and white on the others,
 * and both must be legible.
 */
import { TOKEN_STATES, type TokenState } from '../../src/core/rotation.ts';

/** Bluish green, sky blue, orange, vermilion, reddish purple, blue, yellow. */
export const COLORS = {
  good: '#00805C',
  note: '#7FC9F4',
  warning: '#FAB14A',
  critical: '#BC5000',
  odd: '#A84F82',
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
  /** Lengths of a dash and a gap: distinguishes series if there are more of them than colors. */
  readonly dash?: readonly [number, number];
}

export const STATE_LOOKS: readonly Look[] = TOKEN_STATES.map((name) => ({
  name,
  color: STATE_COLORS[name],
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

/** A dashed line drawn over another one leaves both visible where they are the same. */
export const DASHED = [10, 10] as const;
const DOTTED = [0, 8] as const;

/** The second and the third series of a color. */
const DASHES = [DASHED, DOTTED] as const;

/** A style for each of a closed set of names, independent of which of them are shown. */
export function looksOf(names: readonly string[]): readonly Look[] {
  if (names.length > CYCLE.length * (DASHES.length + 1)) throw new Error('more series than styles');
  return names.map((name, index) => {
    const color = CYCLE[index % CYCLE.length] ?? COLORS.plain;
    const dash = DASHES[Math.floor(index / CYCLE.length) - 1];
    return { name, color, ...(dash === undefined ? {} : { dash }) };
  });
}

/** Threshold colors: each applies from its value on, the first one below the second. */
export type Steps = readonly [Color, ...(readonly [from: number, color: Color])[]];

export const ZERO_OR_CRITICAL: Steps = [COLORS.good, [1, COLORS.critical]];
export const ZERO_OR_WARNING: Steps = [COLORS.good, [1, COLORS.warning]];
export const NEUTRAL: Steps = [COLORS.plain];
