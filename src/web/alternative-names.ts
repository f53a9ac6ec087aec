/**
 * The alternative names of a certificate, out of the text that Node has them in.
 *
 * Names with a comma or a quote in them are JSON strings there, so that no name can pass for two (CVE-2021-44532). Knows
 * nothing of who is let in.
 */
import { isIPv6 } from 'node:net';

/** One after the other from the start on: what is not of this form, a name in quotes that is no JSON too, ends the list. */
const ENTRY = /([^:,"]+):("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-f]{4}))*"|[^,"]*)(?:, |$)/giuy;
/** The kinds that exporter-toolkit compares: others of a certificate are not looked at. */
const KINDS: readonly string[] = ['DNS', 'IP Address', 'URI', 'email'];

/** One spelling of an address, since there are many for IPv6; one with a zone has a single spelling, and is no URL. */
function canonical(name: string): string {
  const url = isIPv6(name) ? URL.parse(`http://[${name}]`) : null;
  return url === null ? name : url.hostname.slice(1, -1);
}

/** As in `DNS:a, IP Address:127.0.0.1`. */
export function alternativeNames(text: string): readonly string[] {
  return [...text.matchAll(ENTRY)]
    .filter(([, kind = '']) => KINDS.includes(kind))
    .map(([, , name = '']) => canonical(name.startsWith('"') ? String(JSON.parse(name)) : name));
}

/** Whether one of the names of a certificate is one of those allowed, letter by letter. */
export function isNameAllowed(text: string, allowed: readonly string[]): boolean {
  const known = new Set(allowed.map(canonical));
  return alternativeNames(text).some((name) => known.has(name));
}
