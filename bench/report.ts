/**
 * Figures beside what is promised of them.
 */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** The bound that is promised; undefined for a figure that is only told. */
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit: 'x' | 'ms' | 'MB' | '';
}

function isKept({
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

/** Prints a line and answers whether the promise is kept. */
export function report(figure: Figure): boolean {
  const { what, value, unit } = figure;
  const verdict = isKept(figure) ? 'ok  ' : 'MISS';
  process.stdout.write(
    `${verdict} ${`${value.toFixed(2)}${unit}`.padStart(10)}  ${what}  ${boundOf(figure)}\n`,
  );
  return isKept(figure);
}
