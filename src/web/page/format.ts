/**
 * Pieces that several parts of the page are made of: texts cut to a length, instants, badges, sections, links to
 * runbooks, lists with an end.
 *
 * Knows no part in particular.
 */
import { formatRelative } from '../../core/format.ts';
import { runbookUrl } from '../../core/runbook.ts';
import { type Html, html } from './html.ts';

/** Names are shorter; what is longer was made to be, and the JSON has it whole. */
const MAX_LENGTH = 100;

export function clipped(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** `2026-11-24 00:26:40 UTC`; a time no calendar has is told as it came. */
export function calendarTime(seconds: number): string {
  const milliseconds = seconds * 1_000;
  if (!(Math.abs(milliseconds) <= 8.64e15)) return String(seconds);
  // By hand: the calendars of Intl cost every node 6 MB.
  // biome-ignore lint/style/noRestrictedGlobals: it writes down a time that is given, and reads no clock.
  const [date, time] = new Date(milliseconds).toISOString().split(/[T.]/);
  return `${date} ${time} UTC`;
}

export function relative(now: number, instant: number | undefined): string {
  return instant === undefined ? 'never' : formatRelative(now, instant);
}

/** How a word looks: always beside the word, which says the same. */
export type Tone = 'bad' | 'warn' | 'good' | 'calm';

export function badge(tone: Tone, text: string): Html {
  return html`<b class=${tone}>${text}</b>`;
}

/** The site that it leads to is not told of this page: where an exporter is, is nobody else's business. */
export function runbookLink(runbooks: string, name: string): Html {
  return html`<p>Runbook: <a href="${runbookUrl(runbooks, name)}" rel=noreferrer>${name}</a></p>`;
}

/** A part of the page that its heading names. */
export function section(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}

/** At most so many of a list, and how many are left out. */
export function listed<T>(items: readonly T[], most: number, show: (item: T) => Html): Html {
  const rest = items.length - most;
  const more = rest > 0 ? html`<li>and ${rest} more, in the JSON` : html``;
  return html`<ul>${items.slice(0, most).map(show)}${more}</ul>`;
}
