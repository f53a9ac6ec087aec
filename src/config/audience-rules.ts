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
import type { AudienceRule } from '../core/audiences/audience.ts';
import type { TokenIdentity } from '../core/token/token.ts';
import { matchesGlob } from '../util/pattern.ts';
import { err, type Result } from '../util/result.ts';
import { type Problems, parseYaml, readConfigFile, withOption } from './yaml-file.ts';
import { type Field, listOf, printableString, problem, type Reader, readMapping } from './yaml-schema.ts';

/** Special in other kinds of globs, and in no name or path of a token. */
const OTHER_GLOBS = /[?[\]{}()!\\]/;

const glob: Reader<string> = (field) => {
  const pattern = printableString(field);
  return pattern !== undefined && OTHER_GLOBS.test(pattern)
    ? problem(field, 'unsupported wildcard; supported: * and **')
    : pattern;
};

/** No name contains a slash, so a glob with one would never match. */
const nameGlob: Reader<string> = (field) => {
  const pattern = glob(field);
  return pattern?.includes('/') === true
    ? problem(field, 'must not contain /; path is a key of its own')
    : pattern;
};

const pathGlob: Reader<string> = (field) => {
  const pattern = glob(field);
  return pattern?.startsWith('/') === true
    ? problem(field, 'must be relative to the volume; remove the / at the start')
    : pattern;
};

/** The API server accepts white space, but here it is a mistake, and invisible in messages. */
const audience: Reader<string> = (field) => {
  const text = printableString(field);
  return text !== undefined && text.trim() !== text
    ? problem(field, 'must not start or end with white space')
    : text;
};

const RULE = {
  namespace: nameGlob,
  pod: nameGlob,
  serviceaccount: nameGlob,
  volume: nameGlob,
  path: pathGlob,
  audiences: listOf(audience, 1),
};

/** The name of each rule in messages, by its globs. */
type Seen = Map<string, string>;

const readRule = (field: Field, seen: Seen): AudienceRule | undefined => {
  const rule = readMapping(field, RULE, 'invalid');
  if (rule === undefined) return undefined;
  if (!rule.has('audiences')) return rule.problem('audiences', 'required');
  const { audiences = [], ...globs } = rule.values;
  // The first rule that matches a token applies. A misspelled key would make rules look alike.
  const key = JSON.stringify(globs);
  const earlier = seen.get(key);
  if (rule.isValid && earlier !== undefined)
    return problem(field, `never applies: ${earlier} matches the same tokens`);
  if (rule.isValid) seen.set(key, String(field.name));
  const matches = (identity: TokenIdentity): boolean => {
    const values = { ...identity, serviceaccount: identity.serviceAccount };
    return Object.entries(globs).every(([key, pattern]) => {
      return pattern === undefined || matchesGlob(pattern, values[key as keyof typeof globs]);
    });
  };
  const origin = `the rule at ${field.file.name}:${field.file.lineOf(field.node)}`;
  return { party: 'rule', audiences, origin, matches };
};

const readRules: Reader<readonly AudienceRule[]> = (field) => {
  const seen: Seen = new Map();
  const file = readMapping(field, { rules: listOf((rule) => readRule(rule, seen)) }, 'invalid');
  if (file?.has('rules') === false) return file.problem('rules', 'required');
  return file?.values.rules;
};

/** `name` is that of the file in messages. */
export function parseAudienceRules(
  text: string,
  name: string,
): Promise<Result<readonly AudienceRule[], Problems>> {
  return parseYaml(text, name, readRules);
}

export async function readAudienceRules(path: string): Promise<Result<readonly AudienceRule[], Problems>> {
  const content = await readConfigFile(path);
  if (!content.ok) return err(withOption(content.error, 'audience.expect'));
  return parseAudienceRules(content.value.toString('utf8'), path);
}
