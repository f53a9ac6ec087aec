/**
 * What `explain` says of a pod that nothing on the node names: where it may be, and which pods without a known name it
 * may be. Shows no token of such a pod, which may be another one.
 */
import { explainCommands, isPlainName } from '../core/explain-command.ts';
import { UNKNOWN_NAME } from '../core/identity.ts';
import { OTHER_RUNBOOKS, runbookUrl } from '../core/runbook.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { TokenIdentity } from '../core/token/token.ts';

const MAX_CANDIDATES = 5;

/** A legacy token does not name its pod, so it may belong to any pod of the namespace of its subject, if that is known. */
export function mayBeIn(pod: string, identity: TokenIdentity, subjectNamespace?: string): boolean {
  const [name, namespace = subjectNamespace] = pod.split('/', 2).toReversed();
  return name !== '' && identity.pod === '' && (subjectNamespace ?? namespace) === namespace;
}

/** The operand as part of a command, or placeholders. */
function nameOf(pod: string): readonly [namespace: string, name: string] {
  const names = pod.split('/');
  const [namespace = '', name = ''] = names;
  return names.length === 2 && names.every(isPlainName) ? [namespace, name] : ['NAMESPACE', 'POD'];
}

/** For a pod that may be on another node, or on none: the API server rejects one whose service account does not exist. */
function absentLines(pod: string, runbooks: string): readonly string[] {
  const [namespace, name] = nameOf(pod);
  return [
    'It is on another node, or it was never created: the API server rejects a pod whose service account does not exist.',
    `  kubectl get pod ${name} -n ${namespace} -o wide  # which node?`,
    `  kubectl get events -n ${namespace} --field-selector reason=FailedCreate  # "error looking up service account": create it`,
    `Runbook: ${runbookUrl(runbooks, OTHER_RUNBOOKS.podNotCreated)}`,
  ];
}

/** The pods that it may be, by UID. */
function candidateLines(pod: string, candidates: readonly string[], snapshot: Snapshot): readonly string[] {
  if (candidates.length === 0) return [];
  const [namespace, name] = nameOf(pod);
  const commands = candidates
    .slice(0, MAX_CANDIDATES)
    .flatMap((podUid) => explainCommands({ ...UNKNOWN_NAME, podUid }, snapshot));
  const rest = candidates.length - MAX_CANDIDATES;
  return [
    `It may be ${candidates.length === 1 ? 'a pod whose name is' : 'one of these pods, whose names are'} not known. Explain the one with its UID:`,
    `  kubectl get pod ${name} -n ${namespace} -o jsonpath='{.metadata.uid}'  # which UID?`,
    ...commands.map((command) => `  ${command}`),
    ...(rest > 0 ? [`  and ${rest} more; scan lists them`] : []),
  ];
}

/** `candidates` is undefined if the pod is certainly not on this node. */
export function unknownPodLines(
  pod: string,
  candidates: readonly string[] | undefined,
  snapshot: Snapshot,
  runbooks: string,
): readonly string[] {
  return [
    candidates === undefined
      ? `pod ${pod} is not on this node`
      : `no token on this node names the pod ${pod}`,
    ...candidateLines(pod, candidates ?? [], snapshot),
    ...absentLines(pod, runbooks),
  ];
}
