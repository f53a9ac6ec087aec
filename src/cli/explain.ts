/**
 * `explain <pod>`: what is wrong with one pod's tokens, how that is known, and what to do about it.
 *
 * A snapshot in, text and an exit code out. Knows nothing of how it was taken.
 */
import { scanOnce } from '../app/scan-once.ts';
import { type Assessment, type CheckResult, isFailing } from '../core/assessment.ts';
import {
  type MissingToken,
  type NoTokenReason,
  type TokenlessPod,
  tokenlessPods,
} from '../core/missing-tokens.ts';
import type { Observation, Unreadable } from '../core/observation.ts';
import { CAUSE_DESCRIPTIONS } from '../core/overdue-cause.ts';
import { OTHER_RUNBOOKS, runbookUrl } from '../core/runbook.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { EpochSeconds, Token, TokenIdentity } from '../core/token.ts';
import { formatRelative } from '../util/duration.ts';
import { printable } from '../util/sanitize.ts';
import { EXIT, type Exit, type Run } from './command.ts';
import { isBlind, unreadableLine } from './scan.ts';

/** What may be said of a pod. */
interface Found {
  /** Whether it is this pod's for sure. */
  readonly isCertain: boolean;
  readonly assessments: readonly Assessment[];
  readonly unreadable: readonly Unreadable[];
  /** Tokens that should be there and are not. */
  readonly missingTokens: readonly MissingToken[];
  /** Where the pod is meant to have no token. */
  readonly tokenless: readonly TokenlessPod[];
}

/** Whether a pod is meant by its name, `namespace/name` or uid. */
function isNamed(pod: string, { identity }: Named): boolean {
  const names = identity.pod === '' ? [] : [identity.pod, `${identity.namespace}/${identity.pod}`];
  return [identity.podUid, ...names].includes(pod);
}

interface Named {
  readonly identity: Pick<TokenIdentity, 'podUid' | 'pod' | 'namespace'>;
}

/** A legacy token names no pod: that it lies in the one asked for cannot be ruled out. */
function mayBeIn(pod: string, { identity }: Token): boolean {
  const [name, namespace] = pod.split('/', 2).toReversed();
  return name !== '' && identity.pod === '' && (namespace ?? identity.namespace) === identity.namespace;
}

/** Everything in the folders of the pods so named, or else all that might be theirs. */
function find(pod: string, { assessments, observation, missingTokens, cluster }: Snapshot): Found {
  const missing = missingTokens.filter(({ identity }) => isNamed(pod, { identity }));
  const tokenless = tokenlessPods(cluster).filter(({ pod: { uid, namespace, name } }) =>
    isNamed(pod, { identity: { podUid: uid, namespace, pod: name } }),
  );
  const named = [
    ...missing.map(({ identity }) => identity.podUid),
    ...tokenless.map(({ pod: { uid } }) => uid),
    ...assessments.filter(({ token }) => isNamed(pod, token)).map(({ token }) => token.identity.podUid),
    ...observation.unreadable.map(({ podUid }) => podUid).filter((podUid) => podUid === pod),
  ];
  if (named.length === 0) {
    const candidates = assessments.filter(({ token }) => mayBeIn(pod, token));
    return {
      isCertain: false,
      assessments: candidates,
      unreadable: observation.unreadable,
      missingTokens: [],
      tokenless: [],
    };
  }
  return {
    isCertain: true,
    missingTokens: missing,
    tokenless,
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
  return [fact(title, `${date}, ${formatRelative(now, seconds)}`)];
}

function facts(assessment: Assessment, { now, causes }: Snapshot): readonly string[] {
  const { token, schedule, state, expectations } = assessment;
  const { identity, claims } = token;
  const cause = causes.get(token);
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
    ...(cause === undefined ? [] : [fact('not replaced since', `${cause}: ${CAUSE_DESCRIPTIONS[cause]}`)]),
  ];
}

/** What is wrong, how that is known, what to do, and where more is told of it. */
function failureLines(
  { reason, summary, runbook }: Pick<CheckResult['check'], 'reason' | 'summary' | 'runbook'>,
  evidence: string,
  steps: readonly string[],
  runbooks: string,
): readonly string[] {
  return [
    `  FAIL     ${reason}: ${summary}`,
    `           Evidence: ${evidence}`,
    '           What to do:',
    ...steps.map((step, index) => `           ${index + 1}. ${step}`),
    `           Runbook: ${runbookUrl(runbooks, runbook)}`,
  ];
}

