/**
 * The table of tokens: one row for each, and under those that fail what is wrong and what to do.
 *
 * Bounded, whatever the node holds: so many rows, and so many of them with their remedies, each text cut to a length.
 */
import { type Assessment, isFailing } from '../../core/assessment.ts';
import type { Check } from '../../core/checks/check.ts';
import { CAUSE_DESCRIPTIONS } from '../../core/overdue-cause.ts';
import { isOnSchedule } from '../../core/rotation.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { badge, clipped, relative, runbookLink, type Tone } from './format.ts';
import { type Html, html, NOTHING } from './html.ts';
import { byUrgency } from './urgency.ts';

const MAX_ROWS = 1_000;
/** Remedies are long: no more than so many, and one for all tokens that fail for the same reasons. */
const MAX_REMEDIES = 20;

/** The share of the life that was asked for that is over, as a bar; the words beside it say the same. */
function lifeBar({ token, schedule }: Assessment, now: number): Html {
  const { issuedAt } = token.claims;
  const end = schedule.nominalExpiration;
  if (issuedAt === undefined || end === undefined || end <= issuedAt) return NOTHING;
  const share = Math.min(1, Math.max(0, (now - issuedAt) / (end - issuedAt)));
  return html`<meter aria-hidden=true value=${Number(share.toFixed(2))}></meter>`;
}

/** A token that is late and fails nothing is one that nobody will miss. */
function toneOf({ failures, state }: Assessment): Tone {
  if (failures.length === 0) return isOnSchedule(state) ? 'good' : 'calm';
  return failures.some(({ check }) => check.severity === 'critical') ? 'bad' : 'warn';
}

/** What fails the token beyond what its state says already, and why it is late. */
function standing(assessment: Assessment, { causes }: Snapshot): Html {
  const { state, failures, token } = assessment;
  const others = failures.map(({ check }) => check.reason).filter((reason) => reason !== state);
  const cause = causes.get(token);
  const more = [others.join(', '), cause ?? ''].filter((text) => text !== '').join('; ');
  return html`${badge(toneOf(assessment), state)}${more === '' ? NOTHING : html`<i>${more}</i>`}`;
}

function row(assessment: Assessment, snapshot: Snapshot): Html {
  const { token, schedule } = assessment;
  const { namespace, pod, podUid, serviceAccount, volume, path } = token.identity;
  const { now } = snapshot;
  const { issuedAt, audiences } = token.claims;
  return html`<tr><td>${clipped(namespace)}/<b>${clipped(pod || podUid)}</b><i>${clipped(serviceAccount)}</i><td>${clipped(`${volume}/${path}`)}<i>${clipped(audiences.join(', '))}</i><td>${issuedAt === undefined ? 'not told' : relative(now, issuedAt)}${lifeBar(assessment, now)}<td>${relative(now, schedule.refreshDue)}<td>${relative(now, schedule.nominalExpiration)}<td>${standing(assessment, snapshot)}
`;
}

/** One thing that is wrong, how that is known, what to do, and where more is told of it. */
export function remedy(
  { reason, summary, runbook }: Pick<Check, 'reason' | 'summary' | 'runbook'>,
  detail: string,
  steps: readonly string[],
  runbooks: string,
): Html {
  return html`<details><summary><b>${reason}</b>: ${summary}</summary><p>Evidence: ${clipped(detail)}</p><ol>${steps.map((step) => html`<li>${step}`)}</ol>${runbookLink(runbooks, runbook)}</details>`;
}

/** Where the API server extended the token, the end that it holds to comes later than the one asked for. */
function extension({ token, schedule }: Assessment, now: number): Html {
  const { expiresAt } = token.claims;
  const end = schedule.nominalExpiration;
  const isExtended = expiresAt !== undefined && end !== undefined && expiresAt > end;
  if (!isExtended) return NOTHING;
  return html`<p>The API server extended it; that ends ${relative(now, expiresAt)}.</p>`;
}

function remedies(assessment: Assessment, { causes, now }: Snapshot, runbooks: string): Html {
  const { failures, token } = assessment;
  const cause = causes.get(token);
  const late = cause === undefined ? NOTHING : html`<p>Not replaced since: ${CAUSE_DESCRIPTIONS[cause]}.</p>`;
  return html`<tr class=why><td colspan=6>${late}${extension(assessment, now)}${failures.map(
    ({ check, detail }) => remedy(check, detail, check.fix(token), runbooks),
  )}
`;
}

/** Answers whether a token is the first that fails for its reasons. */
function createFirsts({ causes }: Snapshot): (assessment: Assessment) => boolean {
  const told = new Set<string>();
  return ({ failures, token }) => {
    const reasons = [...failures.map(({ check }) => check.reason), causes.get(token)].join();
    if (failures.length === 0 || told.has(reasons) || told.size === MAX_REMEDIES) return false;
    told.add(reasons);
    return true;
  };
}

/** The most urgent tokens first. Rows and cells end where the next begin, which markup allows and saves a tenth. */
export function tokenTable(snapshot: Snapshot, runbooks: string): Html {
  const isFirst = createFirsts(snapshot);
  const rows = byUrgency(snapshot.assessments)
    .slice(0, MAX_ROWS)
    .map((one) => {
      const line = row(one, snapshot);
      return isFirst(one) ? html`${line}${remedies(one, snapshot, runbooks)}` : line;
    });
  return html`<table><thead><tr><th scope=col>Pod and account<th scope=col>Token and audience<th scope=col>Issued<th scope=col>Next refresh<th scope=col>Expires<th scope=col>State</thead><tbody>
${rows}</tbody></table>`;
}

/** How many of the node's tokens are in the table, and where to find what to do. */
export function tokenCount({ assessments, observation }: Snapshot): string {
  const shown = Math.min(assessments.length, MAX_ROWS);
  const failing = assessments.filter(isFailing).length;
  const once =
    failing > 1 ? ' What to do is told once for the same problems; filter by pod to see its own.' : '';
  return `Showing ${shown} of ${observation.tokens.length} tokens, most urgent first.${once}`;
}
