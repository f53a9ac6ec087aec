/**
 * Building blocks of the page: shortened text, times, badges, sections, lists, links to runbooks.
 */
import type { Check } from '../../core/checks/check.ts';
import type { ProblemStart } from '../../core/problems/problem-start.ts';
import { runbookUrl } from '../../core/runbook.ts';
import type { TokenIdentity } from '../../core/token/token.ts';
import { formatRelative } from '../../util/duration.ts';
import { type Html, html, NOTHING } from './html.ts';

/** Real names are shorter. The JSON has longer ones in full. */
const MAX_LENGTH = 100;

export function clipped(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** `namespace/pod`, or the uid of a pod whose name is not known. */
export function podName({ namespace, pod, podUid }: TokenIdentity): Html {
  return pod === '' ? html`<b>${clipped(podUid)}</b>` : html`${clipped(namespace)}/<b>${clipped(pod)}</b>`;
}

/** `2026-11-24 00:26:40 UTC`; the number itself if it is outside of the range of dates. */
export function calendarTime(seconds: number): string {
  const milliseconds = seconds * 1_000;
  if (!(Math.abs(milliseconds) <= 8.64e15)) return String(seconds);
  // Not with Intl, whose calendars take 6 MB of memory.
  // biome-ignore lint/style/noRestrictedGlobals: formats the given time and does not read the clock.
  const [date, time] = new Date(milliseconds).toISOString().split(/[T.]/);
  return `${date} ${time} UTC`;
}

export function relative(now: number, instant: number | undefined): string {
  return instant === undefined ? 'never' : formatRelative(now, instant);
}

/** How a word is colored. The word itself says the same. */
export type Tone = 'bad' | 'warn' | 'good' | 'calm';

export function badge(tone: Tone, text: string): Html {
  return html`<b class=${tone}>${text}</b>`;
}

/** Without a referrer, which would show the address of the exporter to the site of the runbooks. */
export function runbookLink(runbooks: string, name: string): Html {
  return html`<p>Runbook: <a href="${runbookUrl(runbooks, name)}" rel=noreferrer>${name}</a></p>`;
}

/** Where a remediation leads to. */
interface RemediationLinks {
  /** Print the same in a terminal. */
  readonly commands: readonly string[];
  /** Base URL of the runbooks. */
  readonly runbooks: string;
}

function explanation(commands: readonly string[]): Html {
  if (commands.length === 0) return NOTHING;
  return html`<p>In a terminal:${commands.map((command, index) => html`${index === 0 ? ' ' : ' or '}<code>${command}</code>`)}</p>`;
}

/** A collapsed block: what is wrong, the evidence, the steps to take, the commands, and the runbook. */
export function remediation(
  { reason, summary, runbook }: Pick<Check, 'reason' | 'summary' | 'runbook'>,
  evidence: string,
  steps: readonly string[],
  { commands, runbooks }: RemediationLinks,
): Html {
  return html`<details><summary><b>${reason}</b>: ${summary}</summary><p>Evidence: ${evidence}</p><ol>${steps.map((step) => html`<li>${step}`)}</ol>${explanation(commands)}${runbookLink(runbooks, runbook)}</details>`;
}

/** `detail`, and since when it holds. */
export function evidence(detail: string, start: ProblemStart | undefined, now: number): string {
  if (start === undefined) return clipped(detail);
  return `${clipped(detail)}; ${start.isExact ? 'since' : 'at least since'} ${formatRelative(now, start.at)}`;
}

/** A section labeled by its heading. */
export function section(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}

/** A list of at most `max` items, and how many it leaves out. */
export function listed<T>(items: readonly T[], max: number, show: (item: T) => Html): Html {
  const rest = items.length - max;
  const more = rest > 0 ? html`<li>and ${rest} more, in the JSON` : html``;
  return html`<ul>${items.slice(0, max).map(show)}${more}</ul>`;
}
