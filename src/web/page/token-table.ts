/**
 * The table of tokens, the most urgent first, with what to do about those that fail.
 *
 * The table is bounded for any node: the number of rows and of remediations, and the length of each text.
 */
import { type Assessment, type CheckFailure, isFailing } from '../../core/assessment.ts';
import { fixOf } from '../../core/causes/cause-fixes.ts';
import { CAUSE_DESCRIPTIONS, type CauseFinding } from '../../core/causes/overdue-cause.ts';
import type { Reason } from '../../core/checks/index.ts';
import { explainCommands } from '../../core/explain-command.ts';
import { problemStartOf } from '../../core/problems/problem-start.ts';
import { worstSeverity } from '../../core/problems/severity.ts';
import { byUrgency } from '../../core/problems/urgency.ts';
import { isOnSchedule, type TokenState } from '../../core/rotation.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import {
  badge,
  clipped,
  evidence,
  podName,
  relative,
  remediation,
  since,
  type Tone,
  toneOf,
} from './format.ts';
import { type Html, html, NOTHING } from './html.ts';
import { listInPieces, type Pieces } from './slices.ts';

const MAX_ROWS = 1_000;
/** Remediations are long. Tokens that fail for the same reasons share one. */
const MAX_REMEDIATIONS = 20;

/** The elapsed share of the requested lifetime. Hidden from screen readers: the text next to it says the same. */
function lifeBar({ token, schedule }: Assessment, now: number): Html {
  const { issuedAt } = token.claims;
  const end = schedule.nominalExpiration;
  if (issuedAt === undefined || end === undefined || end <= issuedAt) return NOTHING;
  const share = Math.min(1, Math.max(0, (now - issuedAt) / (end - issuedAt)));
  return html`<meter aria-hidden=true value=${Number(share.toFixed(2))}></meter>`;
}

/** An overdue token that fails no check belongs to a pod that is terminating. */
function toneOfToken({ failures, state }: Assessment): Tone {
  if (failures.length === 0) return isOnSchedule(state) ? 'good' : 'calm';
  return toneOf(worstSeverity(failures.map(({ severity }) => severity)) ?? 'info');
}

/** States that a failing check implies under another name. */
const REASON_OF_STATE: Readonly<Partial<Record<TokenState, Reason>>> = {
  overdue: 'rotation_overdue',
  no_expiry: 'legacy_token',
};

/** How severe the worst failing check is, and since when it fails; empty without one. */
function severityText(assessment: Assessment, worst: CheckFailure | undefined, snapshot: Snapshot): string {
  if (worst === undefined) return '';
  const start = problemStartOf(snapshot, assessment, worst);
  return start === undefined ? worst.severity : `${worst.severity}, ${since(start, snapshot.now)}`;
}

/** The worst failing check or the state; then its severity and start, the other checks, the state and the cause. */
function statusCell(assessment: Assessment, snapshot: Snapshot): Html {
  const { state, failures, token, habit } = assessment;
  const reasons = failures.map(({ check }) => check.reason);
  const severity = worstSeverity(failures.map((failure) => failure.severity));
  const worst = failures.find((failure) => failure.severity === severity);
  const main = worst?.check.reason ?? state;
  const cause = snapshot.causes.get(token)?.cause;
  const shown: readonly string[] = [...reasons, main];
  const others = reasons.filter((reason) => reason !== main);
  const more = [
    severityText(assessment, worst, snapshot),
    others.length === 0 ? '' : `also ${others.join(', ')}`,
    shown.includes(state) || shown.includes(REASON_OF_STATE[state] ?? state) ? '' : `state ${state}`,
    cause === undefined || shown.includes(cause) ? '' : `cause ${cause}`,
    habit === undefined || habit === 'unknown' || shown.includes(habit) ? '' : habit,
  ].filter((text) => text !== '');
  return html`${badge(toneOfToken(assessment), main)}${more.length === 0 ? NOTHING : html`<i>${more.join('; ')}</i>`}`;
}

/** The expiration of a token that the API server extended, if it is later than what was requested. */
function extendedExpiry({ token, schedule }: Assessment): number | undefined {
  const { expiresAt } = token.claims;
  const end = schedule.nominalExpiration;
  return expiresAt !== undefined && end !== undefined && expiresAt > end ? expiresAt : undefined;
}

