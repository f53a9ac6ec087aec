/**
 * Reads a file of configuration in YAML: every mistake told with its line, and nothing of the file shown but keys and
 * words like them, since somebody will name the wrong file.
 *
 * Knows nothing of what the keys mean. The YAML library is loaded only where there is a file.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import { text as readable } from '../core/claim-rules.ts';
import { failureOf, NOT_A_FILE } from '../sources/files/failures.ts';

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] };

export function problemsOf(read: Read<unknown>): readonly string[] {
  return read.ok ? [] : read.problems;
}

/** One reading of one file: gathers problems as it goes. */
export interface Reading {
  readonly yaml: typeof import('yaml');
  readonly file: string;
  readonly lineOf: (node: unknown) => number;
  readonly problem: (node: unknown, text: string) => undefined;
}

/** A ConfigMap or a Secret holds no more. */
const MAX_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 50;
const PLAIN_KEY = /^[\w.-]{1,64}$/;
/** A FIFO or a device that was named by mistake does not block. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The text of a node; a problem at `at` where it is none. */
export function readText(
  { yaml, problem }: Reading,
  node: unknown,
  at: unknown,
  what: string,
): string | undefined {
  const found = yaml.isScalar(node) ? readable(node.value) : undefined;
  return found ?? problem(at, `${what} must be a text`);
}

/** The entries of a mapping by their keys; a key that is not known, or comes twice, is a problem. */
export function entriesOf(
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

/** A wrong file may have as many problems as lines. */
function firstOf(problems: readonly string[], file: string): readonly string[] {
  const more = problems.length - MAX_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `${file}: ${more} problems more`] : problems;
}

/** Reads a text by `read`, which tells a problem wherever it answers undefined; `file` is its name, for messages. */
export async function parseYaml<T>(
  text: string,
  file: string,
  read: (reading: Reading, contents: Document['contents']) => T | undefined,
): Promise<Read<T>> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  /** An empty text has no line at all. */
  const lineAt = (offset = 0): number => Math.max(1, lines.linePos(offset).line);
  const lineOf = (node: unknown): number => lineAt((node as Node | null)?.range?.[0]);
  const found = [...document.errors, ...document.warnings].map(({ pos: [offset], code }) => {
    return { line: lineAt(offset), text: `not plain YAML (${code})` };
  });
  const problem = (node: unknown, said: string): undefined =>
    void found.push({ line: lineOf(node), text: said });
  // Followed, aliases could make a small file as large as they like.
  const Alias = (_key: unknown, node: Node) => problem(node, 'an alias is not followed: write it out');
  if (document.errors.length === 0) yaml.visit(document, { Alias });
  const isPlain = found.length === 0;
  const value = isPlain ? read({ yaml, file, lineOf, problem }, document.contents) : undefined;
  if (value !== undefined && found.length === 0) return { ok: true, value };
  const told = found.toSorted((a, b) => a.line - b.line).map((one) => `${file}:${one.line}: ${one.text}`);
  return { ok: false, problems: firstOf([...new Set(told)], file) };
}

/** As much of an opened file as is read at all; a byte more than may be there where it is larger. */
async function readStart(handle: FileHandle): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(handle.createReadStream({ end: MAX_BYTES, autoClose: false })));
}

async function readOpened(handle: FileHandle, path: string): Promise<Read<Buffer>> {
  const stats = await handle.stat();
  if (!stats.isFile()) return { ok: false, problems: [`${path}: ${NOT_A_FILE.detail}`] };
  const value = await readStart(handle);
  if (value.length <= MAX_BYTES) return { ok: true, value };
  return { ok: false, problems: [`${path}: larger than ${MAX_BYTES} bytes`] };
}

/** Reads a file of configuration, or one that it names; why it cannot be read where it cannot. */
export async function readConfigFile(path: string): Promise<Read<Buffer>> {
  try {
    await using handle = await open(path, FLAGS);
    return await readOpened(handle, path);
  } catch (error) {
    return { ok: false, problems: [`${path}: ${failureOf(error).detail}`] };
  }
}
