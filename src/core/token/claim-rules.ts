/**
 * Rules for claims and other values from outside: their type and range.
 *
 * Each rule takes any JSON value and returns it typed, or undefined if it is not valid.
 */
import { hasControlCharacters } from '../../util/sanitize.ts';
import type { EpochSeconds } from './token.ts';

/** The last second of the year 9999. Later dates are mistakes, and many parsers of dates reject them. */
const LATEST_TIME = 253_402_300_799;
const MAX_LENGTH = 2_048;
const MAX_AUDIENCES = 64;
const MAX_AUDIENCES_LENGTH = 4_096;

/** RFC 1123 label and subdomain: the API server requires them of namespaces and object names. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const UID = /^[\w.:-]{1,128}$/;

/** Truncates a fraction of a second, as the API server does (go-jose, NumericDate). */
export function time(value: unknown): EpochSeconds | undefined {
  return typeof value === 'number' && value >= 0 && value <= LATEST_TIME ? Math.floor(value) : undefined;
}

export function string(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > MAX_LENGTH) return undefined;
  return hasControlCharacters(value) ? undefined : value;
}

export function namespaceName(value: unknown): string | undefined {
  return typeof value === 'string' && LABEL.test(value) ? value : undefined;
}

export function objectName(value: unknown): string | undefined {
  return typeof value === 'string' && SUBDOMAIN.test(value) ? value : undefined;
}

export function objectUid(value: unknown): string | undefined {
  return typeof value === 'string' && UID.test(value) ? value : undefined;
}

/** `aud` is a string or a list of strings (RFC 7519, section 4.1.3). */
export function audiences(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > MAX_AUDIENCES) return undefined;
  const strings = list.map(string).filter((audience) => audience !== undefined);
  if (strings.length < list.length || strings.join().length > MAX_AUDIENCES_LENGTH) return undefined;
  return strings;
}
