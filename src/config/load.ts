/**
 * The configuration, from the command line and the environment.
 *
 * A flag overrides the environment, which overrides the default; an empty variable counts as unset.
 */
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../util/result.ts';
import { printable } from '../util/sanitize.ts';
import type { Option } from './option.ts';
import { type Config, OPTIONS } from './options.ts';

/** The commands; the first is the default. */
export const COMMANDS = [
  { name: 'serve', operand: undefined, help: 'Serve the metrics of this node (default).' },
  {
    name: 'scan',
    operand: undefined,
    help: 'List the tokens of this node once. Exits with 1 if a check fails, 3 if nothing could be read.',
  },
  {
    name: 'explain',
    operand: '<pod>',
    help: 'Explain the tokens of a pod, given by name, namespace/name or UID: what is wrong and what to do.',
  },
  {
    name: 'demo',
    operand: undefined,
    help: 'Serve the metrics of a simulated node; no cluster needed.',
  },
] as const;
export type CommandName = (typeof COMMANDS)[number]['name'];

/** What the program is to do. */
export type Request =
  | { readonly kind: 'help'; readonly command: CommandName | undefined }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'command';
      readonly command: CommandName;
      readonly operands: readonly string[];
      readonly config: Config;
    };
export type CommandLine = Extract<Request, { readonly kind: 'command' }>;

const ROWS: readonly [string, Option<unknown>][] = Object.entries(OPTIONS);
const BY_FLAG = new Map(ROWS.map(([, option]) => [option.flag, option]));

export function environmentName(flag: string): string {
  return `SATOKEN_${flag.replace(/[.-]/g, '_').toUpperCase()}`;
}

type Flags = Map<string, string>;

interface Given {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

/** The option that a flag sets; a switch also has a flag that turns it off. */
function optionOf(name: string): { readonly option: Option<unknown>; readonly isOff: boolean } | undefined {
  const option = BY_FLAG.get(name);
  if (option !== undefined) return { option, isOff: false };
  const off = name.startsWith('no-') ? BY_FLAG.get(name.slice('no-'.length)) : undefined;
  return off?.isSwitch ? { option: off, isOff: true } : undefined;
}

/** Sets one flag. Returns the problem with it, if there is one. */
function readFlag({ name, value, rawName }: Given, flags: Flags): string | undefined {
  const found = optionOf(name);
  if (found === undefined) return `${rawName}: unknown option`;
  const { option, isOff } = found;
  if (isOff && value !== undefined) return `${rawName}: does not take a value`;
  if (!option.isSwitch && value === undefined) return `${rawName}: requires a value`;
  if (flags.has(option.flag)) return `${rawName}: given more than once`;
  flags.set(option.flag, value ?? String(!isOff));
  return undefined;
}

/** Not strict, because parseArgs would stop at the first problem. */
function tokenize(args: readonly string[]) {
  const withValue = ROWS.filter(([, { isSwitch }]) => !isSwitch).map(([, { flag }]) => [
    flag,
    { type: 'string' as const },
  ]);
  return parseArgs({
    args: [...args],
    options: Object.fromEntries(withValue),
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

interface Arguments {
  readonly flags: Flags;
  readonly words: readonly string[];
  readonly problems: readonly string[];
  /** The text to print instead of running a command. */
  readonly text: 'help' | 'version' | undefined;
}

function textOf(flags: ReadonlySet<string>): Arguments['text'] {
  if (flags.has('help') || flags.has('h')) return 'help';
  return flags.has('version') ? 'version' : undefined;
}

function readArguments(args: readonly string[]): Arguments {
  const flags: Flags = new Map();
  const problems: string[] = [];
  const words: string[] = [];
  const textFlags = new Set<string>();
  for (const token of tokenize(args)) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    if (['help', 'h', 'version'].includes(token.name)) textFlags.add(token.name);
    else problems.push(...[readFlag(token, flags) ?? []].flat());
  }
  return { flags, words, problems, text: textOf(textFlags) };
}

type Environment = Readonly<Record<string, string | undefined>>;

function readOption(
  { flag, default: initial, parse }: Option<unknown>,
  flags: Flags,
  environment: Environment,
): Result<unknown, string> {
  const given = flags.get(flag);
  const variable = environmentName(flag);
  const text = given ?? (environment[variable] || initial);
  const parsed = parse(text);
  if (parsed.ok) return parsed;
  return err(`${given === undefined ? variable : `--${flag}`}=${text}: ${parsed.error}`);
}

/** Variables that the kubelet sets in every container for a Service named `satoken` or `satoken-...`. */
const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)$/;

function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set(ROWS.map(([, { flag }]) => environmentName(flag)));
  return Object.keys(environment)
    .filter((name) => name.startsWith('SATOKEN_') && !known.has(name) && !SERVICE_LINK.test(name))
    .map((name) => `${name}: unknown option`);
}

/** A name, namespace/name or UID. */
const POD = /^[^/\s]+(?:\/[^/\s]+)?$/;

type Command = Pick<CommandLine, 'command' | 'operands'>;

function readCommand([name = COMMANDS[0].name, ...operands]: readonly string[]): Result<Command, string> {
  const found = COMMANDS.find((known) => known.name === name);
  if (found === undefined) return err(`${name}: unknown command`);
  const { name: command, operand } = found;
  if (operand !== undefined && operands.length !== 1)
    return err(`${command}: requires exactly one ${operand}`);
  if (operand !== undefined && !POD.test(operands[0] ?? ''))
    return err(
      `${command}: '${printable(operands[0] ?? '')}' is not a pod; write a name, namespace/name or UID`,
    );
  if (operand === undefined && operands.length > 0) return err(`${command}: does not take arguments`);
  return ok({ command, operands });
}

/** Reads the arguments after the program's name, and the environment. An error is every problem with them. */
export function loadConfig(
  args: readonly string[],
  environment: Environment,
): Result<Request, readonly string[]> {
  const { flags, words, problems, text } = readArguments(args);
  if (text === 'help')
    return ok({ kind: text, command: COMMANDS.find(({ name }) => name === words[0])?.name });
  if (text !== undefined) return ok({ kind: text });
  const command = readCommand(words);
  const values = ROWS.map(([key, option]) => [key, readOption(option, flags, environment)] as const);
  const errors = [command, ...values.map(([, value]) => value)].map((result) =>
    result.ok ? [] : [result.error],
  );
  const [commandErrors = [], ...valueErrors] = errors;
  const all = [...problems, ...commandErrors, ...unknownVariables(environment), ...valueErrors.flat()];
  if (!command.ok || all.length > 0) return err(all);
  const config = Object.fromEntries(values.map(([key, value]) => [key, value.ok ? value.value : undefined]));
  return ok({ kind: 'command', ...command.value, config: config as Config });
}
