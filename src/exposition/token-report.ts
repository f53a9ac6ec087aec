/**
 * The tokens of a node, judged, as JSON: what `scan --output=json` prints and `/api/v1/tokens` answers.
 *
 * A snapshot in, text out. Knows nothing of how it was taken, nor of who asks.
 */
import type { Finding } from '../core/absence.ts';
import type { Assessment } from '../core/assess.ts';
import type { OverdueCause } from '../core/overdue-cause.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { printableJson } from '../unprintable.ts';

/** A file's mode as `ls` and `chmod` have it. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Seconds that were asked for; undefined where the token tells no start or no end. */
export function lifetime({ token, schedule }: Assessment): number | undefined {
  const { issuedAt } = token.claims;
  return issuedAt === undefined || schedule.nominalExpiration === undefined
    ? undefined
    : schedule.nominalExpiration - issuedAt;
}

function findingJson({ check, identity, detail }: Finding) {
  return { ...identity, reason: check.reason, severity: check.severity, detail };
}

function tokenJson(assessment: Assessment, cause: OverdueCause | undefined) {
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
    problems: assessment.failures.map(({ check, detail }) => ({
      reason: check.reason,
      severity: check.severity,
      detail,
    })),
  };
}

/** Times are epoch seconds; a fact that is not known is left out. */
export function tokenReport({ now, assessments, causes, findings, observation }: Snapshot): string {
  const { scannedAt, unreadable } = observation;
  const tokens = assessments.map((one) => tokenJson(one, causes.get(one.token)));
  const report = { now, scannedAt, tokens, missing: findings.map(findingJson), unreadable };
  return printableJson(`${JSON.stringify(report, undefined, 2)}\n`);
}
