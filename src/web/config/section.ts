/**
 * A section of a web configuration file: its keys, each read as what it should be.
 *
 * Knows kinds of values, no key in particular. A key without a value counts as left out, as in Go. Every function
 * answers undefined where the key is left out, and where its value is a problem.
 */
import type { Pair } from 'yaml';
import { entriesOf, type Reading } from '../../config/yaml-file.ts';

export interface Section {
  readonly reading: Reading;
  readonly node: unknown;
  readonly entries: ReadonlyMap<string, Pair>;
}

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** What may be shown of a value that is none of a table's. */
const SHOWN = /^[\w.:/-]{1,64}$/;

/** Opens a mapping that may have some keys. */
export function openSection(reading: Reading, node: unknown, name: string, keys: readonly string[]): Section {
  const isMap = reading.yaml.isMap(node);
  if (!isMap && !isLeftOut(reading, node)) reading.problem(node, `${name} must be a mapping`);
  return { reading, node, entries: isMap ? entriesOf(reading, node, keys) : new Map() };
}

function isLeftOut({ yaml }: Reading, value: unknown): boolean {
  return value === null || value === undefined || (yaml.isScalar(value) && value.value === null);
}

function nodeAt({ reading, entries }: Section, key: string): unknown {
  const value = entries.get(key)?.value;
  return isLeftOut(reading, value) ? undefined : value;
}

function textOf({ yaml }: Reading, value: unknown): string | undefined {
  return yaml.isScalar(value) && typeof value.value === 'string' ? value.value : undefined;
}

/** Says what is wrong with the value of a key, or with the section where it lacks the key. */
export function problem({ reading, node, entries }: Section, key: string, said: string): undefined {
  return reading.problem(entries.get(key)?.key ?? node, `${key}: ${said}`);
}

export function has(section: Section, key: string): boolean {
  return nodeAt(section, key) !== undefined;
}

export function text(section: Section, key: string): string | undefined {
  const value = nodeAt(section, key);
  return value === undefined
    ? undefined
    : (textOf(section.reading, value) ?? problem(section, key, 'must be a text'));
}

export function texts(section: Section, key: string): readonly string[] | undefined {
  const { reading } = section;
  const value = nodeAt(section, key);
  if (value === undefined) return undefined;
  const found = reading.yaml.isSeq(value) ? value.items.map((item) => textOf(reading, item)) : [undefined];
  return found.every((one) => one !== undefined) ? found : problem(section, key, 'must be a list of texts');
}

function scalar(section: Section, key: string): unknown {
  const value = nodeAt(section, key);
  return section.reading.yaml.isScalar(value) ? value.value : value;
}

export function boolean(section: Section, key: string): boolean | undefined {
  const value = scalar(section, key);
  return value === undefined || typeof value === 'boolean'
    ? value
    : problem(section, key, 'must be true or false');
}

/** A whole number, not negative. */
export function count(section: Section, key: string): number | undefined {
  const value = scalar(section, key);
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0)) return value as number;
  return problem(section, key, 'must be a whole number');
}

function meaning<T>(
  section: Section,
  key: string,
  one: string,
  values: ReadonlyMap<string, T>,
): T | undefined {
  const found = values.get(one);
  if (found !== undefined) return found;
  const known = [...values.keys()].filter((each) => each !== '').join(', ');
  return problem(
    section,
    key,
    `${SHOWN.test(one) ? one : 'this'} is not known, or not safe; known: ${known}`,
  );
}

/** What a text means by a table. */
export function oneOf<T>(section: Section, key: string, values: ReadonlyMap<string, T>): T | undefined {
  const one = text(section, key);
  return one === undefined ? undefined : meaning(section, key, one, values);
}

/** What each text of a list means by a table. */
export function someOf<T>(
  section: Section,
  key: string,
  values: ReadonlyMap<string, T>,
): readonly T[] | undefined {
  const found = texts(section, key)?.map((one) => meaning(section, key, one, values));
  return found?.filter((one) => one !== undefined);
}

/** A section within. */
export function within({ reading, entries }: Section, key: string, keys: readonly string[]): Section {
  return openSection(reading, entries.get(key)?.value, key, keys);
}

/** Texts under names of the user's own, each name once; `wrongWith` says what else is wrong with one. */
export function named(
  section: Section,
  key: string,
  wrongWith: (one: NamedText) => string | undefined,
): readonly NamedText[] {
  const { reading } = section;
  const value = nodeAt(section, key);
  if (!reading.yaml.isMap(value)) {
    if (value !== undefined) problem(section, key, 'must be a mapping');
    return [];
  }
  const seen = new Set<string>();
  return value.items.flatMap((pair) => {
    const [name, said] = [textOf(reading, pair.key), textOf(reading, pair.value)];
    const isOnce = name !== undefined && !seen.has(name);
    if (isOnce && said !== undefined) {
      seen.add(name);
      const wrong = wrongWith({ name, text: said });
      if (wrong !== undefined) reading.problem(pair.key, `${key}: ${wrong}`);
      return [{ name, text: said }];
    }
    reading.problem(pair.key, `${key}: ${isOnce ? 'both sides must be texts' : 'must be texts, each once'}`);
    return [];
  });
}
