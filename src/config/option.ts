/**
 * What an option is, and the ways its text is read.
 *
 * Knows no option in particular, and nothing of the process: text in, value or a sentence of what is wrong out.
 */
import { isIPv6 } from 'node:net';
import { parsePrometheusDuration } from '../util/duration.ts';
import { printable } from '../util/sanitize.ts';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

export interface Option<T> {
  /** Without the dashes; the environment variable follows from it. */
  readonly flag: string;
  readonly default: string;
  readonly help: string;
  /** Of a switch, which is given without a value or as `--no-...`. */
  readonly isSwitch: boolean;
  readonly parse: (text: string) => Parsed<T>;
}

export function ok<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function problem<T>(text: string): Parsed<T> {
  return { ok: false, problem: text };
}

/** A duration in Prometheus's notation (`1h30m`), as seconds. */
export function duration(minimum: number, maximum: number): (text: string) => Parsed<number> {
  return (text) => {
    const ms = parsePrometheusDuration(text);
    if (ms === undefined) return problem('must be a duration like 30s, 10m or 1h30m');
    const seconds = ms / 1_000;
    return seconds >= minimum && seconds <= maximum
      ? ok(seconds)
      : problem(`must be from ${minimum}s to ${maximum}s`);
  };
}

export function wholeNumber(minimum: number, maximum: number): (text: string) => Parsed<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= minimum && value <= maximum
      ? ok(value)
      : problem(`must be a whole number from ${minimum} to ${maximum}`);
  };
}

export function oneOf<const T extends string>(values: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const value = values.find((known) => known === text);
    return value === undefined ? problem(`must be one of ${values.join(', ')}`) : ok(value);
  };
}

export function yesOrNo(text: string): Parsed<boolean> {
  return text === 'true' || text === 'false' ? ok(text === 'true') : problem('must be true or false');
}

/** Any text of one line, without characters that cannot be seen. */
export function printableText(text: string): Parsed<string> {
  return printable(text) === text ? ok(text) : problem('must be printable');
}

export function absolutePath(text: string): Parsed<string> {
  if (!text.startsWith('/') || text.includes('\0')) return problem('must be an absolute path');
  return ok(text.replace(/(?<=.)\/+$/, ''));
}

/** What is left empty is undefined. */
export function optional<T>(parse: (text: string) => Parsed<T>): (text: string) => Parsed<T | undefined> {
  return (text) => (text === '' ? ok(undefined) : parse(text));
}

export interface ListenAddress {
  /** Undefined for every address of the machine. */
  readonly host: string | undefined;
  readonly port: number;
}

/** `[HOST]:PORT`, an IPv6 host in brackets; port 0 takes a free one. */
export function listenAddress(text: string): Parsed<ListenAddress> {
  const found = /^(?:\[([^\]]*)\]|([\w.-]*)):(\d{1,5})$/.exec(text);
  const [ipv6, name, port] = [found?.[1], found?.[2], Number(found?.[3])];
  const isHost = ipv6 === undefined ? name !== undefined : isIPv6(ipv6);
  if (!isHost || port > 65_535) return problem('must be [HOST]:PORT');
  return ok({ host: (ipv6 ?? name) || undefined, port });
}

/** Of pages below it, without a slash at its end. Neither a password nor a query belongs into a link. */
export function pageAddress(text: string): Parsed<string> {
  const url = /^https?:\/\/[^\s?#]+$/i.test(text) ? URL.parse(text) : null;
  if (url === null || url.username + url.password !== '')
    return problem('must be an http or https address without user, query or fragment');
  return ok(url.href.replace(/\/+$/, ''));
}

const SECONDS = /^\d{1,11}(?:\.\d+)?$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** `2026-01-31T12:00:00Z` or seconds since 1970. Empty for now. */
export function instant(text: string): Parsed<number | undefined> {
  if (text === '') return ok(undefined);
  const seconds = SECONDS.test(text) ? Number(text) : Date.parse(RFC3339.test(text) ? text : '') / 1_000;
  return Number.isFinite(seconds)
    ? ok(seconds)
    : problem('must be a time like 2026-01-31T12:00:00Z, or seconds since 1970');
}
