/**
 * Tables for a terminal. Text from tokens and file names must not control it.
 */
import { printable } from '../util/sanitize.ts';

/** Aligns columns. The first row has the titles; an empty cell becomes a dash. */
export function printTable(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => printable(cell) || '-'));
  // Not Math.max(...): a node may have more rows than a function takes arguments.
  const widths = (clean[0] ?? []).map((_, column) =>
    clean.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  const lines = clean.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
