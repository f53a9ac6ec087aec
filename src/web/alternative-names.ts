/**
 * Subject alternative names of a certificate, parsed from Node's text form.
 *
 * There, a name with a comma or a quote is a JSON string, so that it cannot pass for two names (CVE-2021-44532).
 */
import { isIPv6 } from 'node:net';

/** Matches consecutive entries from the start. The first that is malformed ends the list. */
const ENTRY = /([^:,"]+):("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-f]{4}))*"|[^,"]*)(?:, |$)/giuy;
/** The kinds that exporter-toolkit compares. */
const KINDS: readonly string[] = ['DNS', 'IP Address', 'URI', 'email'];

/** IPv6 addresses have many spellings and get a canonical one, except those with a zone, which URLs do not allow. */
function canonical(name: string): string {
  const url = isIPv6(name) ? URL.parse(`http://[${name}]`) : null;
  return url === null ? name : url.hostname.slice(1, -1);
}

/** Parses text like `DNS:a, IP Address:127.0.0.1`. */
export function alternativeNames(text: string): readonly string[] {
  return [...text.matchAll(ENTRY)]
    .filter(([, kind = '']) => KINDS.includes(kind))
    .map(([, , name = '']) => canonical(name.startsWith('"') ? String(JSON.parse(name)) : name));
}

/** Whether one of the names is allowed. The comparison is exact: no wildcards, case-sensitive. */
export function isNameAllowed(text: string, allowed: readonly string[]): boolean {
  const names = new Set(allowed.map(canonical));
  return alternativeNames(text).some((name) => names.has(name));
}
