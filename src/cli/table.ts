/**
 * Rows as columns for a terminal: nothing that came out of a token or a file name may steer it.
 */
import { printable } from '../util/sanitize.ts';

/** Rows as columns, the first row as their titles; an empty cell is a dash. */
export function printTable(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => printable(cell) || '-'));
  const widths = (clean[0] ?? []).map((_, column) =>
    Math.max(...clean.map((row) => row[column]?.length ?? 0)),
  );
  const lines = clean.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
