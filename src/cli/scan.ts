/**
 * `scan`: lists the tokens of a node as a table or as JSON.
 */
import { scanOnce } from '../app/scan-once.ts';
import { type Assessment, isFailing } from '../core/assessment.ts';
import { formatPod, type PodNames, UNKNOWN_NAME } from '../core/identity.ts';
import type { MissingToken } from '../core/missing-tokens.ts';
import { formatLocation, type Observation, type Unreadable } from '../core/observation.ts';
import { worstSeverity } from '../core/problems/severity.ts';
import { byUrgency } from '../core/problems/urgency.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { formatDuration, formatRelative } from '../util/duration.ts';
import { printable } from '../util/sanitize.ts';
import { lifetime, octal, tokenReport } from '../web/page/json-report.ts';
import { atOnce } from '../web/page/slices.ts';
import { EXIT, type Exit, type Run } from './command.ts';
import { printTable } from './table.ts';
import { colored, type Terminal } from './terminal.ts';

function row(assessment: Assessment, now: number): readonly string[] {
  const { token, schedule, state } = assessment;
  const { identity, claims, file } = token;
  const seconds = lifetime(assessment);
  return [
    identity.namespace,
    identity.pod || identity.podUid,
    identity.serviceAccount,
    `${identity.volume}/${identity.path}`,
    claims.audiences.join(','),
    seconds === undefined ? '' : formatDuration(seconds),
    claims.issuedAt === undefined ? '' : formatRelative(now, claims.issuedAt),
    schedule.nominalExpiration === undefined ? '' : formatRelative(now, schedule.nominalExpiration),
    `${octal(file.mode)} ${file.uid}:${file.gid}`,
    state,
    assessment.failures.map(({ check }) => check.reason).join(','),
  ];
}

const TITLES = [
  'NAMESPACE',
  'POD',
  'SERVICEACCOUNT',
  'TOKEN',
  'AUDIENCE',
  'LIFETIME',
  'ISSUED',
  'EXPIRES',
  'MODE',
  'STATE',
  'PROBLEMS',
];

export function unreadableLine(lost: Unreadable, podNames: PodNames): string {
  const { podUid, reason, detail } = lost;
  const pod = formatPod({ podUid, ...(podNames.get(podUid) ?? UNKNOWN_NAME) });
  return printable(`could not read ${formatLocation(lost, pod)}: ${reason} (${detail})`);
}

function missingLine({ check, identity, detail }: MissingToken): string {
  const { volume, path } = identity;
  return printable(`missing ${formatPod(identity)} ${volume}/${path}: ${check.reason} (${detail})`);
}

/** The columns that a narrow terminal does not show, the first one first. `explain` has them. */
const OPTIONAL = ['MODE', 'ISSUED', 'LIFETIME', 'AUDIENCE', 'SERVICEACCOUNT'];

interface ScanView {
  readonly isProblemsOnly?: boolean;
  readonly terminal?: Terminal | undefined;
}

function withProblems(snapshot: Snapshot): Snapshot {
  return { ...snapshot, assessments: snapshot.assessments.filter(({ failures }) => failures.length > 0) };
}

function tokenTable({ assessments, now }: Snapshot, terminal: Terminal | undefined): string {
  if (assessments.length === 0) return '';
  const ordered = byUrgency(assessments, now);
  const worst = ordered.map(({ failures }) => worstSeverity(failures.map(({ severity }) => severity)));
  return printTable([TITLES, ...ordered.map((one) => row(one, now))], {
    width: terminal?.columns,
    optional: OPTIONAL,
    paint: (cell, index) => colored(cell, worst[index - 1], terminal),
  });
}

/** What to say if the table is empty and nothing else is wrong. */
function emptyLine({ assessments, observation, missingTokens }: Snapshot): string {
  const { length } = assessments;
  if (length === 0) return observation.scannedAt === undefined ? '' : 'no tokens on this node\n';
  const isRest = missingTokens.length + observation.unreadable.length > 0;
  return isRest ? '' : `no problem with the tokens on this node; tokens: ${length}\n`;
}

/** A table of tokens, the most urgent first, followed by a line for each missing token and each file that could not be read. */
export function scanTable(snapshot: Snapshot, { isProblemsOnly = false, terminal }: ScanView = {}): string {
  const { observation, missingTokens, podNames } = snapshot;
  const shown = isProblemsOnly ? withProblems(snapshot) : snapshot;
  const missing = missingTokens.map((one) => colored(missingLine(one), one.severity, terminal));
  const unreadable = observation.unreadable.map((lost) => unreadableLine(lost, podNames));
  const lines = [...missing, ...unreadable].map((line) => `${line}\n`);
  const table = tokenTable(shown, terminal) || emptyLine(snapshot);
  return [table, ...lines].join('');
}

/** Whether nothing could be read of what there is. */
export function isBlind(
  { scannedAt }: Observation,
  assessments: readonly Assessment[],
  unreadable: readonly Unreadable[],
): boolean {
  return scannedAt === undefined || (assessments.length === 0 && unreadable.length > 0);
}

/** `unreadable` if nothing could be read, else `failing` if a check fails or a token is missing. */
export function scanExit({ observation, assessments, missingTokens }: Snapshot): Exit {
  if (isBlind(observation, assessments, observation.unreadable)) return EXIT.unreadable;
  return missingTokens.length > 0 || assessments.some(isFailing) ? EXIT.failing : EXIT.ok;
}

export const run: Run = async (context) => {
  const { config, print, complain, terminal } = context;
  const scanned = await scanOnce(context);
  if (!scanned.ok) return complain(scanned.error);
  const { snapshot, warnings } = scanned.value;
  complain(warnings);
  const { isProblemsOnly, output, runbooks } = config;
  if (output === 'json')
    print(atOnce(tokenReport(isProblemsOnly ? withProblems(snapshot) : snapshot, runbooks)));
  else print(scanTable(snapshot, { isProblemsOnly, terminal }));
  return scanExit(snapshot);
};
