/**
 * Text for a terminal: nothing that came out of a token or a file name may steer it.
 */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '\u{FFFD}');
}

/** Rows as columns, the first row as their titles. */
export function printTable(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => printable(cell) || '-'));
  const widths = (clean[0] ?? []).map((_, column) =>
    Math.max(...clean.map((row) => row[column]?.length ?? 0)),
  );
  return clean
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
