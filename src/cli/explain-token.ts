/**
 * What `explain` says of one token: its times, what it fails and what to do about it, and what it passes.
 */
import type { Assessment, CheckResult } from '../core/assessment.ts';
import { fixOf } from '../core/causes/cause-fixes.ts';
import { CAUSE_DESCRIPTIONS, type CauseFinding } from '../core/causes/overdue-cause.ts';
import { type Failing, unknownText } from '../core/checks/check.ts';
import { formatPod } from '../core/identity.ts';
import { type ProblemStart, problemStartOf } from '../core/problems/problem-start.ts';
import { runbookUrl } from '../core/runbook.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type EpochSeconds, kindOf } from '../core/token/token.ts';
import { formatRelative } from '../util/duration.ts';

const WHERE_READS_ARE =
  'not observed by this command; with --reads.watch, in /tokens and in satoken_last_read_timestamp_seconds';

function field(title: string, value: string): string {
  return `  ${title.padEnd(20)}${value}`;
}

function timeText(seconds: EpochSeconds, now: EpochSeconds): string {
  // biome-ignore lint/style/noRestrictedGlobals: formats a given time and reads no clock.
  const date = new Date(seconds * 1_000).toISOString().replace(/\.\d+/, '');
  return `${date}, ${formatRelative(now, seconds)}`;
}

function timeField(title: string, seconds: EpochSeconds | undefined, now: EpochSeconds): readonly string[] {
  return seconds === undefined ? [] : [field(title, timeText(seconds, now))];
}

function causeLines({ cause, detail }: CauseFinding): readonly string[] {
  return [
    field('why not rotated', `${cause}: ${CAUSE_DESCRIPTIONS[cause]}`),
    ...(detail === undefined ? [] : [field('', `Evidence: ${detail}`)]),
  ];
}

/** One look at a node shows no reads. */
function readLines({ token, reads }: Assessment): readonly string[] {
  return token.volumeKind === 'projected' && reads === undefined ? [field('last read', WHERE_READS_ARE)] : [];
}

export function tokenLines(assessment: Assessment, { now, causes }: Snapshot): readonly string[] {
  const { token, schedule, state, expectations } = assessment;
  const { identity, claims } = token;
  const cause = causes.get(token);
  return [
    `${formatPod(identity)}: ${identity.volume}/${identity.path}`,
    field('kind, state', `${kindOf(token)}, ${state}`),
    ...(token.copy === undefined ? [] : [field('container', token.copy.container)]),
    field('service account', identity.serviceAccount),
    field('audience', claims.audiences.join(', ') || 'none'),
    ...expectations.map(({ audiences, origin }) =>
      field('expected', `${audiences.join(' or ')} (${origin})`),
    ),
    ...timeField('issued', claims.issuedAt, now),
    ...timeField('last rotation', token.lastRotation, now),
    ...timeField('refresh due', schedule.refreshDue, now),
    ...timeField('nominal expiration', schedule.nominalExpiration, now),
    ...timeField('expiration', claims.expiresAt, now),
    ...readLines(assessment),
    ...(cause === undefined ? [] : causeLines(cause)),
  ];
}

export function failureLines(
  { check: { reason, summary, runbook }, severity }: Failing,
  [evidence, ...since]: readonly string[],
  steps: readonly string[],
  runbooks: string,
): readonly string[] {
  return [
    `  FAIL     ${reason} (${severity}): ${summary}`,
    `           Evidence: ${evidence}`,
    ...since,
    '           What to do:',
    ...steps.map((step, index) => `           ${index + 1}. ${step}`),
    `           Runbook: ${runbookUrl(runbooks, runbook)}`,
  ];
}

function sinceLines(start: ProblemStart | undefined, now: EpochSeconds): readonly string[] {
  if (start === undefined) return [];
  const since = start.isExact ? 'Since' : 'At least since';
  return [`           ${since}: ${timeText(start.at, now)}`];
}

function resultLines(
  { check, verdict }: CheckResult,
  assessment: Assessment,
  snapshot: Snapshot,
  runbooks: string,
): readonly string[] {
  if (verdict.status !== 'fail') return [];
  const { token } = assessment;
  const { severity } = verdict;
  const evidence = [
    verdict.detail,
    ...sinceLines(problemStartOf(snapshot, assessment, { check }), snapshot.now),
  ];
  const steps = fixOf(check, assessment, snapshot.causes.get(token));
  return failureLines({ check, severity }, evidence, steps, runbooks);
}

/** A TokenReview authenticates. What the account may do is up to RBAC, and other receivers decide for themselves. */
function acceptedLines({ token, context, failures }: Assessment): readonly string[] {
  const { review, authority } = context;
  if (review?.isAccepted !== true) return [];
  const isAudience = (name: string): boolean => authority?.audiences?.includes(name) === true;
  if (!review.isForApiServer && !token.claims.audiences.some(isAudience))
    return ["  accepted: by the API server's TokenReview, for the token's own audience"];
  const isFlawless = failures.length === 0;
  return [isFlawless ? '  accepted: a 403 is RBAC, not the token' : '  accepted: by the API server'];
}

/** Nothing watches reads for one look at a node: a check of them has not passed. */
function hasPassed({ check, verdict }: CheckResult, { reads }: Assessment): boolean {
  return verdict.status === 'pass' && (check.isForReads !== true || reads !== undefined);
}

export function checkLines(assessment: Assessment, snapshot: Snapshot, runbooks: string): readonly string[] {
  const { results } = assessment;
  const { now } = snapshot;
  const passed = results.filter((result) => hasPassed(result, assessment));
  return [
    ...results.flatMap((result) => resultLines(result, assessment, snapshot, runbooks)),
    ...results.flatMap(({ check, verdict }) =>
      verdict.status === 'unknown'
        ? [`  unknown  ${check.reason}: ${unknownText(verdict.detail, assessment, now)}`]
        : [],
    ),
    ...(passed.length === 0 ? [] : [`  pass     ${passed.map(({ check }) => check.reason).join(', ')}`]),
    ...acceptedLines(assessment),
  ];
}
