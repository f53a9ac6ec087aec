/**
 * From the command line and the environment to the configuration, or every problem of both at once.
 *
 * A flag wins over the environment, which wins over the default; an empty variable counts as none. Knows nothing of what the options do.
 */
import { parseArgs } from 'node:util';
import type { Option, Parsed } from './option.ts';
import { type Config, OPTIONS } from './options.ts';

export interface CommandLine {
  readonly command: string;
  readonly operands: readonly string[];
  readonly isHelp: boolean;
  readonly isVersion: boolean;
  readonly config: Config;
}

export type Loaded =
  | { readonly ok: true; readonly commandLine: CommandLine }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Names and operands of the commands; the first is the default. */
export const COMMANDS = [
  { name: 'serve', operand: undefined, help: 'Serve the metrics of this node (the default).' },
  {
    name: 'scan',
    operand: undefined,
    help: "List the node's tokens once. Exit 1 if a check fails, 3 if nothing could be read.",
  },
  {
    name: 'explain',
    operand: '<pod>',
    help: "What is wrong with a pod's tokens (name, namespace/name or uid) and what to do.",
  },
  {
    name: 'demo',
    operand: undefined,
    help: 'Serve a simulated node: no cluster needed.',
  },
] as const;

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

/** The option a flag is for; a switch has a flag to turn it off beside. */
function optionOf(name: string): { readonly option: Option<unknown>; readonly isOff: boolean } | undefined {
  const option = BY_FLAG.get(name);
  if (option !== undefined) return { option, isOff: false };
  const off = name.startsWith('no-') ? BY_FLAG.get(name.slice('no-'.length)) : undefined;
  return off?.isSwitch ? { option: off, isOff: true } : undefined;
}

/** Takes one flag; answers what is wrong with it. */
function readFlag({ name, value, rawName }: Given, flags: Flags): string | undefined {
  const found = optionOf(name);
  if (found === undefined) return `${rawName}: no such option`;
  const { option, isOff } = found;
  if (isOff && value !== undefined) return `${rawName}: takes no value`;
  if (!option.isSwitch && value === undefined) return `${rawName}: needs a value`;
  if (flags.has(option.flag)) return `${rawName}: given more than once`;
  flags.set(option.flag, value ?? String(!isOff));
  return undefined;
}

/** node:util knows the grammar; problems are gathered here, since it stops at the first. */
function tokenize(args: readonly string[]) {
  const texts = ROWS.filter(([, { isSwitch }]) => !isSwitch).map(([, { flag }]) => [
    flag,
    { type: 'string' as const },
  ]);
  return parseArgs({
    args: [...args],
    options: Object.fromEntries(texts),
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

interface Arguments {
  readonly flags: Flags;
  readonly words: readonly string[];
  readonly problems: readonly string[];
  readonly isHelp: boolean;
  readonly isVersion: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const flags: Flags = new Map();
  const problems: string[] = [];
  const words: string[] = [];
  const asked = new Set<string>();
  for (const token of tokenize(args)) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    if (['help', 'h', 'version'].includes(token.name)) asked.add(token.name);
    else problems.push(...[readFlag(token, flags) ?? []].flat());
  }
  return {
    flags,
    words,
    problems,
    isHelp: asked.has('help') || asked.has('h'),
    isVersion: asked.has('version'),
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

function readOption(
  { flag, default: initial, parse }: Option<unknown>,
  flags: Flags,
  environment: Environment,
): Parsed<unknown> {
  const given = flags.get(flag);
  const variable = environmentName(flag);
  const text = given ?? (environment[variable] || initial);
  const parsed = parse(text);
  if (parsed.ok) return parsed;
  return { ok: false, problem: `${given === undefined ? variable : `--${flag}`}=${text}: ${parsed.problem}` };
}

/** The kubelet puts these into every container beside a Service, one named `satoken` among them. */
const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)$/;

function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set(ROWS.map(([, { flag }]) => environmentName(flag)));
  return Object.keys(environment)
    .filter((name) => name.startsWith('SATOKEN_') && !known.has(name) && !SERVICE_LINK.test(name))
    .map((name) => `${name}: no such option`);
}

function commandProblems([name = COMMANDS[0].name, ...operands]: readonly string[]): readonly string[] {
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) return [`${name}: no such command`];
  if (command.operand !== undefined && operands.length !== 1)
    return [`${name}: takes one ${command.operand}`];
  return command.operand === undefined && operands.length > 0 ? [`${name}: takes no operands`] : [];
}

/** Loads the configuration from the arguments after the program's name and the environment. */
export function loadConfig(args: readonly string[], environment: Environment): Loaded {
  const { flags, words, problems, isHelp, isVersion } = readArguments(args);
  const values = ROWS.map(([key, option]) => [key, readOption(option, flags, environment)] as const);
  const wrong = values.flatMap(([, parsed]) => (parsed.ok ? [] : [parsed.problem]));
  const all = [...problems, ...commandProblems(words), ...unknownVariables(environment), ...wrong];
  if (all.length > 0 && !isHelp && !isVersion) return { ok: false, problems: all };
  const config = Object.fromEntries(
    values.map(([key, parsed]) => [key, parsed.ok ? parsed.value : undefined]),
  );
  const [command = COMMANDS[0].name, ...operands] = words;
  return { ok: true, commandLine: { command, operands, isHelp, isVersion, config: config as Config } };
}
