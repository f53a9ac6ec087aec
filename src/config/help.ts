/**
 * The tables of commands and options as text, for `--help`: on one screen of 80 columns.
 */
import { COMMANDS } from './load.ts';
import type { Option } from './option.ts';
import { OPTIONS } from './options.ts';

const WIDTH = 80;
/** Where the sentences begin; a longer name has its sentence below it. */
const INDENT = 32;

/** Breaks a sentence between words, none of which is longer than a line. */
function wrap(sentence: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}

function entry(name: string, sentence: string): readonly string[] {
  const title = `  ${name}`;
  const lines = wrap(sentence, WIDTH - INDENT).map((line) => ' '.repeat(INDENT) + line);
  const [first = ''] = lines;
  if (title.length >= INDENT) return [title, ...lines];
  return [title + first.slice(title.length), ...lines.slice(1)];
}

export function helpText(): string {
  const options: readonly Option<unknown>[] = Object.values(OPTIONS);
  const lines = [
    'sa-token-exporter [command] [options]',
    '',
    'Tells, for every ServiceAccount token on a node, whether the workload holding it',
    'can still authenticate, since when not, and why.',
    '',
    'Commands:',
    ...COMMANDS.flatMap(({ name, operand, help }) => entry([name, operand ?? []].flat().join(' '), help)),
    '',
    'Options with their defaults; --no-scan.watch is short for --scan.watch=false.',
    'All can come from the environment: --log.level as SATOKEN_LOG_LEVEL.',
    ...options.flatMap(({ flag, default: initial, help }) => entry(`--${flag}=${initial}`, help)),
    ...entry('--help', 'Print this text.'),
    ...entry('--version', 'Print the version.'),
  ];
  return `${lines.join('\n')}\n`;
}
