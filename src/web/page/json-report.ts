/**
 * The JSON report: the tokens of a node and their problems, as in `scan --output=json` and `/api/v1/tokens`.
 */
import type { Assessment, CheckFailure } from '../../core/assessment.ts';
import type { Check } from '../../core/checks/check.ts';
import type { OverdueCause } from '../../core/overdue-cause.ts';
import { OTHER_RUNBOOKS, runbookUrl } from '../../core/runbook.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { printableJson } from '../../util/sanitize.ts';

/** A file mode in the notation of chmod(1): `0644`. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** The requested lifetime in seconds; undefined if the token has no start or no end. */
export function lifetime({ token, schedule }: Assessment): number | undefined {
  const { issuedAt } = token.claims;
  return issuedAt === undefined || schedule.nominalExpiration === undefined
    ? undefined
    : schedule.nominalExpiration - issuedAt;
}

function problemJson(
  {
    check: { reason, runbook },
    severity,
    detail,
  }: Pick<CheckFailure, 'severity' | 'detail'> & {
    readonly check: Pick<Check, 'reason' | 'runbook'>;
  },
  runbooks: string,
) {
  return { reason, severity, detail, runbook: runbookUrl(runbooks, runbook) };
}

function tokenJson(assessment: Assessment, cause: OverdueCause | undefined, runbooks: string) {
  const { token, schedule, state } = assessment;
  const { claims, file } = token;
  return {
    ...token.identity,
    kind: claims.kind,
    state,
    audiences: claims.audiences,
    issuer: claims.issuer,
    keyId: claims.keyId,
    issuedAt: claims.issuedAt,
    expiresAt: claims.expiresAt,
    nominalExpiration: schedule.nominalExpiration,
    lifetimeSeconds: lifetime(assessment),
    refreshDue: schedule.refreshDue,
    lastRotation: token.lastRotation,
    overdueCause: cause,
    mode: octal(file.mode),
    uid: file.uid,
    gid: file.gid,
    problems: assessment.failures.map((failure) => problemJson(failure, runbooks)),
  };
}

/** Times are Unix times in seconds. Unknown values are left out. */
export function tokenReport(
  { now, assessments, causes, missingTokens, observation }: Snapshot,
  runbooks: string,
): string {
  const tokens = assessments.map((one) => tokenJson(one, causes.get(one.token), runbooks));
  const missing = missingTokens.map((token) => ({ ...token.identity, ...problemJson(token, runbooks) }));
  const runbook = runbookUrl(runbooks, OTHER_RUNBOOKS.unreadable);
  const unreadable = observation.unreadable.map((lost) => ({ ...lost, runbook }));
  const report = { now, scannedAt: observation.scannedAt, tokens, missing, unreadable };
  return printableJson(`${JSON.stringify(report, undefined, 2)}\n`);
}
