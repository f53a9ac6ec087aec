/**
 * What an option is, and the parsers of option values.
 *
 * A parser returns the value, or an error that completes the sentence "--flag=value: ...".
 */
import { isIPv6 } from 'node:net';
import { parsePrometheusDuration } from '../util/duration.ts';
import { err, ok, type Result } from '../util/result.ts';
import { printable } from '../util/sanitize.ts';

/** The strings that a parser accepts, for schemas; undefined if they have no simple form. */
export type Accepted =
  | { readonly kind: 'duration' | 'whole number' }
  | { readonly kind: 'one of'; readonly values: readonly string[] };

export interface Parse<T> {
  (text: string): Result<T, string>;
  readonly accepted?: Accepted;
}

export interface Option<T> {
  /** Without the dashes. The name of the environment variable is derived from it. */
  readonly flag: string;
  readonly default: string;
  readonly help: string;
  /** A switch can be given without a value, or as `--no-...`. */
  readonly isSwitch: boolean;
  readonly parse: Parse<T>;
}

/** A duration in Prometheus's notation (`1h30m`), as seconds. */
export function duration(minimum: number, maximum: number): Parse<number> {
  const parse = (text: string): Result<number, string> => {
    const ms = parsePrometheusDuration(text);
    if (ms === undefined) return err('must be a duration like 30s, 10m or 1h30m');
    const seconds = ms / 1_000;
    return seconds >= minimum && seconds <= maximum
      ? ok(seconds)
      : err(`must be between ${minimum}s and ${maximum}s`);
  };
  return Object.assign(parse, { accepted: { kind: 'duration' } as const });
}

export function wholeNumber(minimum: number, maximum: number): Parse<number> {
  const parse = (text: string): Result<number, string> => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= minimum && value <= maximum
      ? ok(value)
      : err(`must be a whole number between ${minimum} and ${maximum}`);
  };
  return Object.assign(parse, { accepted: { kind: 'whole number' } as const });
}

export function oneOf<const T extends string>(values: readonly T[]): Parse<T> {
  const parse = (text: string): Result<T, string> => {
    const value = values.find((known) => known === text);
    return value === undefined ? err(`must be one of ${values.join(', ')}`) : ok(value);
  };
  return Object.assign(parse, { accepted: { kind: 'one of', values } as const });
}

export function trueOrFalse(text: string): Result<boolean, string> {
  return text === 'true' || text === 'false' ? ok(text === 'true') : err('must be true or false');
}

/** One line without control or format characters. */
export function printableString(text: string): Result<string, string> {
  return printable(text) === text ? ok(text) : err('must not contain unprintable characters');
}

export function absolutePath(text: string): Result<string, string> {
  if (!text.startsWith('/') || text.includes('\0')) return err('must be an absolute path');
  return ok(text.replace(/(?<=.)\/+$/, ''));
}

/** Parses the empty string as undefined. */
export function optional<T>(parse: Parse<T>): Parse<T | undefined> {
  return (text) => (text === '' ? ok(undefined) : parse(text));
}

export interface ListenAddress {
  /** Undefined for all addresses of the machine. */
  readonly host: string | undefined;
  readonly port: number;
}

/** `[HOST]:PORT`, with an IPv6 host in brackets. Port 0 takes a free port. */
export function listenAddress(text: string): Result<ListenAddress, string> {
  const found = /^(?:\[([^\]]*)\]|([\w.-]*)):(\d{1,5})$/.exec(text);
  const [ipv6, name, port] = [found?.[1], found?.[2], Number(found?.[3])];
  const isHost = ipv6 === undefined ? name !== undefined : isIPv6(ipv6);
  if (!isHost || port > 65_535) return err('must be [HOST]:PORT');
  return ok({ host: (ipv6 ?? name) || undefined, port });
}

const LABEL = '[a-z\\d](?:[a-z\\d-]*[a-z\\d])?';
const HOST_NAMES = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** Separated by commas; returned in lower case. */
export function hostNames(text: string): Result<readonly string[], string> {
  const names = text.toLowerCase().split(',');
  return names.every((name) => HOST_NAMES.test(name))
    ? ok(names)
    : err('must be host names without ports, separated by commas');
}

/** Returned without a trailing slash. A password or a query has no place in a link. */
export function baseUrl(text: string): Result<string, string> {
  const url = /^https?:\/\/[^\s?#]+$/i.test(text) ? URL.parse(text) : null;
  if (url === null || url.username + url.password !== '')
    return err('must be an http or https URL without user, query or fragment');
  return ok(url.href.replace(/\/+$/, ''));
}

const UNIX_SECONDS = /^\d{1,11}(?:\.\d+)?$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 or Unix seconds, as Unix seconds. */
export function time(text: string): Result<number, string> {
  const seconds = UNIX_SECONDS.test(text) ? Number(text) : Date.parse(RFC3339.test(text) ? text : '') / 1_000;
  return Number.isFinite(seconds)
    ? ok(seconds)
    : err('must be a time like 2026-01-31T12:00:00Z or Unix seconds');
}
