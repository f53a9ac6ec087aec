/**
 * Building blocks of the page: shortened text, times, badges, sections, lists, links to runbooks.
 */
import type { Failing } from '../../core/checks/check.ts';
import type { ProblemStart } from '../../core/problems/problem-start.ts';
import type { Severity } from '../../core/problems/severity.ts';
import { runbookUrl } from '../../core/runbook.ts';
import type { TokenIdentity } from '../../core/token/token.ts';
import { formatRelative } from '../../util/duration.ts';
import { type Html, html, NOTHING } from './html.ts';

/** Real names are shorter. The JSON has longer ones in full. */
const MAX_LENGTH = 100;

/** The sentences of the checks are shorter, unless a name in them is long. */
const MAX_EVIDENCE = 250;

export function clipped(text: string, max = MAX_LENGTH): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
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

export function toneOf(severity: Severity): Tone {
  if (severity === 'critical') return 'bad';
  return severity === 'warning' ? 'warn' : 'calm';
}

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

/** A step that is a command ends in a comment, which not every shell ignores: the command stands alone, to be copied. */
function stepItem(step: string): Html {
  const [, command, comment] = /^(.*) {2}# (.*)$/s.exec(step) ?? [];
  if (command === undefined || comment === undefined) return html`<li>${step}`;
  return html`<li><code>${command}</code> <i>${comment}</i>`;
}

/** A collapsed block: what is wrong, the evidence, the steps to take, the commands, and the runbook. */
export function remediation(
  { check: { reason, summary, runbook }, severity }: Failing,
  evidence: string,
  steps: readonly string[],
  { commands, runbooks }: RemediationLinks,
): Html {
  return html`<details><summary>${badge(toneOf(severity), reason)} (${severity}): ${summary}</summary><p>Evidence: ${evidence}</p><ol>${steps.map(stepItem)}</ol>${explanation(commands)}${runbookLink(runbooks, runbook)}</details>`;
}

/** Since when a problem exists. */
export function since({ at, isExact }: ProblemStart, now: number): string {
  return `${isExact ? 'since' : 'at least since'} ${formatRelative(now, at)}`;
}

/** `detail`, and since when it holds. */
export function evidence(detail: string, start: ProblemStart | undefined, now: number): string {
  const text = clipped(detail, MAX_EVIDENCE);
  return start === undefined ? text : `${text}; ${since(start, now)}`;
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
