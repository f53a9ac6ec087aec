/**
 * Reads the user's file of expected audiences: YAML, every mistake told with its line.
 *
 * Knows the form of the file, nothing of tokens. Shows nothing of it but keys: somebody will name the wrong file.
 * The YAML library is loaded only where there is a file.
 *
 *     rules:
 *       - namespace: payments
 *         serviceaccount: "api-*"
 *         volume: vault
 *         path: "**"
 *         audiences: [vault, https://vault.example.com]
 */
import { createReadStream } from 'node:fs';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import type { AudienceRule } from '../core/audience.ts';
import { text as readable } from '../core/claim-rules.ts';
import { matchesGlob } from '../core/pattern.ts';
import type { TokenIdentity } from '../core/token.ts';
import { failureOf } from './failures.ts';

export type AudienceRules =
  | { readonly ok: true; readonly rules: readonly AudienceRule[] }
  | { readonly ok: false; readonly problems: readonly string[] };

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

/** A ConfigMap holds no more. */
const MAX_BYTES = 1024 * 1024;
const PLAIN_KEY = /^[\w.-]{1,64}$/;
/** What other kinds of glob give a meaning, and no name or path of a token has in it. */
const OTHER_GLOBS = /[?[\]{}()!\\]/;

/** One reading of one file: gathers problems as it goes. */
interface Reading {
  readonly yaml: typeof import('yaml');
  readonly file: string;
  readonly lineOf: (node: unknown) => number;
  readonly problem: (node: unknown, text: string) => undefined;
}

function readText({ yaml, problem }: Reading, node: unknown, at: unknown, what: string): string | undefined {
  const found = yaml.isScalar(node) ? readable(node.value) : undefined;
  return found ?? problem(at, `${what} must be a text`);
}

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

/** The entries of a mapping by their keys; a key that is not known, or comes twice, is a problem. */
function entriesOf(
  { yaml, problem }: Reading,
  mapping: YAMLMap,
  keys: readonly string[],
): ReadonlyMap<string, Pair> {
  const entries = new Map<string, Pair>();
  for (const pair of mapping.items) {
    const key = yaml.isScalar(pair.key) ? String(pair.key.value) : '';
    const shown = PLAIN_KEY.test(key) ? key : 'this';
    if (!keys.includes(key)) problem(pair.key, `${shown}: no such key; known here: ${keys.join(', ')}`);
    else if (entries.has(key)) problem(pair.key, `${key}: is there twice`);
    else entries.set(key, pair);
  }
  return entries;
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

function readRules(reading: Reading, { contents }: Document): readonly (AudienceRule | undefined)[] {
  const { yaml, problem } = reading;
  const rules = yaml.isMap(contents) ? entriesOf(reading, contents, ['rules']).get('rules') : undefined;
  if (rules === undefined || !yaml.isSeq(rules.value))
    return [problem(rules?.key ?? contents, 'the file must hold a list, rules')];
  return rules.value.items.map((node) => readRule(reading, node));
}

/** Reads the rules from the text of a file; `file` is its name, for messages. */
export async function parseAudienceRules(text: string, file: string): Promise<AudienceRules> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  /** An empty text has no line at all. */
  const lineAt = (offset = 0): number => Math.max(1, lines.linePos(offset).line);
  const lineOf = (node: unknown): number => lineAt((node as Node | null)?.range?.[0]);
  const found = [...document.errors, ...document.warnings].map(({ pos: [offset], code }) => {
    return { line: lineAt(offset), text: `not plain YAML (${code})` };
  });
  const problem = (node: unknown, text: string): undefined => void found.push({ line: lineOf(node), text });
  // Followed, aliases could make a small file as large as they like.
  const Alias = (_key: unknown, node: Node) => problem(node, 'an alias is not followed: write it out');
  if (document.errors.length === 0) yaml.visit(document, { Alias });
  const rules = found.length > 0 ? [] : readRules({ yaml, file, lineOf, problem }, document);
  if (found.length === 0) return { ok: true, rules: rules.filter((rule) => rule !== undefined) };
  const problems = found.toSorted((a, b) => a.line - b.line).map((one) => `${file}:${one.line}: ${one.text}`);
  return { ok: false, problems: [...new Set(problems)] };
}

/** As much of the file as is read at all; a character more than may be there where it is larger. */
async function readStart(path: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(createReadStream(path, { end: MAX_BYTES })));
}

/** Reads the rules of the file at `path`. */
export async function readAudienceRules(path: string): Promise<AudienceRules> {
  try {
    const bytes = await readStart(path);
    if (bytes.length <= MAX_BYTES) return await parseAudienceRules(bytes.toString('utf8'), path);
    return { ok: false, problems: [`${path}: larger than ${MAX_BYTES} bytes`] };
  } catch (error) {
    return { ok: false, problems: [`${path}: ${failureOf(error).detail}`] };
  }
}