/** The end of the requested lifetime, which clients of an extended token should expect. Once past, what holds until when. */
function expiryCell(assessment: Assessment, now: number): Html {
  const end = assessment.schedule.nominalExpiration;
  const extended = extendedExpiry(assessment);
  if (extended === undefined || end === undefined || end > now) return html`${relative(now, end)}`;
  if (extended <= now) return html`${relative(now, extended)}`;
  return html`${relative(now, extended)}<i>requested: ${relative(now, end)}</i>`;
}

function tokenRow(assessment: Assessment, snapshot: Snapshot): Html {
  const { token, schedule } = assessment;
  const { serviceAccount, volume, path } = token.identity;
  const { now } = snapshot;
  const { issuedAt, audiences } = token.claims;
  return html`<tr><td>${podName(token.identity)}<i>${clipped(serviceAccount)}</i><td>${statusCell(assessment, snapshot)}<td>${expiryCell(assessment, now)}<td>${relative(now, schedule.refreshDue)}<td>${issuedAt === undefined ? 'unknown' : relative(now, issuedAt)}${lifeBar(assessment, now)}<td>${clipped(`${volume}/${path}`)}<i>${clipped(audiences.join(', '))}</i>`;
}

function extension(assessment: Assessment, now: number): Html {
  const extended = extendedExpiry(assessment);
  if (extended === undefined) return NOTHING;
  return html`<p>Extended by the API server; expires ${relative(now, extended)}.</p>`;
}

/** The evidence is bounded where it is read. */
function causeText({ cause, detail }: CauseFinding): Html {
  const event = detail === undefined ? NOTHING : html`<p>Evidence: ${detail}</p>`;
  return html`<p>Why it was not rotated: ${CAUSE_DESCRIPTIONS[cause]}.</p>${event}`;
}

function remediationRow(assessment: Assessment, snapshot: Snapshot, runbooks: string): Html {
  const { causes, now } = snapshot;
  const { failures, token } = assessment;
  const cause = causes.get(token);
  const why = cause === undefined ? NOTHING : causeText(cause);
  const links = { commands: explainCommands(token.identity, snapshot), runbooks };
  return html`<tr class=why><td colspan=6>${why}${extension(assessment, now)}${failures.map((failure) => {
    const { check, detail } = failure;
    const start = problemStartOf(snapshot, assessment, failure);
    return remediation(failure, evidence(detail, start, now), fixOf(check, assessment, cause), links);
  })}
`;
}

/** Returns a function that returns whether a token is the first to fail for its set of reasons. */
function createIsFirst({ causes }: Snapshot): (assessment: Assessment) => boolean {
  const seen = new Set<string>();
  return ({ failures, token }) => {
    const reasons = [...failures.map(({ check }) => check.reason), causes.get(token)?.cause].join();
    if (failures.length === 0 || seen.has(reasons) || seen.size === MAX_REMEDIATIONS) return false;
    seen.add(reasons);
    return true;
  };
}

/** Rows and cells have no end tags: HTML does not require them, and the page is a tenth smaller. */
export function* tokenTable(snapshot: Snapshot, runbooks: string): Pieces {
  const isFirst = createIsFirst(snapshot);
  const shown = byUrgency(snapshot.assessments, snapshot.now).slice(0, MAX_ROWS);
  yield `<table><thead><tr><th scope=col>Pod and service account<th scope=col>Problem or state<th scope=col>Expiry<th scope=col>Next refresh<th scope=col>Issued<th scope=col>Token and audience</thead><tbody>\n`;
  yield* listInPieces(shown, (assessment) => {
    const { markup } = tokenRow(assessment, snapshot);
    return isFirst(assessment) ? markup + remediationRow(assessment, snapshot, runbooks).markup : markup;
  });
  yield '</tbody></table>';
}

/** How many of the node's tokens the table shows. */
export function tokenCount({ assessments, observation }: Snapshot): string {
  const shown = Math.min(assessments.length, MAX_ROWS);
  const failing = assessments.filter(isFailing).length;
  const hint =
    failing > 1 ? ' Remedies are shown once per kind of problem; filter by pod to see a specific one.' : '';
  return `Showing ${shown} of ${observation.tokens.length} tokens, most urgent first.${hint}`;
}
