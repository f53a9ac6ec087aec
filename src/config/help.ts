/**
 * The tables of commands and options as text, for `--help`.
 */
import { COMMANDS } from './load.ts';
import { OPTIONS } from './options.ts';

function flagOf({ flag, isSwitch, default: initial }: (typeof OPTIONS)[keyof typeof OPTIONS]): string {
  if (isSwitch) return `--${initial === 'true' ? 'no-' : ''}${flag}`;
  return `--${flag}=${initial === '' ? '…' : initial}`;
}

export function helpText(): string {
  const commands = COMMANDS.map(
    ({ name, operand, help }) => `  ${[name, operand ?? ''].join(' ').padEnd(16)}${help}`,
  );
  const options = Object.values(OPTIONS).map((option) => `  ${flagOf(option).padEnd(40)}${option.help}`);
  return [
    'sa-token-exporter [command] [options]',
    '',
    'Tells, for every ServiceAccount token on a node, whether its workload can still authenticate.',
    '',
    'Commands:',
    ...commands,
    '',
    'Options (each also from the environment: --log.level is SATOKEN_LOG_LEVEL):',
    ...options,
    `  ${'--help'.padEnd(40)}Print this text.`,
    `  ${'--version'.padEnd(40)}Print the version.`,
    '',
  ].join('\n');
}
