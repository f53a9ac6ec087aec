/**
 * Reads the user's file of expected audiences: YAML, every mistake told with its line.
 *
 * Knows the form of the file, nothing of tokens.
 *
 *     rules:
 *       - namespace: payments
 *         serviceaccount: "api-*"
 *         volume: vault
 *         path: "**"
 *         audiences: [vault, https://vault.example.com]
 */
import type { Document, Pair } from 'yaml';
import type { AudienceRule } from '../core/audience.ts';
import { matchesGlob } from '../core/pattern.ts';
import type { TokenIdentity } from '../core/token.ts';
import { entriesOf, parseYaml, type Read, type Reading, readConfigFile, readText } from './yaml-file.ts';

type Matcher = (identity: TokenIdentity) => boolean;

/** Keys of a rule that take a glob, and what each is matched against. */
const GLOBS: Readonly<Record<string, (identity: TokenIdentity) => string>> = {
  namespace: ({ namespace }) => namespace,
  pod: ({ pod }) => pod,
  serviceaccount: ({ serviceAccount }) => serviceAccount,
  volume: ({ volume }) => volume,
  path: ({ path }) => path,
};
const RULE_KEYS = [...Object.keys(GLOBS), 'audiences'];

/** What other kinds of glob give a meaning, and no name or path of a token has in it. */
const OTHER_GLOBS = /[?[\]{}()!\\]/;

function readGlob(reading: Reading, key: string, { key: at, value }: Pair): Matcher | undefined {
  const select = GLOBS[key];
  const glob = readText(reading, value, at, key);
  if (glob === undefined || select === undefined) return undefined;
  if (OTHER_GLOBS.test(glob)) return reading.problem(at, `${key}: of all globs, only * and ** are known`);
  return (identity) => matchesGlob(glob, select(identity));
}

function readAudiences(reading: Reading, { key, value }: Pair): readonly string[] | undefined {
  if (!reading.yaml.isSeq(value) || value.items.length === 0)
    return reading.problem(key, 'audiences must be a list of at least one text');
  const texts = value.items.map((item) => readText(reading, item, item, 'an audience'));
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

function readRule(reading: Reading, node: unknown): AudienceRule | undefined {
  if (!reading.yaml.isMap(node)) return reading.problem(node, 'a rule must be a mapping');
  const { audiences: pair, ...globs } = Object.fromEntries(entriesOf(reading, node, RULE_KEYS));
  const matchers = Object.entries(globs).map(([key, glob]) => readGlob(reading, key, glob));
  if (pair === undefined) return reading.problem(node, 'a rule needs audiences');
  const audiences = readAudiences(reading, pair);
  if (audiences === undefined) return undefined;
  const origin = `the rule in line ${reading.lineOf(node)} of ${reading.file}`;
  return { audiences, origin, matches: (identity) => matchers.every((matches) => matches?.(identity)) };
}

function readRules(reading: Reading, contents: Document['contents']): readonly AudienceRule[] | undefined {
  const { yaml, problem } = reading;
  const rules = yaml.isMap(contents) ? entriesOf(reading, contents, ['rules']).get('rules') : undefined;
  if (rules === undefined || !yaml.isSeq(rules.value))
    return problem(rules?.key ?? contents, 'the file must hold a list, rules');
  return rules.value.items.map((node) => readRule(reading, node)).filter((rule) => rule !== undefined);
}

/** Reads the rules from the text of a file; `file` is its name, for messages. */
export function parseAudienceRules(text: string, file: string): Promise<Read<readonly AudienceRule[]>> {
  return parseYaml(text, file, readRules);
}

/** Reads the rules of the file at `path`. */
export async function readAudienceRules(path: string): Promise<Read<readonly AudienceRule[]>> {
  const read = await readConfigFile(path);
  return read.ok ? parseAudienceRules(read.value.toString('utf8'), path) : read;
}
