/**
 * Reads YAML configuration files and reports every problem with its line.
 *
 * A user may name the wrong file, so messages quote nothing of it but plain keys and values. The YAML library is loaded
 * with the first file.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import { string as printableString } from '../core/claim-rules.ts';
import { failureOf, NOT_A_FILE } from '../sources/files/failures.ts';
import { err, ok, type Result } from '../util/result.ts';

export type { Pair };

/** The root node of a document. */
export type Contents = Document['contents'];

/** One message each, with the file and, if possible, the line. */
export type Problems = readonly string[];

export function problemsOf(result: Result<unknown, Problems>): Problems {
  return result.ok ? [] : result.error;
}

/** One parsed file, and where problems with it are reported. */
export interface YamlReader {
  readonly yaml: typeof import('yaml');
  readonly file: string;
  readonly lineOf: (node: unknown) => number;
  /** Reports a problem at the line of the node. */
  readonly problem: (node: unknown, text: string) => undefined;
}

/** The size limit of a ConfigMap or Secret. */
const MAX_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 50;
const PLAIN_KEY = /^[\w.-]{1,64}$/;
/** A FIFO or device that was named by mistake must not block. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Reads a non-empty, printable string; reports a problem at `at` if the node is anything else. */
export function readString(
  { yaml, problem }: YamlReader,
  node: unknown,
  at: unknown,
  name: string,
): string | undefined {
  const value = yaml.isScalar(node) ? printableString(node.value) : undefined;
  return value ?? problem(at, `${name} must be a non-empty, printable string`);
}

/** The pairs of a mapping by key. Unknown and duplicate keys are problems. */
export function pairsOf(
  { yaml, problem }: YamlReader,
  mapping: YAMLMap,
  keys: readonly string[],
): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const pair of mapping.items) {
    const key = yaml.isScalar(pair.key) ? String(pair.key.value) : '';
    const quoted = PLAIN_KEY.test(key) ? `${key}: ` : '';
    if (!keys.includes(key)) problem(pair.key, `${quoted}unknown key; known keys: ${keys.join(', ')}`);
    else if (pairs.has(key)) problem(pair.key, `${key}: duplicate key`);
    else pairs.set(key, pair);
  }
  return pairs;
}

/** A wrong file may have a problem on every line. */
function truncate(problems: Problems, file: string): Problems {
  const more = problems.length - MAX_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `${file}: ${more} more problems`] : problems;
}

/** Parses a text with `read`, which reports a problem if it returns undefined. `file` is its name in messages. */
export async function parseYaml<T>(
  text: string,
  file: string,
  read: (reader: YamlReader, contents: Contents) => T | undefined,
): Promise<Result<T, Problems>> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  /** An empty text has no lines; its problems are on line 1. */
  const lineAt = (offset = 0): number => Math.max(1, lines.linePos(offset).line);
  const lineOf = (node: unknown): number => lineAt((node as Node | null)?.range?.[0]);
  const found = [...document.errors, ...document.warnings].map(({ pos: [offset], code }) => {
    return { line: lineAt(offset), message: `invalid YAML (${code})` };
  });
  const problem = (node: unknown, message: string): undefined =>
    void found.push({ line: lineOf(node), message });
  // Expanding aliases would let a small file grow without bound.
  const Alias = (_key: unknown, node: Node) => problem(node, 'aliases are not supported; repeat the value');
  if (document.errors.length === 0) yaml.visit(document, { Alias });
  const isReadable = found.length === 0;
  const value = isReadable ? read({ yaml, file, lineOf, problem }, document.contents) : undefined;
  if (value !== undefined && found.length === 0) return ok(value);
  const sorted = found.toSorted((a, b) => a.line - b.line);
  const messages = sorted.map(({ line, message }) => `${file}:${line}: ${message}`);
  return err(truncate([...new Set(messages)], file));
}

/** Reads at most one byte more than the limit. */
async function readStart(handle: FileHandle): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(handle.createReadStream({ end: MAX_BYTES, autoClose: false })));
}

async function readOpened(handle: FileHandle, path: string): Promise<Result<Buffer, Problems>> {
  const stats = await handle.stat();
  if (!stats.isFile()) return err([`${path}: ${NOT_A_FILE.detail}`]);
  const content = await readStart(handle);
  return content.length <= MAX_BYTES ? ok(content) : err([`${path}: larger than ${MAX_BYTES} bytes`]);
}

/** Reads a configuration file, or a file that one names. */
export async function readConfigFile(path: string): Promise<Result<Buffer, Problems>> {
  try {
    await using handle = await open(path, FLAGS);
    return await readOpened(handle, path);
  } catch (error) {
    return err([`${path}: ${failureOf(error).detail}`]);
  }
}
