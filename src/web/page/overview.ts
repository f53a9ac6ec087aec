/**
 * The node at a glance: counts, and what they rest on: the API server, the exporter's view of itself.
 */

import { isOnSchedule } from '../../core/rotation.ts';
import { OTHER_RUNBOOKS } from '../../core/runbook.ts';
import { findCanary, runSelfChecks } from '../../core/self-check.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { badge, runbookLink, section, type Tone } from './format.ts';
import { type Html, html, NOTHING } from './html.ts';

interface Row {
  readonly title: Html;
  readonly value: Html;
}

function rows(all: readonly Row[], none: string): Html {
  if (all.length === 0) return html`<p>${none}</p>`;
  return html`<dl>${all.map(({ title, value }) => html`<dt>${title}</dt><dd>${value}</dd>`)}</dl>`;
}

/** Counts that lead to what is counted. */
function counts(parameter: string, counted: ReadonlyMap<string, number>): readonly Row[] {
  return [...counted]
    .filter(([, count]) => count > 0)
    .map(([key, count]) => ({
      title: html`<a href="?${parameter}=${key}">${key}</a>`,
      value: html`${count}`,
    }));
}

/** A card that is there where there is something to count. */
function told(id: string, title: string, counted: ReadonlyMap<string, number>): Html {
  const found = [...counted].filter(([, count]) => count > 0);
  if (found.length === 0) return NOTHING;
  return section(
    id,
    title,
    rows(
      found.map(([key, count]) => ({ title: html`${key}`, value: html`${count}` })),
      '',
    ),
  );
}

/** A row that is good or has a runbook. */
interface Judged extends Row {
  readonly runbook: string | undefined;
}

function named(key: string, tone: Tone, text: string, runbook: string): Judged {
  const row = { title: html`${key}`, value: badge(tone, text) };
  return { ...row, runbook: tone === 'good' ? undefined : runbook };
}

/** Under the rows each runbook once, whatever it is for. */
function judged(all: readonly Judged[], none: string, runbooks: string): Html {
  const names = new Set(all.flatMap(({ runbook }) => runbook ?? []));
  return html`${rows(all, none)}${Array.from(names, (name) => runbookLink(runbooks, name))}`;
}

function resources({ cluster }: Snapshot): readonly Judged[] {
  return Array.from(cluster.resources, ([resource, state]) => {
    const text = state.isUp ? 'current' : state.failure;
    return named(resource, state.isUp ? 'good' : 'warn', text, OTHER_RUNBOOKS.apiServer);
  });
}

function ownView({ observation, self, assessments }: Snapshot): readonly Judged[] {
  if (self === undefined) return [];
  const checks = Array.from(runSelfChecks(observation, self), ([check, isTrue]) =>
    named(check, isTrue ? 'good' : 'bad', isTrue ? 'yes' : 'no', OTHER_RUNBOOKS.selfCheck),
  );
  const canary = findCanary(assessments, self);
  const tone = isOnSchedule(canary?.state) ? 'good' : 'warn';
  return [...checks, named('canary', tone, canary?.state ?? 'none', OTHER_RUNBOOKS.canary)];
}

/** What is there, what is wrong, and why. */
export function overview({ byState, problems, byCause }: Snapshot): Html {
  return html`<div class="cards">
${section('states', 'Tokens by state', rows(counts('state', byState), 'None.'))}
${section('problems', 'Problems', rows(counts('problem', problems), 'None.'))}
${told('causes', 'Why tokens are late', byCause)}
</div>`;
}

/** What the rest of the page rests on, and what nobody can tell. */
export function grounds(snapshot: Snapshot, runbooks: string): Html {
  return html`<div class="cards" id="grounds">
${section('api', 'API server', judged(resources(snapshot), 'It is not asked.', runbooks))}
${section('self', 'Own view', judged(ownView(snapshot), 'The exporter does not know which pod it is.', runbooks))}
${told('unknowns', 'Could not be judged', snapshot.unknowns)}
${told('tokenless', 'Pods without token', snapshot.tokenless)}
</div>`;
}
