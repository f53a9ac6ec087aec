/**
 * `explain <pod>`: what is wrong with the tokens of one pod, the evidence, and what to do about it.
 */
import { scanOnce } from '../app/scan-once.ts';
import { type Assessment, isFailing } from '../core/assessment.ts';
import type { ClusterFacts, PodFacts } from '../core/cluster-facts.ts';
import { formatPod, type PodNames, UNKNOWN_NAME } from '../core/identity.ts';
import {
  type MissingToken,
  type NoTokenReason,
  type TokenlessPod,
  tokenlessPods,
} from '../core/missing-tokens.ts';
import { isPodsDirectory, type Unreadable } from '../core/observation.ts';
import { runbookUrl, unreadableRunbook } from '../core/runbook.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { TokenIdentity } from '../core/token/token.ts';
import { printable } from '../util/sanitize.ts';
import { EXIT, type Exit, type Run } from './command.ts';
import { checkLines, failureLines, tokenLines } from './explain-token.ts';
import { mayBeIn, unknownPodLines } from './explain-unknown.ts';
import { isBlind, unreadableLine } from './scan.ts';

/** Everything that concerns a pod. */
interface Found {
  /** False if nothing on this node names the pod. */
  readonly isKnown: boolean;
  /** Whether nothing could be read of what there is. */
  readonly isBlind: boolean;
  /** UIDs of the pods without a known name that it may be; undefined if it is certainly not on this node. */
  readonly candidates: readonly string[] | undefined;
  /** The pods of that name that the API server lists for this node; undefined if its pods are not all known. */
  readonly listed: readonly PodFacts[] | undefined;
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

/** Returns undefined if another pod may have that name: the pods are not known, or one of them could not be read. */
function listedPods(pod: string, { pods, unreadable }: ClusterFacts): readonly PodFacts[] | undefined {
  const found = [...(pods?.values() ?? [])].filter(({ uid, namespace, name }) =>
    isNamed(pod, { identity: { podUid: uid, namespace, pod: name } }),
  );
  if (found.length > 0) return found;
  // Keys of service accounts have a slash.
  const isComplete = pods !== undefined && [...unreadable].every((key) => key.includes('/'));
  return isComplete ? [] : undefined;
}

/** For a pod that nothing names. What is unreadable on the whole node concerns it too. */
function unnamed(pod: string, listed: Found['listed'], snapshot: Snapshot): Found {
  const { assessments, observation, podNames } = snapshot;
  const none = { isKnown: false, listed, assessments: [], missingTokens: [], tokenless: [] };
  if (listed !== undefined)
    return { ...none, unreadable: [], candidates: undefined, isBlind: isBlind(observation, [], []) };
  const possible = assessments.filter(({ token }) => mayBeIn(pod, token.identity, token.claims.namespace));
  const lost = observation.unreadable.filter(({ podUid }) => !podNames.has(podUid));
  const uids = [...possible.map(({ token }) => token.identity), ...lost].map(({ podUid }) => podUid);
  return {
    ...none,
    unreadable: lost.filter(isPodsDirectory),
    candidates: [...new Set(uids)].filter((podUid) => podUid !== ''),
    isBlind: isBlind(observation, possible, lost),
  };
}

/** Returns what belongs to the pods of that name. */
function find(pod: string, snapshot: Snapshot): Found {
  const { assessments, observation, missingTokens, cluster, podNames } = snapshot;
  const missing = missingTokens.filter(({ identity }) => isNamed(pod, { identity }));
  const tokenless = tokenlessPods(cluster, observation).filter(({ pod: { uid, namespace, name } }) =>
    isNamed(pod, { identity: { podUid: uid, namespace, pod: name } }),
  );
  const listed = listedPods(pod, cluster);
  const named = [
    ...(listed ?? []).map(({ uid }) => uid),
    ...missing.map(({ identity }) => identity.podUid),
    ...tokenless.map(({ pod: { uid } }) => uid),
    ...assessments.filter(({ token }) => isNamed(pod, token)).map(({ token }) => token.identity.podUid),
    ...observation.unreadable
      .map(({ podUid }) => podUid)
      .filter((podUid) => isNamed(pod, { identity: { podUid, ...(podNames.get(podUid) ?? UNKNOWN_NAME) } })),
  ];
  if (named.length === 0) return unnamed(pod, listed, snapshot);
  const own = assessments.filter(({ token }) => named.includes(token.identity.podUid));
  const unreadable = observation.unreadable.filter(
    (one) => isPodsDirectory(one) || named.includes(one.podUid),
  );
  return {
    isKnown: true,
    isBlind: isBlind(observation, own, unreadable),
    candidates: undefined,
    listed,
    missingTokens: missing,
    tokenless,
    assessments: own,
    unreadable,
  };
}

function missingLines(missing: MissingToken, runbooks: string): readonly string[] {
  const { check, identity, detail } = missing;
  const { volume, path } = identity;
  return [
    `${formatPod(identity)}: ${volume}/${path}`,
    '',
    ...failureLines(missing, [detail], check.fixMissing(identity), runbooks),
  ];
}

function unreadableLines(
  unreadable: readonly Unreadable[],
  podNames: PodNames,
  runbooks: string,
): readonly string[] {
  if (unreadable.length === 0) return [];
  const names = new Set(unreadable.map(unreadableRunbook));
  return [
    ...unreadable.map((lost) => unreadableLine(lost, podNames)),
    ...Array.from(names, (name) => `Runbook: ${runbookUrl(runbooks, name)}`),
  ];
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

/** For a pod that exists and of which there is nothing else to say. */
function healthyLines({ listed, ...found }: Found): readonly string[] {
  const { assessments, missingTokens, tokenless, unreadable } = found;
  if ([...assessments, ...missingTokens, ...tokenless, ...unreadable].length > 0) return [];
  return (listed ?? []).map(
    ({ namespace, name }) => `${namespace}/${name}: no tokens on this node; none is missing or unreadable`,
  );
}

function introduction(pod: string, found: Found, snapshot: Snapshot, runbooks: string): readonly string[] {
  if (found.isKnown) return healthyLines(found);
  // Where the pod is says nothing if not even the directory of the pods could be read.
  const isUnread = found.isBlind && found.candidates?.length === 0 && found.unreadable.length > 0;
  return isUnread ? [] : unknownPodLines(pod, found.candidates, snapshot, runbooks);
}

function exitOf(found: Found): Exit {
  if (found.isBlind) return EXIT.unreadable;
  const isFlawless = found.missingTokens.length === 0 && !found.assessments.some(isFailing);
  return found.isKnown && isFlawless ? EXIT.ok : EXIT.failing;
}

/**
 * Explains a pod given by name, `namespace/name` or UID; `runbooks` is the base URL of the links.
 *
 * The exit code is `unreadable` if nothing of the pod could be read, else `failing` if a check fails, a token is
 * missing, the pod is not on this node, or no token names it.
 */
export function explain(
  pod: string,
  snapshot: Snapshot,
  runbooks: string,
): { readonly text: string; readonly exit: Exit } {
  const found = find(pod, snapshot);
  const lines = [
    ...introduction(pod, found, snapshot, runbooks),
    ...found.assessments.flatMap((one) => [
      ...tokenLines(one, snapshot),
      '',
      ...checkLines(one, snapshot, runbooks),
      '',
    ]),
    ...found.missingTokens.flatMap((one) => [...missingLines(one, runbooks), '']),
    ...found.tokenless.map(tokenlessLine),
    ...unreadableLines(found.unreadable, snapshot.podNames, runbooks),
  ];
  return {
    text: lines.map((line) => `${printable(line)}\n`).join(''),
    exit: exitOf(found),
  };
}

export const run: Run = async (context) => {
  const { config, operands, print, complain } = context;
  const [pod = ''] = operands;
  const scanned = await scanOnce({
    ...context,
    // A healthy token may be rejected as well: that is the question.
    config: config.tokenReview === 'suspect' ? { ...config, tokenReview: 'all' } : config,
    isInScope: (identity) => isNamed(pod, { identity }) || mayBeIn(pod, identity),
  });
  if (!scanned.ok) return complain(scanned.error);
  const { snapshot, warnings } = scanned.value;
  complain(warnings);
  const { text, exit } = explain(pod, snapshot, config.runbooks);
  print(text);
  return exit;
};
