/**
 * Prints measured figures with their bounds.
 */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** Undefined for a figure without a bound. */
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit: 'x' | 'ms' | 's' | 'MB' | '%' | '';
}

export function isWithinBounds({
  value,
  atMost = Number.POSITIVE_INFINITY,
  atLeast = Number.NEGATIVE_INFINITY,
}: Figure): boolean {
  return value <= atMost && value >= atLeast;
}

function boundOf({ atMost, atLeast, unit }: Figure): string {
  if (atMost !== undefined) return `at most ${atMost}${unit}`;
  return atLeast === undefined ? '' : `at least ${atLeast}${unit}`;
}

/** Prints one line and returns whether the figure is within its bounds. */
export function report(figure: Figure): boolean {
  const { what, value, unit } = figure;
  const verdict = isWithinBounds(figure) ? 'ok  ' : 'FAIL';
  process.stdout.write(
    `${verdict} ${`${value.toFixed(2)}${unit}`.padStart(10)}  ${what}  ${boundOf(figure)}\n`,
  );
  return isWithinBounds(figure);
}
