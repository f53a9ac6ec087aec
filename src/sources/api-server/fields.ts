/**
 * Reads fields of untrusted JSON objects. A field of the wrong type makes the whole object malformed.
 */

import type { EpochSeconds } from '../../core/token.ts';
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

/** Treats null as absent, as the API server does. */
export function optional<T>(from: JsonObject, key: string, rule: Rule<T>): T | undefined {
  return (from[key] ?? undefined) === undefined ? undefined : required(from, key, rule);
}

/** Returns the result of `read`, or undefined if `required` or `optional` rejects a field in it. */
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

/** Any string. Not safe to show: it may contain control characters. */
export function anyText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function objects(value: unknown): readonly JsonObject[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.map(object).filter((item) => item !== undefined);
  return found.length === value.length ? found : undefined;
}

/** RFC 3339 in UTC, as the API server writes it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

export function time(value: unknown): EpochSeconds | undefined {
  if (typeof value !== 'string' || !TIME.test(value)) return undefined;
  // biome-ignore lint/style/noRestrictedGlobals: parses a string and reads no clock
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1_000;
}
