/**
 * Characters that steer a terminal, hide text or break a line, in text that came out of a token or a file name.
 *
 * Control and format characters, line separators, halves of surrogate pairs, and what Unicode has not assigned.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** Line feeds of JSON stand between its texts, where they are wanted; within them it has escaped its own. */
const UNPRINTABLE_IN_JSON = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu;

/** Text for a terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\u{FFFD}');
}

/** JSON, or a text quoted as in JSON, that says the same and can be looked at. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE_IN_JSON, (character) =>
    Array.from({ length: character.length }, (_, unit) => {
      return `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}
