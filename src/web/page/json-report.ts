/**
 * The JSON report: the tokens of a node and their problems, as in `scan --output=json` and `/tokens`.
 */
import type { Assessment, CheckFailure } from '../../core/assessment.ts';
import type { Check } from '../../core/checks/check.ts';
import { missingStartOf, type ProblemStart, problemStartOf } from '../../core/problems/problem-start.ts';
import { copyExpiresAt, isReadNow } from '../../core/reads/habits.ts';
import { runbookUrl, unreadableRunbook } from '../../core/runbook.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { kindOf } from '../../core/token/token.ts';
import { printableJson } from '../../util/sanitize.ts';
import { listInPieces, type Pieces } from './slices.ts';

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
  start: ProblemStart | undefined,
  runbooks: string,
) {
  return {
    reason,
    severity,
    detail,
    start: start?.at,
    isStartExact: start?.isExact,
    runbook: runbookUrl(runbooks, runbook),
  };
}

/** Undefined unless the reads of the token are watched. */
function readsJson({ token, reads, habit, context }: Assessment) {
  if (typeof reads !== 'object') return undefined;
  return {
    habit,
    observedSince: reads.observedSince,
    completeSince: reads.completeSince,
    completeGenerations: reads.generations,
    generationsWithoutRead: reads.withoutRead,
    lastRead: reads.lastReadAt,
    copyExpiresAt: copyExpiresAt(reads, token.claims),
    isReadSinceRotation: isReadNow(reads, token, context.pod),
  };
}

function tokenJson(assessment: Assessment, snapshot: Snapshot, runbooks: string) {
  const { token, schedule, state } = assessment;
  const { claims, file } = token;
  const cause = snapshot.causes.get(token);
  return {
    ...token.identity,
    kind: kindOf(token),
    origin: assessment.context.origin,
    subjectNamespace: claims.namespace === token.identity.namespace ? undefined : claims.namespace,
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
    overdueCause: cause?.cause,
    overdueDetail: cause?.detail,
    mode: octal(file.mode),
    uid: file.uid,
    gid: file.gid,
    reads: readsJson(assessment),
    problems: assessment.failures.map((failure) =>
      problemJson(failure, problemStartOf(snapshot, assessment, failure), runbooks),
    ),
  };
}

/** As JSON.stringify with an indentation of 2, of a value that is nested `depth` levels deep. */
function indentedJson(value: object, depth: number): string {
  return printableJson(JSON.stringify(value, undefined, 2)).replaceAll('\n', `\n${'  '.repeat(depth)}`);
}

/** A list in the report. */
function* listJson<T>(name: string, list: readonly T[], toObject: (item: T) => object): Pieces {
  yield `,\n  "${name}": [`;
  yield* listInPieces(
    list,
    (item, index) => `${index === 0 ? '' : ','}\n    ${indentedJson(toObject(item), 2)}`,
  );
  yield list.length === 0 ? ']' : '\n  ]';
}

/** Times are Unix times in seconds. Unknown values are left out. */
export function* tokenReport(snapshot: Snapshot, runbooks: string): Pieces {
  const { now, assessments, missingTokens, observation, podNames } = snapshot;
  const { scannedAt, unreadable } = observation;
  yield `{\n  "now": ${JSON.stringify(now)}`;
  if (scannedAt !== undefined) yield `,\n  "scannedAt": ${JSON.stringify(scannedAt)}`;
  yield* listJson('tokens', assessments, (one) => tokenJson(one, snapshot, runbooks));
  yield* listJson('missing', missingTokens, (token) => ({
    ...token.identity,
    ...problemJson(token, missingStartOf(snapshot, token), runbooks),
  }));
  yield* listJson('unreadable', unreadable, (lost) => ({
    ...lost,
    ...podNames.get(lost.podUid),
    runbook: runbookUrl(runbooks, unreadableRunbook(lost)),
  }));
  yield '\n}\n';
}
