/**
 * Reads fields of untrusted JSON objects.
 *
 * A field of the wrong type is dropped (`optional`), unless the rest of the object is worthless or misleading without it:
 * then the object is malformed (`required`, `nullable`).
 */

import { namespaceName, objectName } from '../../core/token/claim-rules.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import { type JsonObject, object } from '../../util/json.ts';

/** Returns the typed value, or undefined if the value has the wrong type. */
export type Rule<T> = (value: unknown) => T | undefined;

/** Caught by `parsed`; never leaves this file. */
class InvalidField extends Error {}

export function required<T>(from: JsonObject, key: string, rule: Rule<T>): T {
  const value = rule(from[key]);
  if (value === undefined) throw new InvalidField(key);
  return value;
}

/** Undefined if the field is absent or null, which is the same to the API server. Any other wrong type is malformed. */
export function nullable<T>(from: JsonObject, key: string, rule: Rule<T>): T | undefined {
  return (from[key] ?? undefined) === undefined ? undefined : required(from, key, rule);
}

/** Undefined if the field is absent or has the wrong type. */
export function optional<T>(from: JsonObject, key: string, rule: Rule<T>): T | undefined {
  return rule(from[key]);
}

/** Returns the result of `read`, or undefined if `required` or `nullable` rejects a field in it. */
export function parsed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidField) return undefined;
    throw error;
  }
}

export function boolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

export function wholeNumber(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

/** More than any message that means anything. */
const MAX_TEXT_LENGTH = 16_384;

/**
 * A string of its own with the first characters of another one, which V8 otherwise keeps in memory for as long as a part
 * of it.
 */
export function copied(text: string, maxLength = MAX_TEXT_LENGTH): string {
  return Buffer.from(text.slice(0, maxLength)).toString();
}

/** The first 16,384 characters of any string. Not safe to show: it may contain control characters. */
export function anyText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.length <= MAX_TEXT_LENGTH ? value : copied(value);
}

/** PATH_MAX of Linux: the kubelet cannot create a longer path. */
const MAX_PATH_BYTES = 4_096;

/** A path in a container or volume. Not safe to show, as `anyText`. */
export function path(value: unknown): string | undefined {
  return typeof value === 'string' && Buffer.byteLength(value) <= MAX_PATH_BYTES ? value : undefined;
}

export function array(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** The objects of an array; other items are dropped. */
export function objects(value: unknown): readonly JsonObject[] | undefined {
  return array(value)
    ?.map(object)
    .filter((item) => item !== undefined);
}

/** `namespace/name` of an API object, which is safe to show, or an empty string. */
export function displayName(item: unknown): string {
  const metadata = object(object(item)?.['metadata']) ?? {};
  const namespace = namespaceName(metadata['namespace']);
  const name = objectName(metadata['name']);
  return namespace === undefined || name === undefined ? '' : `${namespace}/${name}`;
}

/** RFC 3339 in UTC, as the API server writes it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

export function time(value: unknown): EpochSeconds | undefined {
  if (typeof value !== 'string' || !TIME.test(value)) return undefined;
  // biome-ignore lint/style/noRestrictedGlobals: parses a string and reads no clock
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1_000;
}
