/**
 * Tables for a terminal. Text from tokens and file names must not control it.
 */
import { printable } from '../util/sanitize.ts';

export interface TableOptions {
  /** The longest line; undefined for any length. */
  readonly width?: number | undefined;
  /** The titles of columns that may be left out if the table is too wide, the first one first. */
  readonly optional?: readonly string[];
  /** Colors the last cell of a row; the row of the titles is 0. Must not change its length on the screen. */
  readonly paint?: (cell: string, row: number) => string;
}

type Rows = readonly (readonly string[])[];

const GAP = '  ';
/** A column is not shortened below this. */
const MIN_WIDTH = 8;

function widthsOf(rows: Rows): readonly number[] {
  // Not Math.max(...): a node may have more rows than a function takes arguments.
  return (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0) + GAP.length * (widths.length - 1);
}

function withoutColumn(rows: Rows, title: string): Rows {
  const column = rows[0]?.indexOf(title) ?? -1;
  return column < 0 ? rows : rows.map((row) => row.toSpliced(column, 1));
}

/** Shortens the widest columns until the table is not wider than `width`, as far as it can be. */
function shortened(widths: readonly number[], width: number): readonly number[] {
  const fitting = [...widths];
  while (totalOf(fitting) > width) {
    const widest = Math.max(...fitting);
    if (widest <= MIN_WIDTH) return fitting;
    fitting[fitting.indexOf(widest)] = widest - 1;
  }
  return fitting;
}

function shortenedCell(cell: string, width: number): string {
  return cell.length <= width ? cell : `${cell.slice(0, width - 1)}…`;
}

/** Aligns columns. The first row has the titles; an empty cell becomes a dash. */
export function printTable(
  rows: Rows,
  { width = Number.POSITIVE_INFINITY, optional = [], paint = (cell) => cell }: TableOptions = {},
): string {
  const clean = rows.map((row) => row.map((cell) => printable(cell) || '-'));
  const fitting = optional.reduce<Rows>(
    (left, title) => (totalOf(widthsOf(left)) > width ? withoutColumn(left, title) : left),
    clean,
  );
  const widths = shortened(widthsOf(fitting), width);
  const lines = fitting.map((row, index) => {
    const cells = row.map((cell, column) => shortenedCell(cell, widths[column] ?? 0));
    const padded = cells.slice(0, -1).map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return [...padded, paint(cells.at(-1) ?? '', index)].join(GAP);
  });
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
