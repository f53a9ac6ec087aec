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
import type { TokenIdentity } from '../core/token.ts';
import { matchesGlob } from '../util/pattern.ts';
import type { Result } from '../util/result.ts';
import { type Problems, parseYaml, readConfigFile } from './yaml-file.ts';
import { listOf, printableString, problem, type Reader, readMapping } from './yaml-schema.ts';

/** Special in other kinds of globs, and in no name or path of a token. */
const OTHER_GLOBS = /[?[\]{}()!\\]/;

const glob: Reader<string> = (field) => {
  const pattern = printableString(field);
  return pattern !== undefined && OTHER_GLOBS.test(pattern)
    ? problem(field, 'unsupported wildcard; supported: * and **')
    : pattern;
};

const RULE = {
  namespace: glob,
  pod: glob,
  serviceaccount: glob,
  volume: glob,
  path: glob,
  audiences: listOf(printableString, 1),
};

const readRule: Reader<AudienceRule> = (field) => {
  const rule = readMapping(field, RULE, 'invalid');
  if (rule === undefined) return undefined;
  if (!rule.has('audiences')) return rule.problem('audiences', 'required');
  const { audiences = [], ...globs } = rule.values;
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
  const file = readMapping(field, { rules: listOf(readRule) }, 'invalid');
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
  return content.ok ? parseAudienceRules(content.value.toString('utf8'), path) : content;
}