function failure({ check, verdict }: CheckResult, token: Token, runbooks: string): readonly string[] {
  return verdict.status === 'fail' ? failureLines(check, verdict.detail, check.fix(token), runbooks) : [];
}

function verdicts({ token, results }: Assessment, runbooks: string): readonly string[] {
  const passed = results.filter(({ verdict }) => verdict.status === 'pass');
  return [
    ...results.flatMap((result) => failure(result, token, runbooks)),
    ...results.flatMap(({ check, verdict }) =>
      verdict.status === 'unknown' ? [`  unknown  ${check.reason}: ${verdict.detail}`] : [],
    ),
    ...(passed.length === 0 ? [] : [`  pass     ${passed.map(({ check }) => check.reason).join(', ')}`]),
  ];
}

function missingLines({ check, identity, detail }: MissingToken, runbooks: string): readonly string[] {
  const { namespace, pod, podUid, volume, path } = identity;
  return [
    `${namespace}/${pod || podUid}: ${volume}/${path}`,
    '',
    ...failureLines(check, detail, check.fixMissing(identity), runbooks),
  ];
}

function loss(unreadable: readonly Unreadable[], runbooks: string): readonly string[] {
  if (unreadable.length === 0) return [];
  return [...unreadable.map(unreadableLine), `Runbook: ${runbookUrl(runbooks, OTHER_RUNBOOKS.unreadable)}`];
}

/** What gives a pod a token that has none by choice. */
const CHOICES: Readonly<Record<NoTokenReason, string>> = {
  automount_disabled_pod:
    'its spec says automountServiceAccountToken: false; remove that, or add a projected volume',
  automount_disabled_serviceaccount:
    'its account says automountServiceAccountToken: false; say true in the spec of the pod, which wins',
  static_pod: 'it is a static pod: these get no tokens; run it as a DaemonSet if it needs one',
  other: 'its spec asks for none though nothing forbids it: was it made while automounting was off?',
};

function choice({ pod, reason }: TokenlessPod): readonly string[] {
  return [`${pod.namespace}/${pod.name}: no token, ${reason}: ${CHOICES[reason]}`];
}

function introduction(pod: string, { isCertain, assessments, unreadable }: Found): readonly string[] {
  if (isCertain) return [];
  const isNothing = assessments.length + unreadable.length === 0;
  const rest = isNothing ? '' : '; what follows may be its own, or of another pod';
  return [`no token on this node names a pod ${pod}${rest}`, ...(isNothing ? [] : [''])];
}

function exitOf(
  observation: Observation,
  { isCertain, assessments, unreadable, missingTokens }: Found,
): Exit {
  if (isBlind(observation, assessments, unreadable)) return EXIT.unreadable;
  return isCertain && missingTokens.length === 0 && !assessments.some(isFailing) ? EXIT.ok : EXIT.failing;
}

/**
 * Explains the pod given by name, `namespace/name` or uid, with links to runbooks below an address.
 *
 * Exit 3 where nothing of it could be read, else 1 where a check fails or no token names the pod.
 */
export function explain(
  pod: string,
  snapshot: Snapshot,
  runbooks: string,
): { readonly text: string; readonly exit: Exit } {
  const found = find(pod, snapshot);
  const lines = [
    ...introduction(pod, found),
    ...found.assessments.flatMap((one) => [...facts(one, snapshot), '', ...verdicts(one, runbooks), '']),
    ...found.missingTokens.flatMap((one) => [...missingLines(one, runbooks), '']),
    ...found.tokenless.flatMap(choice),
    ...loss(found.unreadable, runbooks),
  ];
  return {
    text: lines.map((line) => `${printable(line)}\n`).join(''),
    exit: exitOf(snapshot.observation, found),
  };
}

export const run: Run = async (context) => {
  const { config, operands, print, complain } = context;
  const scanned = await scanOnce(context);
  if (!scanned.ok) return complain(scanned.error);
  const { snapshot, warnings } = scanned.value;
  complain(warnings);
  const [pod = ''] = operands;
  const { text, exit } = explain(pod, snapshot, config.runbooks);
  print(text);
  return exit;
};
