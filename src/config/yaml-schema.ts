/**
 * Typed readers of YAML values. Each returns the value, or reports a problem and returns undefined.
 */
import type { Pair } from 'yaml';
import { string as printable } from '../core/token/claim-rules.ts';

/** A parsed file. */
export interface YamlFile {
  readonly yaml: typeof import('yaml');
  /** Its name in messages. */
  readonly name: string;
  readonly lineOf: (node: unknown) => number;
  /** Reports a problem at the line of the node. */
  readonly report: (node: unknown, message: string) => void;
}

/** A value in a file, and where problems with it are reported. */
export interface Field {
  readonly file: YamlFile;
  /** Its key, or that of its list with an index; undefined for the whole file. */
  readonly name?: string | undefined;
  /** The node whose line is reported: the key if there is one. */
  readonly at: unknown;
  readonly node: unknown;
}

export type Reader<T> = (field: Field) => T | undefined;
type Schema = Readonly<Record<string, Reader<unknown>>>;

/** The values of a mapping. A key that is absent or invalid is undefined. */
export interface Mapping<S extends Schema> {
  readonly values: { readonly [K in keyof S]: ReturnType<S[K]> };
  /** Whether every key in the file is known, unique and has a value that is valid. */
  readonly isValid: boolean;
  /** Whether the file has the key, valid or not. */
  readonly has: (key: keyof S) => boolean;
  /** Reports a problem with a key, at the line of the mapping if the key is absent. */
  readonly problem: (key: keyof S & string, message: string) => undefined;
}

/** Keys and values that are safe to quote in a message: a user may name the wrong file. */
const QUOTABLE_KEY = /^[\w.-]{1,64}$/;
const QUOTABLE_VALUE = /^[\w.:/-]{1,64}$/;

export function problem({ file, name, at }: Field, message: string): undefined {
  file.report(at, name === undefined ? message : `${name}: ${message}`);
}

function scalarOf({ file, node }: Field): unknown {
  return file.yaml.isScalar(node) ? node.value : undefined;
}

/** The kind of a value that is not a string. */
function kindOf({ file: { yaml }, node }: Field): 'list' | 'mapping' | 'number' | 'boolean' | undefined {
  if (yaml.isSeq(node)) return 'list';
  if (yaml.isMap(node)) return 'mapping';
  const type = yaml.isScalar(node) ? typeof node.value : undefined;
  return type === 'number' || type === 'boolean' ? type : undefined;
}

function notAString(field: Field): string {
  const kind = kindOf(field);
  if (kind === undefined) return 'must be a string';
  const hint = kind === 'number' || kind === 'boolean' ? '; quote it' : '';
  return `must be a string, not a ${kind}${hint}`;
}

export const string: Reader<string> = (field) => {
  const value = scalarOf(field);
  return typeof value === 'string' ? value : problem(field, notAString(field));
};

export const printableString: Reader<string> = (field) => {
  const value = scalarOf(field);
  const isKnownKind = kindOf(field) !== undefined;
  const message = isKnownKind ? notAString(field) : 'must be a non-empty, printable string';
  return printable(value) ?? problem(field, message);
};

export const boolean: Reader<boolean> = (field) => {
  const value = scalarOf(field);
  return typeof value === 'boolean' ? value : problem(field, 'must be true or false');
};

/** A non-negative integer. */
export const count: Reader<number> = (field) => {
  const value = scalarOf(field);
  return Number.isSafeInteger(value) && Number(value) >= 0
    ? Number(value)
    : problem(field, 'must be a non-negative integer');
};

/** A string, by its meaning in the table. */
export function oneOf<T>(table: ReadonlyMap<string, T>): Reader<T> {
  const supported = [...table.keys()].filter((name) => name !== '').join(', ');
  return (field) => {
    const name = string(field);
    if (name === undefined) return undefined;
    if (table.has(name)) return table.get(name);
    const quoted = QUOTABLE_VALUE.test(name) ? ` ${name}` : '';
    return problem(field, `unsupported value${quoted}; supported: ${supported}`);
  };
}

