/**
 * The text of `--help`: commands and options, by group, in 80 columns.
 */
import { COMMANDS } from './load.ts';
import type { Option } from './option.ts';
import { OPTION_GROUPS } from './options.ts';

const WIDTH = 80;
/** The column of the descriptions. After a longer name, the description starts on the next line. */
const INDENT = 32;

/** Breaks text at spaces. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}

function entry(name: string, help: string): readonly string[] {
  const title = `  ${name}`;
  const lines = wrap(help, WIDTH - INDENT).map((line) => ' '.repeat(INDENT) + line);
  const [first = ''] = lines;
  if (title.length >= INDENT) return [title, ...lines];
  return [title + first.slice(title.length), ...lines.slice(1)];
}

function optionEntry({ flag, default: initial, help }: Option<unknown>): readonly string[] {
  return entry(`--${flag}=${initial}`, help);
}

export function helpText(): string {
  const lines = [
    'Usage: sa-token-exporter [command] [options]',
    '',
    'Prometheus exporter for the ServiceAccount tokens on a Kubernetes node: whether',
    'the workload that holds a token can still authenticate, and if not, since when',
    'and why.',
    '',
    'Commands:',
    ...COMMANDS.flatMap(({ name, operand, help }) => entry([name, operand ?? []].flat().join(' '), help)),
    '',
    'Options, with their defaults. --no-scan.watch is short for --scan.watch=false.',
    'Each can also be set in the environment: --log.level as SATOKEN_LOG_LEVEL.',
    ...OPTION_GROUPS.flatMap(([title, options]) => ['', `${title}:`, ...options.flatMap(optionEntry)]),
    '',
    ...entry('--help', 'Print this text.'),
    ...entry('--version', 'Print the version.'),
  ];
  return `${lines.join('\n')}\n`;
}
