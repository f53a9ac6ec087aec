/**
 * `scan`: the tokens of a node, judged once, as a table. As JSON they are told in exposition/token-report.ts.
 *
 * A snapshot in, text and an exit code out. Knows nothing of how it was taken.
 */

import { type Assessment, isFailing } from '../core/assessment.ts';
import { formatDuration, formatRelative } from '../core/format.ts';
import type { MissingToken } from '../core/missing-tokens.ts';
import { formatLocation, type Observation, type Unreadable } from '../core/observation.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { printable } from '../util/sanitize.ts';
import { lifetime, octal } from '../web/page/json-report.ts';
import { printTable } from './table.ts';

export const EXIT = { ok: 0, failing: 1, usage: 2, unreadable: 3 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

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

export function unreadableLine(lost: Unreadable): string {
  return printable(`could not read ${formatLocation(lost)}: ${lost.reason} (${lost.detail})`);
}

function missingLine({ check, identity, detail }: MissingToken): string {
  const { namespace, pod, volume, path } = identity;
  return printable(`missing ${namespace}/${pod} ${volume}/${path}: ${check.reason} (${detail})`);
}

function tokenTable({ assessments, observation, now }: Snapshot): string {
  if (assessments.length > 0) return printTable([TITLES, ...assessments.map((one) => row(one, now))]);
  return observation.scannedAt === undefined ? '' : 'no tokens on this node\n';
}

/** The tokens as a table, and under it what is missing and what could not be read. */
export function scanTable(snapshot: Snapshot): string {
  const { observation, missingTokens } = snapshot;
  const lines = [...missingTokens.map(missingLine), ...observation.unreadable.map(unreadableLine)];
  return tokenTable(snapshot) + lines.map((line) => `${line}\n`).join('');
}

/** Whether there was something to see and nothing of it could be read. */
export function isBlind(
  { scannedAt }: Observation,
  assessments: readonly Assessment[],
  unreadable: readonly Unreadable[],
): boolean {
  return scannedAt === undefined || (assessments.length === 0 && unreadable.length > 0);
}

/** 3 where nothing could be read, else 1 where a check fails or a token is missing. */
export function scanExit({ observation, assessments, missingTokens }: Snapshot): Exit {
  if (isBlind(observation, assessments, observation.unreadable)) return EXIT.unreadable;
  return missingTokens.length > 0 || assessments.some(isFailing) ? EXIT.failing : EXIT.ok;
}