export function listOf<T>(read: Reader<T>, minItems: 0 | 1 = 0): Reader<readonly T[]> {
  return (field) => {
    const { file, name, node } = field;
    if (!file.yaml.isSeq(node)) return problem(field, 'must be a list');
    if (node.items.length < minItems) return problem(field, 'must not be empty');
    const items = node.items.map((item, index) => {
      return read({ file, name: `${name}[${index}]`, at: item, node: item });
    });
    return items.filter((item) => item !== undefined);
  };
}

function isNull({ yaml }: YamlFile, node: unknown): boolean {
  return node === null || node === undefined || (yaml.isScalar(node) && node.value === null);
}

/** A key in an item of a list is preceded by the index of the item. */
function prefixOf({ name }: Field): string {
  return name?.endsWith(']') === true ? `${name}.` : '';
}

/** A key of a mapping, for messages: without its name if that is not safe to quote. */
function keyField(field: Field, node: unknown): Field & { readonly key: string } {
  const key = field.file.yaml.isScalar(node) ? String(node.value) : '';
  const name = QUOTABLE_KEY.test(key) ? `${prefixOf(field)}${key}` : field.name;
  return { ...field, key, name, at: node };
}

/** The pairs of a mapping with known keys. */
function knownPairs(field: Field, keys: readonly string[]): ReadonlyMap<string, Pair> {
  const { file, node } = field;
  const pairs = file.yaml.isMap(node) ? node.items : [];
  const known = new Map<string, Pair>();
  for (const pair of pairs) {
    const named = keyField(field, pair.key);
    if (!keys.includes(named.key)) problem(named, `unknown key; known keys: ${keys.join(', ')}`);
    else if (known.has(named.key)) problem(named, 'duplicate key');
    else known.set(named.key, pair);
  }
  return known;
}

/** Reads a mapping by the reader of each key. `nulls` says whether a key without a value is absent, as in Go. */
export function readMapping<S extends Schema>(
  field: Field,
  schema: S,
  nulls: 'absent' | 'invalid',
): Mapping<S> | undefined {
  const { file, node } = field;
  const isEmpty = nulls === 'absent' && isNull(file, node);
  const keys = Object.keys(schema);
  if (!isEmpty && !file.yaml.isMap(node))
    return problem(field, `must be a mapping; known keys: ${keys.join(', ')}`);
  const pairs = knownPairs(field, keys);
  const prefix = prefixOf(field);
  const values = Object.entries(schema).map(([name, read]) => {
    const pair = pairs.get(name);
    if (pair === undefined || (nulls === 'absent' && isNull(file, pair.value))) return [name, undefined];
    return [name, read({ file, name: `${prefix}${name}`, at: pair.key, node: pair.value })];
  });
  return {
    values: Object.fromEntries(values) as Mapping<S>['values'],
    isValid:
      file.yaml.isMap(node) && values.filter(([, value]) => value !== undefined).length === node.items.length,
    has: (key) => pairs.has(String(key)),
    problem: (name, message) =>
      problem({ file, name: `${prefix}${name}`, at: pairs.get(name)?.key ?? node, node }, message),
  };
}

export interface NamedString {
  readonly name: string;
  readonly text: string;
}

function pairProblem(name: unknown, text: unknown, seen: ReadonlySet<unknown>): string | undefined {
  if (typeof name !== 'string') return 'keys must be strings';
  if (seen.has(name)) return 'duplicate key';
  return typeof text === 'string' ? undefined : 'values must be strings';
}

/** A mapping from keys that the user chooses to strings. `check` returns what is wrong with a pair of strings. */
export function namedStrings(
  check: (named: NamedString) => string | undefined,
): Reader<readonly NamedString[]> {
  return (field) => {
    const { file, node } = field;
    if (!file.yaml.isMap(node)) return problem(field, 'must be a mapping');
    const seen = new Set<unknown>();
    return node.items.map(({ key, value }) => {
      const [name, text] = [scalarOf({ ...field, node: key }), scalarOf({ ...field, node: value })];
      const pair = { name: String(name), text: String(text) };
      const message = pairProblem(name, text, seen) ?? check(pair);
      if (message !== undefined) problem({ ...field, at: key }, message);
      seen.add(name);
      return pair;
    });
  };
}
