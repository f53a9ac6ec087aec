/**
 * What the page says of the node: in a sentence, in cards of counts, and the quality of the data that verdicts are based on.
 */
import { SEVERITIES, type Severity, worstSeverity } from '../../core/problems/severity.ts';
import { isOnSchedule } from '../../core/rotation.ts';
import { OTHER_RUNBOOKS } from '../../core/runbook.ts';
import { findCanary, runSelfChecks } from '../../core/self-check.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { badge, runbookLink, section, type Tone, toneOf } from './format.ts';
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

function filterLink(parameter: string, key: string): Html {
  return html`<a href="?${parameter}=${key}">${key}</a>`;
}

/** `2 critical, 1 info`; nothing if all counts are 0. */
function severityCounts(counts: ReadonlyMap<Severity, number>): Html {
  const found = SEVERITIES.filter((severity) => (counts.get(severity) ?? 0) > 0);
  return html`${found.map((severity, index) => {
    return html`${index === 0 ? '' : ', '}${badge(toneOf(severity), `${counts.get(severity)} ${severity}`)}`;
  })}`;
}

/** The most severe first, with links to the tokens. */
function problemRows({ bySeverity }: Snapshot): readonly Row[] {
  const found = Array.from(bySeverity, ([reason, counts]) => {
    const severities = [...counts].filter(([, count]) => count > 0).map(([severity]) => severity);
    return { reason, counts, worst: worstSeverity(severities) };
  });
  return SEVERITIES.flatMap((severity) => found.filter(({ worst }) => worst === severity)).map(
    ({ reason, counts }) => ({ title: filterLink('problem', reason), value: severityCounts(counts) }),
  );
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

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Whether tokens fail, in one sentence; nothing before the first scan. */
export function headline({ failing, observation }: Snapshot): Html {
  const { tokens, unreadable, scannedAt } = observation;
  if (scannedAt === undefined) return NOTHING;
  const lost = unreadable.length === 0 ? '' : `, ${unreadable.length} unreadable`;
  const total = failing.values().reduce((sum, count) => sum + count, 0);
  const scope = `${plural(tokens.length, 'token')}${lost}.`;
  if (total === 0) return html`<p>No problems found. ${scope}</p>`;
  return html`<p>Tokens with problems: ${severityCounts(failing)}. ${scope}</p>`;
}

/** Which data is missing, with a link to details; nothing if none is. */
export function blindSpots(snapshot: Snapshot): Html {
  const { cluster, observation, self } = snapshot;
  const down = [...cluster.resources].filter(([, { isUp }]) => !isUp).map(([resource]) => resource);
  const failed =
    self === undefined ? [] : [...runSelfChecks(observation, self)].filter(([, isTrue]) => !isTrue);
  const found = [
    down.length === 0 ? '' : `No current data from the API server: ${down.join(', ')}.`,
    failed.length === 0 ? '' : `Self-check failed: ${failed.map(([check]) => check).join(', ')}.`,
  ].filter((text) => text !== '');
  if (found.length === 0) return NOTHING;
  return html`<p>${badge('warn', found.join(' '))} <a href="#data-quality">Details</a></p>`;
}

export function overview(snapshot: Snapshot): Html {
  const { byState, byCause } = snapshot;
  const states = countRows(byState, (state) => filterLink('state', state));
  return html`<div class="cards">
${section('problems', 'Problems', rowList(problemRows(snapshot), 'None.'))}
${section('states', 'Tokens by state', rowList(states, 'None.'))}
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
