/**
 * What the output of a command is shown on: a terminal with a width and perhaps colors, or a pipe or file.
 */
import type { Severity } from '../core/problems/severity.ts';

export interface Terminal {
  readonly columns: number;
  readonly hasColors: boolean;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Returns undefined for a pipe or a file. */
export function terminalOf(
  { isTTY = false, columns = 0 }: Output,
  environment: Readonly<Record<string, string | undefined>>,
): Terminal | undefined {
  if (!isTTY || columns <= 0) return undefined;
  // https://no-color.org: any value but an empty one.
  const isPlain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return { columns, hasColors: !isPlain };
}

const COLORS: Readonly<Record<Severity, string>> = { critical: '31', warning: '33', info: '36' };

/** Red, yellow or cyan, if the terminal has colors. The text must be printable. */
export function colored(
  text: string,
  severity: Severity | undefined,
  terminal: Terminal | undefined,
): string {
  if (severity === undefined || terminal?.hasColors !== true) return text;
  return `\u001b[${COLORS[severity]}m${text}\u001b[0m`;
}
