/**
 * The text of `--help`: commands and options, by group, in 80 columns.
 */
import { COMMAND_HELP } from './command-help.ts';
import { COMMANDS, type CommandName } from './load.ts';
import type { Option } from './option.ts';
import { OPTION_GROUPS, type OptionGroup } from './options.ts';

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

function optionLines(isShown: (title: OptionGroup) => boolean): readonly string[] {
  return OPTION_GROUPS.filter(([title]) => isShown(title)).flatMap(([title, options]) => [
    '',
    `${title}:`,
    ...options.flatMap(optionEntry),
  ]);
}

/** The help of one command: what it does, examples, and the options that it uses. */
function commandHelp(command: (typeof COMMANDS)[number]): readonly string[] {
  const { details, groups, examples } = COMMAND_HELP[command.name];
  const paragraphs = [command.help, ...details].flatMap((text) => [...wrap(text, WIDTH), '']);
  return [
    `Usage: ${['sa-token-exporter', command.name, command.operand ?? []].flat().join(' ')} [options]`,
    '',
    ...paragraphs,
    'Examples:',
    ...examples.flatMap(([line, purpose]) => [`  ${line}`, `      ${purpose}`]),
    '',
    'Options that it uses, with their defaults:',
    ...optionLines((title) => groups.includes(title)),
    '',
    'sa-token-exporter --help lists all commands and options.',
  ];
}

function generalHelp(): readonly string[] {
  return [
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
    ...optionLines(() => true),
    '',
    ...entry('--help', 'Print this text, or after a command the help of that command.'),
    ...entry('--version', 'Print the version.'),
  ];
}

/** The help of a command; without one, that of the program. */
export function helpText(name?: CommandName): string {
  const command = COMMANDS.find((one) => one.name === name);
  const lines = command === undefined ? generalHelp() : commandHelp(command);
  return `${lines.join('\n')}\n`;
}
