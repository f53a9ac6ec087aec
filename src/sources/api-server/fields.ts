/**
 * Reads fields of untrusted JSON: of the kind they must be, or the object is none.
 *
 * Knows nothing of which fields an object has.
 */

import type { EpochSeconds } from '../../core/token.ts';
import { type JsonObject, object } from '../../util/json.ts';

/** Answers the field, or undefined where the value is not one. */
export type Rule<T> = (value: unknown) => T | undefined;

/** Ends the reading of an object at the first field that is wrong; never leaves this file. */
class InvalidField extends Error {}

export function required<T>(from: JsonObject, key: string, rule: Rule<T>): T {
  const value = rule(from[key]);
  if (value === undefined) throw new InvalidField(key);
  return value;
}

/** A field that is null is as one that is absent, as it is for the API server. */
export function optional<T>(from: JsonObject, key: string, rule: Rule<T>): T | undefined {
  return (from[key] ?? undefined) === undefined ? undefined : required(from, key, rule);
}

/** What `read` makes of the fields; undefined where one of them is wrong. */
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

/** Any text: to be looked at, not to be shown. */
export function anyText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function objects(value: unknown): readonly JsonObject[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.map(object).filter((one) => one !== undefined);
  return found.length === value.length ? found : undefined;
}

/** RFC 3339, as the API server writes times. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

export function time(value: unknown): EpochSeconds | undefined {
  if (typeof value !== 'string' || !TIME.test(value)) return undefined;
  // biome-ignore lint/style/noRestrictedGlobals: reads a text, asks no clock
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1_000;
}
