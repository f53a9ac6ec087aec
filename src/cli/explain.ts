/**
 * `explain <pod>`: what is wrong with the tokens of one pod, the evidence, and what to do about it.
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

/** Everything that concerns a pod. */
interface Found {
  /** False if it may belong to another pod. */
  readonly isCertain: boolean;
  readonly assessments: readonly Assessment[];
  readonly unreadable: readonly Unreadable[];
  readonly missingTokens: readonly MissingToken[];
  /** The pod itself, if it requests no token. */
  readonly tokenless: readonly TokenlessPod[];
}

/** Matches a name, `namespace/name` or UID. */
function isNamed(pod: string, { identity }: Named): boolean {
  const names = identity.pod === '' ? [] : [identity.pod, `${identity.namespace}/${identity.pod}`];
  return [identity.podUid, ...names].includes(pod);
}

interface Named {
  readonly identity: Pick<TokenIdentity, 'podUid' | 'pod' | 'namespace'>;
}

/** A legacy token does not name its pod, so it may belong to any pod of its namespace. */
function mayBeIn(pod: string, { identity }: Token): boolean {
  const [name, namespace] = pod.split('/', 2).toReversed();
  return name !== '' && identity.pod === '' && (namespace ?? identity.namespace) === identity.namespace;
}

/** Returns what belongs to the pods of that name; without any, what may belong to such a pod. */
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

function field(title: string, value: string): string {
  return `  ${title.padEnd(20)}${value}`;
}

function timeField(title: string, seconds: EpochSeconds | undefined, now: EpochSeconds): readonly string[] {
  if (seconds === undefined) return [];
  // biome-ignore lint/style/noRestrictedGlobals: formats a given time and reads no clock.
  const date = new Date(seconds * 1_000).toISOString().replace(/\.\d+/, '');
  return [field(title, `${date}, ${formatRelative(now, seconds)}`)];
}

function tokenLines(assessment: Assessment, { now, causes }: Snapshot): readonly string[] {
  const { token, schedule, state, expectations } = assessment;
  const { identity, claims } = token;
  const cause = causes.get(token);
  return [
    `${identity.namespace}/${identity.pod || identity.podUid}: ${identity.volume}/${identity.path}`,
    field('kind, state', `${claims.kind}, ${state}`),
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
    ...(cause === undefined ? [] : [field('why not rotated', `${cause}: ${CAUSE_DESCRIPTIONS[cause]}`)]),
  ];
}

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

function resultLines({ check, verdict }: CheckResult, token: Token, runbooks: string): readonly string[] {
  return verdict.status === 'fail' ? failureLines(check, verdict.detail, check.fix(token), runbooks) : [];
}

function checkLines({ token, results }: Assessment, runbooks: string): readonly string[] {
  const passed = results.filter(({ verdict }) => verdict.status === 'pass');
  return [
    ...results.flatMap((result) => resultLines(result, token, runbooks)),
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

function unreadableLines(unreadable: readonly Unreadable[], runbooks: string): readonly string[] {
  if (unreadable.length === 0) return [];
  return [...unreadable.map(unreadableLine), `Runbook: ${runbookUrl(runbooks, OTHER_RUNBOOKS.unreadable)}`];
}

/** Why a pod has no token, and how it would get one. */
const NO_TOKEN_ADVICE: Readonly<Record<NoTokenReason, string>> = {
  automount_disabled_pod:
    'its spec sets automountServiceAccountToken: false; remove that or add a projected volume',
  automount_disabled_serviceaccount:
    'its service account sets automountServiceAccountToken: false; set it to true in the spec of the pod, which takes precedence',
  unknown:
    'its spec requests none; its service account, which may set automountServiceAccountToken: false, is not known',
  static_pod: 'static pods get no token; run it as a DaemonSet if it needs one',
  other:
    'its spec requests none although automounting is not disabled; it may have been when the pod was created',
};

function tokenlessLine({ pod, reason }: TokenlessPod): string {
  return `${pod.namespace}/${pod.name}: no token, ${reason}: ${NO_TOKEN_ADVICE[reason]}`;
}

function introduction(pod: string, { isCertain, assessments, unreadable }: Found): readonly string[] {
  if (isCertain) return [];
  const isNothing = assessments.length + unreadable.length === 0;
  const rest = isNothing ? '' : '; what follows may belong to it or to another pod';
  return [`no token on this node names the pod ${pod}${rest}`, ...(isNothing ? [] : [''])];
}

function exitOf(
  observation: Observation,
  { isCertain, assessments, unreadable, missingTokens }: Found,
): Exit {
  if (isBlind(observation, assessments, unreadable)) return EXIT.unreadable;
  return isCertain && missingTokens.length === 0 && !assessments.some(isFailing) ? EXIT.ok : EXIT.failing;
}

/**
 * Explains a pod given by name, `namespace/name` or UID; `runbooks` is the base URL of the links.
 *
 * The exit code is `unreadable` if nothing of the pod could be read, else `failing` if a check fails, a token is
 * missing, or no token names the pod.
 */
export function explain(
  pod: string,
  snapshot: Snapshot,
  runbooks: string,
): { readonly text: string; readonly exit: Exit } {
  const found = find(pod, snapshot);
  const lines = [
    ...introduction(pod, found),
    ...found.assessments.flatMap((one) => [
      ...tokenLines(one, snapshot),
      '',
      ...checkLines(one, runbooks),
      '',
    ]),
    ...found.missingTokens.flatMap((one) => [...missingLines(one, runbooks), '']),
    ...found.tokenless.map(tokenlessLine),
    ...unreadableLines(found.unreadable, runbooks),
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
