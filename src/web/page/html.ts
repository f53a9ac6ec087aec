/**
 * HTML template tag; every interpolated value is escaped.
 */
import { printable } from '../../util/sanitize.ts';

/** Markup that is safe to send. Made by `html`. */
export interface Html {
  readonly markup: string;
}

type Value = string | number | Html | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Matches text that needs no escaping, which is most of it. */
const PLAIN = /^[\w ./:-]*$/;

/** Escapes text for an element or a quoted attribute, including characters that reorder or hide what is around them. */
export function escapeHtml(text: string): string {
  if (PLAIN.test(text)) return text;
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function markupOf(value: Value): string {
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  let markup = '';
  for (const part of value) markup += part.markup;
  return markup;
}

export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  let markup = strings[0] ?? '';
  for (const [index, value] of values.entries()) markup += markupOf(value) + (strings[index + 1] ?? '');
  return { markup };
}

/** No markup, for a part of the page that is optional. */
export const NOTHING: Html = { markup: '' };
