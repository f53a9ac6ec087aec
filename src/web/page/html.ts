/**
 * Markup, in which whatever is put is text and stays text.
 *
 * Knows no page.
 */
import { printable } from '../../util/sanitize.ts';

/** Markup that is safe to send: made by `html` alone. */
export interface Html {
  readonly markup: string;
}

type Piece = string | number | Html | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Most text is names and numbers, which need nothing. */
const PLAIN = /^[\w ./:-]*$/;

/** Text as markup, in an element or a quoted attribute. Nothing in it can reorder or hide what is around it. */
export function escapeHtml(text: string): string {
  if (PLAIN.test(text)) return text;
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function markupOf(piece: Piece): string {
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return String(piece);
  if ('markup' in piece) return piece.markup;
  let markup = '';
  for (const part of piece) markup += part.markup;
  return markup;
}

/** The tag of templates of markup. */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let markup = texts[0] ?? '';
  for (const [index, piece] of pieces.entries()) markup += markupOf(piece) + (texts[index + 1] ?? '');
  return { markup };
}

/** Nothing, where something may be. */
export const NOTHING: Html = { markup: '' };
