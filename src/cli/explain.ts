/**
 * `explain <pod>`: the verdicts on one pod's tokens in words, with what to do about them.
 *
 * A snapshot in, text and an exit code out. Knows nothing of how it was taken.
 */
import { type Assessment, isFailing, type Judgement } from '../core/assess.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { EpochSeconds, Token } from '../core/token.ts';
import { relativeTo } from '../core/words.ts';
import { printable } from './printable.ts';
import { EXIT, type Exit, unreadableLine } from './scan.ts';

function isAbout(pod: string, { identity }: Token): boolean {
  return [identity.podUid, identity.pod, `${identity.namespace}/${identity.pod}`].includes(pod);
}

function instantLine(title: string, instant: EpochSeconds | undefined, now: EpochSeconds): readonly string[] {
  return instant === undefined ? [] : [`  ${title.padEnd(20)}${relativeTo(now, instant)}`];
}

function judgementLines({ check, verdict }: Judgement, token: Token): readonly string[] {
  if (verdict.status === 'pass') return [`  ok       ${check.reason}`];
  if (verdict.status === 'unknown') return [`  unknown  ${check.reason}: ${verdict.detail}`];
  return [
    `  FAIL     ${check.reason}: ${verdict.detail}`,
    `           ${check.summary}`,
    ...check.fix(token).map((step) => `           - ${step}`),
  ];
}

function tokenLines(
  { token, schedule, state, judgements, expectations }: Assessment,
  now: EpochSeconds,
): readonly string[] {
  const { identity, claims } = token;
  return [
    `${identity.namespace}/${identity.pod || identity.podUid}: ${identity.volume}/${identity.path} (${claims.kind}, ${state})`,
    `  ${'service account'.padEnd(20)}${identity.serviceAccount}`,
    `  ${'audience'.padEnd(20)}${claims.audiences.join(', ') || '-'}`,
    ...expectations.map(
      ({ audiences, origin }) => `  ${'expected'.padEnd(20)}${audiences.join(' or ')} (${origin})`,
    ),
    ...instantLine('issued', claims.issuedAt, now),
    ...instantLine('last rotation', token.lastRotation, now),
    ...instantLine('refresh due', schedule.refreshDue, now),
    ...instantLine('nominal expiration', schedule.nominalExpiration, now),
    ...instantLine('expiration', claims.expiresAt, now),
    ...judgements.flatMap((judgement) => judgementLines(judgement, token)),
    '',
  ];
}

/** Explains the pod given by name, `namespace/name` or uid. Exit 1 where a check fails or nothing was found. */
export function explain(
  pod: string,
  { assessments, observation, now }: Snapshot,
): { readonly text: string; readonly exit: Exit } {
  const about = assessments.filter(({ token }) => isAbout(pod, token));
  const uids = new Set([pod, ...about.map(({ token }) => token.identity.podUid)]);
  const unreadable = observation.unreadable.filter(({ podUid }) => podUid === '' || uids.has(podUid));
  const lines = [
    ...about.flatMap((assessment) => tokenLines(assessment, now)),
    ...unreadable.map(unreadableLine),
  ];
  if (about.length === 0) lines.push(`no token of a pod ${pod} can be seen on this node`);
  const text = lines.map((line) => `${printable(line)}\n`).join('');
  if (observation.scannedAt === undefined) return { text, exit: EXIT.unreadable };
  return { text, exit: about.length === 0 || about.some(isFailing) ? EXIT.failing : EXIT.ok };
}
