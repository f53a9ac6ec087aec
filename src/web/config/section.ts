/**
 * A section of a web configuration file: a mapping with known keys, each read as a value of its type.
 *
 * A key without a value counts as absent, as in Go. Every function returns undefined if the key is absent or its value
 * is invalid; the latter is reported as a problem.
 */
import { type Pair, pairsOf, type YamlReader } from '../../config/yaml-file.ts';

export interface Section {
  readonly reader: YamlReader;
  readonly node: unknown;
  readonly pairs: ReadonlyMap<string, Pair>;
}

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Values that are safe to quote in a message. */
const QUOTABLE = /^[\w.:/-]{1,64}$/;

export function openSection(
  reader: YamlReader,
  node: unknown,
  name: string,
  keys: readonly string[],
): Section {
  const isMap = reader.yaml.isMap(node);
  if (!isMap && !isAbsent(reader, node)) reader.problem(node, `${name} must be a mapping`);
  return { reader, node, pairs: isMap ? pairsOf(reader, node, keys) : new Map() };
}

function isAbsent({ yaml }: YamlReader, value: unknown): boolean {
  return value === null || value === undefined || (yaml.isScalar(value) && value.value === null);
}

function nodeAt({ reader, pairs }: Section, key: string): unknown {
  const value = pairs.get(key)?.value;
  return isAbsent(reader, value) ? undefined : value;
}

function textOf({ yaml }: YamlReader, value: unknown): string | undefined {
  return yaml.isScalar(value) && typeof value.value === 'string' ? value.value : undefined;
}

/** Reports a problem with a key, at its line or, if it is absent, at that of the section. */
export function problem({ reader, node, pairs }: Section, key: string, message: string): undefined {
  return reader.problem(pairs.get(key)?.key ?? node, `${key}: ${message}`);
}

export function has(section: Section, key: string): boolean {
  return nodeAt(section, key) !== undefined;
}

export function text(section: Section, key: string): string | undefined {
  const value = nodeAt(section, key);
  return value === undefined
    ? undefined
    : (textOf(section.reader, value) ?? problem(section, key, 'must be a string'));
}

export function texts(section: Section, key: string): readonly string[] | undefined {
  const { reader } = section;
  const value = nodeAt(section, key);
  if (value === undefined) return undefined;
  const items = reader.yaml.isSeq(value) ? value.items.map((item) => textOf(reader, item)) : [undefined];
  return items.every((item) => item !== undefined)
    ? items
    : problem(section, key, 'must be a list of strings');
}

function scalar(section: Section, key: string): unknown {
  const value = nodeAt(section, key);
  return section.reader.yaml.isScalar(value) ? value.value : value;
}

export function boolean(section: Section, key: string): boolean | undefined {
  const value = scalar(section, key);
  return value === undefined || typeof value === 'boolean'
    ? value
    : problem(section, key, 'must be true or false');
}

/** A non-negative integer. */
export function count(section: Section, key: string): number | undefined {
  const value = scalar(section, key);
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0)) return value as number;
  return problem(section, key, 'must be a non-negative integer');
}

function lookUp<T>(
  section: Section,
  key: string,
  name: string,
  table: ReadonlyMap<string, T>,
): T | undefined {
  const value = table.get(name);
  if (value !== undefined) return value;
  const quoted = QUOTABLE.test(name) ? ` ${name}` : '';
  const supported = [...table.keys()].filter((each) => each !== '').join(', ');
  return problem(section, key, `unsupported value${quoted}; supported: ${supported}`);
}

/** A string, by its meaning in the table. */
export function oneOf<T>(section: Section, key: string, table: ReadonlyMap<string, T>): T | undefined {
  const name = text(section, key);
  return name === undefined ? undefined : lookUp(section, key, name, table);
}

/** A list of strings, each by its meaning in the table. */
export function someOf<T>(
  section: Section,
  key: string,
  table: ReadonlyMap<string, T>,
): readonly T[] | undefined {
  const found = texts(section, key)?.map((name) => lookUp(section, key, name, table));
  return found?.filter((value) => value !== undefined);
}

/** A section within the section. */
export function within({ reader, pairs }: Section, key: string, keys: readonly string[]): Section {
  return openSection(reader, pairs.get(key)?.value, key, keys);
}

/** Strings under names that the user chooses. `problemWith` returns what is wrong with a valid pair of strings. */
export function named(
  section: Section,
  key: string,
  problemWith: (named: NamedText) => string | undefined,
): readonly NamedText[] {
  const { reader } = section;
  const value = nodeAt(section, key);
  if (!reader.yaml.isMap(value)) {
    if (value !== undefined) problem(section, key, 'must be a mapping');
    return [];
  }
  const seen = new Set<string>();
  return value.items.flatMap((pair) => {
    const [name, text] = [textOf(reader, pair.key), textOf(reader, pair.value)];
    const message = problemWithPair(name, text, seen) ?? problemWith({ name: name ?? '', text: text ?? '' });
    if (message !== undefined) reader.problem(pair.key, `${key}: ${message}`);
    if (name !== undefined) seen.add(name);
    return name === undefined || text === undefined ? [] : [{ name, text }];
  });
}

function problemWithPair(
  name: string | undefined,
  text: string | undefined,
  seen: ReadonlySet<string>,
): string | undefined {
  if (name === undefined) return 'keys must be strings';
  if (seen.has(name)) return 'duplicate key';
  return text === undefined ? 'values must be strings' : undefined;
}
