/**
 * Reads and parses YAML configuration files. Every problem is reported, with its line.
 *
 * A user may name the wrong file, so messages quote nothing of it but plain keys and values. The YAML library is loaded
 * with the first file.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Node } from 'yaml';
import { failureOf, NOT_A_FILE } from '../sources/files/failures.ts';
import { err, ok, type Result } from '../util/result.ts';
import { yamlErrorMessage } from './yaml-errors.ts';
import type { Reader, YamlFile } from './yaml-schema.ts';

/** One message each, with the file and, if possible, the line. */
export type Problems = readonly string[];

export function problemsOf(result: Result<unknown, Problems>): Problems {
  return result.ok ? [] : result.error;
}

/** The size limit of a ConfigMap or Secret. */
const MAX_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 50;
const ALIAS = 'aliases are not supported; repeat the value, or quote it if it starts with *';
/** A FIFO or device that was named by mistake must not block. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** A wrong file may have a problem on every line. */
function truncate(problems: Problems, file: string): Problems {
  const more = problems.length - MAX_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `${file}: ${more} more problems`] : problems;
}

/** `name` is that of the file in messages. */
export async function parseYaml<T>(
  text: string,
  name: string,
  read: Reader<T>,
): Promise<Result<T, Problems>> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  /** An empty text has no lines; its problems are on line 1. */
  const lineAt = (offset = 0): number => Math.max(1, lines.linePos(offset).line);
  const lineOf = (node: unknown): number => lineAt((node as Node | null)?.range?.[0]);
  const problems = [...document.errors, ...document.warnings].map(({ pos: [offset], code }) => {
    return { line: lineAt(offset), message: yamlErrorMessage(code) };
  });
  const report: YamlFile['report'] = (node, message) => void problems.push({ line: lineOf(node), message });
  // Expanding aliases would let a small file grow without bound.
  const Alias = (_key: unknown, node: Node) => report(node, ALIAS);
  if (document.errors.length === 0) yaml.visit(document, { Alias });
  const root = { file: { yaml, name, lineOf, report }, at: document.contents, node: document.contents };
  const value = problems.length === 0 ? read(root) : undefined;
  if (value !== undefined && problems.length === 0) return ok(value);
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const messages = sorted.map(({ line, message }) => `${name}:${line}: ${message}`);
  return err(truncate([...new Set(messages)], name));
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

/** A user who cannot read the file has to know which option names it. */
export function withOption(problems: Problems, option: string): Problems {
  return problems.map((problem) => `${problem}; check --${option}`);
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
