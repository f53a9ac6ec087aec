/**
 * What a single claim may look like: its kind and its range.
 *
 * Each rule takes any JSON value and answers the claim, or undefined where the value is not one.
 * Knows nothing of which claims a token has.
 */
import { hasControlCharacters } from '../util/sanitize.ts';
import type { EpochSeconds } from './token.ts';

/** The last second of the year 9999: later dates are mistakes, and break readers of dates. */
const LATEST_TIME = 253_402_300_799;
const MAX_TEXT = 2_048;
const MAX_AUDIENCES = 64;
const MAX_AUDIENCE_TEXT = 4_096;

/** RFC 1123 label and subdomain, the forms the API server demands of namespaces and object names. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const UID = /^[\w.:-]{1,128}$/;

/** A NumericDate may have a fraction; the API server cuts it off (go-jose, NumericDate), so do we. */
export function time(value: unknown): EpochSeconds | undefined {
  return typeof value === 'number' && value >= 0 && value <= LATEST_TIME ? Math.floor(value) : undefined;
}

export function text(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) return undefined;
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

/** RFC 7519 lets `aud` be one string or a list of them. */
export function audiences(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > MAX_AUDIENCES) return undefined;
  const texts = list.map(text).filter((audience) => audience !== undefined);
  if (texts.length < list.length || texts.join().length > MAX_AUDIENCE_TEXT) return undefined;
  return texts;
}
