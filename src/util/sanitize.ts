/**
 * Which characters are unprintable, and how they are replaced, escaped or rejected: the only place that knows.
 *
 * Text from a token or a file name is untrusted. It may steer a terminal, hide or reorder text, or break a line.
 * What Unicode has not assigned and what is for private use may look like anything, so neither is ever shown as it
 * is. But both are legal in a claim, and what is assigned depends on the Unicode version of Node: a token does not
 * become invalid because of them.
 */

/** Control and format characters, halves of surrogate pairs, line and paragraph separators. */
const CONTROL = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}`;
/** Those, and what is unassigned or for private use. */
const UNPRINTABLE = String.raw`${CONTROL}\p{Cn}\p{Co}`;

const ANY_CONTROL = new RegExp(`[${CONTROL}]`, 'u');
const ANY_UNPRINTABLE = new RegExp(`[${UNPRINTABLE}]`, 'u');
const EACH_UNPRINTABLE = new RegExp(`[${UNPRINTABLE}]`, 'gu');
/** Marks stacked on one character, which cover the lines above and below: no script needs more than two. */
const EACH_STACK = /(\p{M}{2})\p{M}+/gu;
/** A line feed in JSON is layout: JSON escapes the line feeds of its strings. */
const EACH_UNPRINTABLE_IN_JSON = new RegExp(`(?!\\n)[${UNPRINTABLE}]`, 'gu');
/** Bytes that `escapeBytes` escapes: all but printable ASCII, and the backslash, so that no escape can be forged. */
const EACH_ESCAPED_BYTE = /[^\x20-\x5b\x5d-\x7e]/g;

/** Whether a claim may hold the text: rejects what steers a terminal or breaks a line, and no more. */
export function hasControlCharacters(text: string): boolean {
  return ANY_CONTROL.test(text);
}

/** Whether the text can be shown as it is. */
export function isPrintable(text: string): boolean {
  return !ANY_UNPRINTABLE.test(text);
}

/** For a terminal or HTML: every unprintable character becomes U+FFFD, and so do stacked marks. */
export function printable(text: string): string {
  return text.replace(EACH_UNPRINTABLE, '\u{FFFD}').replace(EACH_STACK, '$1\u{FFFD}');
}

/** For JSON, or a string quoted as in JSON: the same value, with unprintable characters escaped. */
export function printableJson(json: string): string {
  return json.replace(EACH_UNPRINTABLE_IN_JSON, (character) =>
    Array.from({ length: character.length }, (_, unit) => {
      return `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}

/**
 * For a name of any bytes, in latin1: returns it in printable ASCII, with every other byte as `\xNN`. Different names
 * stay different.
 */
export function escapeBytes(latin1: string): string {
  return latin1.replace(EACH_ESCAPED_BYTE, (byte) => {
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
