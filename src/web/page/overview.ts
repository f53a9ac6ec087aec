/**
 * The cards of the page: counts of the node, and the quality of the data that verdicts are based on.
 */
import { isOnSchedule } from '../../core/rotation.ts';
import { OTHER_RUNBOOKS } from '../../core/runbook.ts';
import { findCanary, runSelfChecks } from '../../core/self-check.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { badge, runbookLink, section, type Tone } from './format.ts';
import { type Html, html, NOTHING } from './html.ts';

type Counts = ReadonlyMap<string, number>;

interface Row {
  readonly title: Html;
  readonly value: Html;
}

function rowList(rows: readonly Row[], empty: string): Html {
  if (rows.length === 0) return html`<p>${empty}</p>`;
  return html`<dl>${rows.map(({ title, value }) => html`<dt>${title}</dt><dd>${value}</dd>`)}</dl>`;
}

function countRows(counts: Counts, titleOf: (key: string) => Html): readonly Row[] {
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([key, count]) => ({ title: titleOf(key), value: html`${count}` }));
}

/** Counts that link to the tokens they count. */
function linkedCounts(parameter: string, counts: Counts): Html {
  const rows = countRows(counts, (key) => html`<a href="?${parameter}=${key}">${key}</a>`);
  return rowList(rows, 'None.');
}

/** A card of counts; nothing if all of them are 0. */
function countCard(id: string, title: string, counts: Counts): Html {
  const rows = countRows(counts, (key) => html`${key}`);
  return rows.length === 0 ? NOTHING : section(id, title, rowList(rows, ''));
}

/** A row with a runbook if its status is not good. */
interface StatusRow extends Row {
  readonly runbook: string | undefined;
}

function statusRow(key: string, tone: Tone, text: string, runbook: string): StatusRow {
  const row = { title: html`${key}`, value: badge(tone, text) };
  return { ...row, runbook: tone === 'good' ? undefined : runbook };
}

/** The rows, and below them each of their runbooks once. */
function statusRows(rows: readonly StatusRow[], empty: string, runbooks: string): Html {
  const names = new Set(rows.flatMap(({ runbook }) => runbook ?? []));
  return html`${rowList(rows, empty)}${Array.from(names, (name) => runbookLink(runbooks, name))}`;
}

function resourceRows({ cluster }: Snapshot): readonly StatusRow[] {
  return Array.from(cluster.resources, ([resource, state]) => {
    const text = state.isUp ? (state.reason ?? 'up to date') : state.failure;
    return statusRow(resource, state.isUp ? 'good' : 'warn', text, OTHER_RUNBOOKS.apiServer);
  });
}

function selfCheckRows({ observation, self, assessments }: Snapshot): readonly StatusRow[] {
  if (self === undefined) return [];
  const checks = Array.from(runSelfChecks(observation, self), ([check, isTrue]) =>
    statusRow(check, isTrue ? 'good' : 'bad', isTrue ? 'yes' : 'no', OTHER_RUNBOOKS.selfCheck),
  );
  const canary = findCanary(assessments, self);
  const tone = isOnSchedule(canary?.state) ? 'good' : 'warn';
  return [...checks, statusRow('canary', tone, canary?.state ?? 'missing', OTHER_RUNBOOKS.canary)];
}

export function overview({ byState, problems, byCause }: Snapshot): Html {
  return html`<div class="cards">
${section('states', 'Tokens by state', linkedCounts('state', byState))}
${section('problems', 'Problems', linkedCounts('problem', problems))}
${countCard('causes', 'Overdue tokens by cause', byCause)}
</div>`;
}

/** What verdicts are based on, and what data is missing. */
export function dataQuality(snapshot: Snapshot, runbooks: string): Html {
  const resources = statusRows(resourceRows(snapshot), 'Not queried.', runbooks);
  const selfChecks = statusRows(
    selfCheckRows(snapshot),
    'Off: the exporter does not know its pod.',
    runbooks,
  );
  return html`<div class="cards" id="data-quality">
${section('api', 'API server', resources)}
${section('self', 'Self-check', selfChecks)}
${countCard('unknowns', 'Checks without a verdict', snapshot.unknowns)}
${countCard('tokenless', 'Pods without tokens', snapshot.tokenless)}
</div>`;
}
