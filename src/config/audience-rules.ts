/**
 * Reads the file of `--audience.expect`, the audiences that tokens are expected to have.
 *
 *     rules:
 *       - namespace: payments
 *         serviceaccount: "api-*"
 *         volume: vault
 *         path: "**"
 *         audiences: [vault, https://vault.example.com]
 */
import type { AudienceRule } from '../core/audience.ts';
import { matchesGlob } from '../core/pattern.ts';
import type { TokenIdentity } from '../core/token.ts';
import type { Result } from '../util/result.ts';
import {
  type Contents,
  type Pair,
  type Problems,
  pairsOf,
  parseYaml,
  readConfigFile,
  readString,
  type YamlReader,
} from './yaml-file.ts';

type Matcher = (identity: TokenIdentity) => boolean;

/** Keys of a rule that take a glob, and the value that each matches. */
const GLOBS: Readonly<Record<string, (identity: TokenIdentity) => string>> = {
  namespace: ({ namespace }) => namespace,
  pod: ({ pod }) => pod,
  serviceaccount: ({ serviceAccount }) => serviceAccount,
  volume: ({ volume }) => volume,
  path: ({ path }) => path,
};
const RULE_KEYS = [...Object.keys(GLOBS), 'audiences'];

/** Special in other kinds of globs, and in no name or path of a token. */
const OTHER_GLOBS = /[?[\]{}()!\\]/;

function readGlob(reader: YamlReader, key: string, { key: at, value }: Pair): Matcher | undefined {
  const select = GLOBS[key];
  const glob = readString(reader, value, at, `${key}:`);
  if (glob === undefined || select === undefined) return undefined;
  if (OTHER_GLOBS.test(glob)) return reader.problem(at, `${key}: unsupported wildcard; supported: * and **`);
  return (identity) => matchesGlob(glob, select(identity));
}

function readAudiences(reader: YamlReader, { key, value }: Pair): readonly string[] | undefined {
  if (!reader.yaml.isSeq(value) || value.items.length === 0)
    return reader.problem(key, 'audiences: must be a list of at least one string');
  const audiences = value.items.map((item) => readString(reader, item, item, 'an audience'));
  return audiences.every((audience) => audience !== undefined) ? audiences : undefined;
}

function readRule(reader: YamlReader, node: unknown): AudienceRule | undefined {
  if (!reader.yaml.isMap(node)) return reader.problem(node, 'a rule must be a mapping');
  const { audiences: pair, ...globs } = Object.fromEntries(pairsOf(reader, node, RULE_KEYS));
  const matchers = Object.entries(globs).map(([key, glob]) => readGlob(reader, key, glob));
  if (pair === undefined) return reader.problem(node, 'audiences: required in every rule');
  const audiences = readAudiences(reader, pair);
  if (audiences === undefined) return undefined;
  const origin = `the rule at ${reader.file}:${reader.lineOf(node)}`;
  return { audiences, origin, matches: (identity) => matchers.every((matches) => matches?.(identity)) };
}

function readRules(reader: YamlReader, contents: Contents): readonly AudienceRule[] | undefined {
  const { yaml, problem } = reader;
  const rules = yaml.isMap(contents) ? pairsOf(reader, contents, ['rules']).get('rules') : undefined;
  if (rules === undefined || !yaml.isSeq(rules.value))
    return problem(
      rules?.key ?? contents,
      'the file must be a mapping with a list of rules under the key rules',
    );
  return rules.value.items.map((node) => readRule(reader, node)).filter((rule) => rule !== undefined);
}

/** `file` is its name in messages. */
export function parseAudienceRules(
  text: string,
  file: string,
): Promise<Result<readonly AudienceRule[], Problems>> {
  return parseYaml(text, file, readRules);
}

export async function readAudienceRules(path: string): Promise<Result<readonly AudienceRule[], Problems>> {
  const content = await readConfigFile(path);
  return content.ok ? parseAudienceRules(content.value.toString('utf8'), path) : content;
}
