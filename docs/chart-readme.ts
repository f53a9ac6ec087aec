/**
 * The README of the Helm chart: a table of all values, from the comments in values.yaml.
 *
 * A comment that starts with two dashes describes the key below it, and all keys below that one.
 */
import { parse } from 'yaml';
import { code, table } from './markdown.ts';

/** Longer defaults are left to values.yaml. */
const MAX_DEFAULT = 60;

interface Described {
  readonly path: readonly string[];
  readonly description: string;
}

const KEY = /^( *)([A-Za-z0-9]+):/;

/** The keys with a description, in the order of the file. */
export function describedValues(text: string): readonly Described[] {
  const found: Described[] = [];
  let comment: string[] = [];
  let parents: readonly string[] = [];
  for (const line of text.split('\n')) {
    const [, written] = /^ *# ?(.*)$/.exec(line) ?? [];
    if (written !== undefined) {
      comment.push(written);
      continue;
    }
    const [, indent = '', key] = KEY.exec(line) ?? [];
    if (key !== undefined) {
      parents = [...parents.slice(0, indent.length / 2), key];
      const start = comment.findIndex((one) => one.startsWith('-- '));
      if (start >= 0)
        found.push({ path: parents, description: comment.slice(start).join(' ').slice('-- '.length) });
    }
    comment = [];
  }
  return found;
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], values);
}

function defaultCell(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > MAX_DEFAULT ? 'see `values.yaml`' : code(json);
}

/** A table of all values in the text of values.yaml. */
export function valuesTable(text: string): string {
  const values: unknown = parse(text);
  const rows = describedValues(text).map(({ path, description }) => [
    code(path.join('.')),
    defaultCell(valueAt(values, path)),
    description,
  ]);
  return table(['Value', 'Default', 'Meaning'], rows);
}
