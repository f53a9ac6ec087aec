/**
 * Reads the user's file of expected audiences: YAML, every mistake told with its line.
 *
 * Knows the form of the file, nothing of tokens. The YAML and glob libraries are loaded only where there is one.
 *
 *     rules:
 *       - namespace: payments
 *         serviceaccount: "api-*"
 *         volume: vault
 *         path: "**"
 *         audiences: [vault, https://vault.example.com]
 */
import { readFile } from 'node:fs/promises';
import type { Document, Node, Pair } from 'yaml';
import type { AudienceRule } from '../core/audience.ts';
import type { TokenIdentity } from '../core/token.ts';
import { failureOf } from './failures.ts';

export type AudienceRules =
  | { readonly ok: true; readonly rules: readonly AudienceRule[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Keys of a rule that take a glob, and what each is matched against. */
const GLOBS: Readonly<Record<string, (identity: TokenIdentity) => string>> = {
  namespace: ({ namespace }) => namespace,
  pod: ({ pod }) => pod,
  serviceaccount: ({ serviceAccount }) => serviceAccount,
  volume: ({ volume }) => volume,
  path: ({ path }) => path,
};

type Matcher = (identity: TokenIdentity) => boolean;
type Glob = (pattern: string) => (text: string) => boolean;

/** One reading of one file: gathers problems as it goes. */
interface Reading {
  readonly yaml: typeof import('yaml');
  readonly glob: Glob;
  readonly lineOf: (node: unknown) => number;
  readonly problem: (node: unknown, text: string) => undefined;
}

function readText(reading: Reading, node: unknown, what: string): string | undefined {
  const isText = reading.yaml.isScalar(node) && typeof node.value === 'string' && node.value !== '';
  return isText ? (node.value as string) : reading.problem(node, `${what} must be a text`);
}

function readGlob(reading: Reading, key: string, node: unknown): Matcher | undefined {
  const select = GLOBS[key];
  const pattern = readText(reading, node, key);
  if (pattern === undefined || select === undefined) return undefined;
  const matches = reading.glob(pattern);
  return (identity) => matches(select(identity));
}

function readAudiences(reading: Reading, node: unknown): readonly string[] | undefined {
  if (!reading.yaml.isSeq(node) || node.items.length === 0)
    return reading.problem(node, 'audiences must be a list of at least one text');
  const texts = node.items.map((item) => readText(reading, item, 'an audience'));
  return texts.includes(undefined) ? undefined : (texts as string[]);
}

function keyOf(reading: Reading, pair: Pair): string {
  return reading.yaml.isScalar(pair.key) ? String(pair.key.value) : '';
}

function readRule(reading: Reading, node: unknown, file: string): AudienceRule | undefined {
  if (!reading.yaml.isMap(node)) return reading.problem(node, 'a rule must be a mapping');
  const matchers: (Matcher | undefined)[] = [];
  let audiences: readonly string[] | undefined;
  for (const pair of node.items) {
    const key = keyOf(reading, pair);
    if (key === 'audiences') audiences = readAudiences(reading, pair.value ?? pair.key);
    else if (Object.hasOwn(GLOBS, key)) matchers.push(readGlob(reading, key, pair.value ?? pair.key));
    else
      reading.problem(
        pair.key,
        `${key}: no such key; a rule has ${Object.keys(GLOBS).join(', ')} and audiences`,
      );
  }
  if (!node.has('audiences')) return reading.problem(node, 'a rule needs audiences');
  if (audiences === undefined) return undefined;
  const origin = `the rule in line ${reading.lineOf(node)} of ${file}`;
  return {
    audiences,
    origin,
    matches: (identity) => matchers.every((matches) => matches?.(identity) === true),
  };
}

function readRules(
  reading: Reading,
  document: Document,
  file: string,
): readonly (AudienceRule | undefined)[] {
  const root = document.contents;
  const isRoot = reading.yaml.isMap(root) && root.items.length === 1 && root.has('rules');
  const rules: unknown = isRoot ? root.get('rules', true) : undefined;
  if (!reading.yaml.isSeq(rules)) return [reading.problem(root, 'the file must hold one list, rules')];
  return rules.items.map((node) => readRule(reading, node, file));
}

/** Reads the rules from the text of a file; `file` is its name, for messages. */
export async function parseAudienceRules(text: string, file: string): Promise<AudienceRules> {
  const [yaml, { default: picomatch }] = await Promise.all([import('yaml'), import('picomatch')]);
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const found: { readonly line: number; readonly text: string }[] = document.errors.map(({ pos, code }) => {
    return { line: lines.linePos(pos[0]).line, text: `not YAML (${code})` };
  });
  const lineOf = (node: unknown): number => {
    const offset = (node as Node | null)?.range?.[0];
    return offset === undefined ? 1 : lines.linePos(offset).line;
  };
  const problem = (node: unknown, message: string): undefined =>
    void found.push({ line: lineOf(node), text: message });
  const glob: Glob = (pattern) => picomatch(pattern, { dot: true });
  const rules = found.length > 0 ? [] : readRules({ yaml, glob, lineOf, problem }, document, file);
  if (found.length > 0)
    return { ok: false, problems: found.map((one) => `${file}:${one.line}: ${one.text}`) };
  return { ok: true, rules: rules.filter((rule) => rule !== undefined) };
}

/** Reads the rules of the file at `path`. */
export async function readAudienceRules(path: string): Promise<AudienceRules> {
  try {
    return await parseAudienceRules(await readFile(path, 'utf8'), path);
  } catch (error) {
    return { ok: false, problems: [`${path}: ${failureOf(error).detail}`] };
  }
}
