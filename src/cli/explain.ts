/**
 * `explain <pod>`: what is wrong with one pod's tokens, how that is known, and what to do about it.
 *
 * A snapshot in, text and an exit code out. Knows nothing of how it was taken.
 */
import { type Assessment, isFailing, type Judgement } from '../core/assess.ts';
import type { Observation, Unreadable } from '../core/observation.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { EpochSeconds, Token } from '../core/token.ts';
import { relativeTo } from '../core/words.ts';
import { printable } from '../unprintable.ts';
import { EXIT, type Exit, isBlind, unreadableLine } from './scan.ts';

/** What may be said of a pod. */
interface Found {
  /** Whether it is this pod's for sure. */
  readonly isCertain: boolean;
  readonly assessments: readonly Assessment[];
  readonly unreadable: readonly Unreadable[];
}

function isNamed(pod: string, { identity }: Token): boolean {
  const names = identity.pod === '' ? [] : [identity.pod, `${identity.namespace}/${identity.pod}`];
  return [identity.podUid, ...names].includes(pod);
}

/** A legacy token names no pod: that it lies in the one asked for cannot be ruled out. */
function mayBeIn(pod: string, { identity }: Token): boolean {
  const [name, namespace] = pod.split('/', 2).toReversed();
  return name !== '' && identity.pod === '' && (namespace ?? identity.namespace) === identity.namespace;
}

/** Everything in the folders of the pods so named, or else all that might be theirs. */
function find(pod: string, { assessments, observation }: Snapshot): Found {
  const named = [
    ...assessments.filter(({ token }) => isNamed(pod, token)).map(({ token }) => token.identity.podUid),
    ...observation.unreadable.map(({ podUid }) => podUid).filter((podUid) => podUid === pod),
  ];
  if (named.length === 0) {
    const candidates = assessments.filter(({ token }) => mayBeIn(pod, token));
    return { isCertain: false, assessments: candidates, unreadable: observation.unreadable };
  }
  return {
    isCertain: true,
    assessments: assessments.filter(({ token }) => named.includes(token.identity.podUid)),
    unreadable: observation.unreadable.filter(({ podUid }) => podUid === '' || named.includes(podUid)),
  };
}

function fact(title: string, value: string): string {
  return `  ${title.padEnd(20)}${value}`;
}

function instant(title: string, seconds: EpochSeconds | undefined, now: EpochSeconds): readonly string[] {
  if (seconds === undefined) return [];
  // biome-ignore lint/style/noRestrictedGlobals: it writes down a time that is given, and reads no clock.
  const date = new Date(seconds * 1_000).toISOString().replace(/\.\d+/, '');
  return [fact(title, `${date}, ${relativeTo(now, seconds)}`)];
}

function facts({ token, schedule, state, expectations }: Assessment, now: EpochSeconds): readonly string[] {
  const { identity, claims } = token;
  return [
    `${identity.namespace}/${identity.pod || identity.podUid}: ${identity.volume}/${identity.path}`,
    fact('kind, state', `${claims.kind}, ${state}`),
    fact('service account', identity.serviceAccount),
    fact('audience', claims.audiences.join(', ') || 'none'),
    ...expectations.map(({ audiences, origin }) => fact('expected', `${audiences.join(' or ')} (${origin})`)),
    ...instant('issued', claims.issuedAt, now),
    ...instant('last rotation', token.lastRotation, now),
    ...instant('refresh due', schedule.refreshDue, now),
    ...instant('nominal expiration', schedule.nominalExpiration, now),
    ...instant('expiration', claims.expiresAt, now),
  ];
}

/** What is wrong, how that is known, and what to do. */
function failure({ check, verdict }: Judgement, token: Token): readonly string[] {
  if (verdict.status !== 'fail') return [];
  return [
    `  FAIL     ${check.reason}: ${check.summary}`,
    `           Evidence: ${verdict.detail}`,
    '           What to do:',
    ...check.fix(token).map((step, index) => `           ${index + 1}. ${step}`),
  ];
}

function verdicts({ token, judgements }: Assessment): readonly string[] {
  const passed = judgements.filter(({ verdict }) => verdict.status === 'pass');
  return [
    ...judgements.flatMap((judgement) => failure(judgement, token)),
    ...judgements.flatMap(({ check, verdict }) =>
      verdict.status === 'unknown' ? [`  unknown  ${check.reason}: ${verdict.detail}`] : [],
    ),
    ...(passed.length === 0 ? [] : [`  pass     ${passed.map(({ check }) => check.reason).join(', ')}`]),
  ];
}

function introduction(pod: string, { isCertain, assessments, unreadable }: Found): readonly string[] {
  if (isCertain) return [];
  const isNothing = assessments.length + unreadable.length === 0;
  const rest = isNothing ? '' : '; what follows may be its own, or of another pod';
  return [`no token on this node names a pod ${pod}${rest}`, ...(isNothing ? [] : [''])];
}

function exitOf(observation: Observation, { isCertain, assessments, unreadable }: Found): Exit {
  if (isBlind(observation, assessments, unreadable)) return EXIT.unreadable;
  return isCertain && !assessments.some(isFailing) ? EXIT.ok : EXIT.failing;
}

/**
 * Explains the pod given by name, `namespace/name` or uid.
 *
 * Exit 3 where nothing of it could be read, else 1 where a check fails or no token names the pod.
 */
export function explain(pod: string, snapshot: Snapshot): { readonly text: string; readonly exit: Exit } {
  const found = find(pod, snapshot);
  const lines = [
    ...introduction(pod, found),
    ...found.assessments.flatMap((one) => [...facts(one, snapshot.now), '', ...verdicts(one), '']),
    ...found.unreadable.map(unreadableLine),
  ];
  return {
    text: lines.map((line) => `${printable(line)}\n`).join(''),
    exit: exitOf(snapshot.observation, found),
  };
}
