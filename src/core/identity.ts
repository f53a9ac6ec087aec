/**
 * The namespace and the name of the pod that holds a token.
 *
 * Any workload can write claims that name another pod. The API server takes precedence; a name that was certain
 * once stays; and of tokens, only those bound to the pod's uid in a projected volume count.
 */
import { sameItems, stable } from '../util/stable.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { Observation } from './observation.ts';
import { isBoundToItsPod, isIssuedHere, type OriginMemory } from './origin.ts';
import type { Token, TokenIdentity } from './token/token.ts';

export interface PodName {
  readonly namespace: string;
  readonly pod: string;
}

/** By pod uid. */
export type PodNames = ReadonlyMap<string, PodName>;

/** Of a pod that nothing reliable names. */
export const UNKNOWN_NAME: PodName = { namespace: '', pod: '' };

/** `namespace/name`, or the uid of a pod whose name is not known. */
export function formatPod({ namespace, pod, podUid }: PodName & Pick<TokenIdentity, 'podUid'>): string {
  return pod === '' ? podUid : `${namespace}/${pod}`;
}

export function samePodName(a: PodName | undefined, b: PodName): boolean {
  return a?.namespace === b.namespace && a.pod === b.pod;
}

/** The name that the API server has for the pod. */
export function apiNameOf({ pods, oversizedPods }: ClusterFacts, podUid: string): PodName | undefined {
  const found = pods?.get(podUid) ?? oversizedPods.get(podUid);
  return found && { namespace: found.namespace, pod: found.name };
}

/** The name in a token that the kubelet wrote, as far as its place and its binding show. */
export function claimedNameOf(token: Token): PodName | undefined {
  const { claims, volumeKind } = token;
  if (volumeKind !== 'projected' || claims.pod === undefined || !isBoundToItsPod(token)) return undefined;
  return { namespace: claims.namespace, pod: claims.pod.name };
}

/** Undefined if tokens of the pod contradict each other. */
function agreedName(tokens: readonly Token[]): PodName | undefined {
  const names = tokens.map(claimedNameOf).filter((name) => name !== undefined);
  const [first] = names;
  return first !== undefined && names.every((name) => samePodName(name, first)) ? first : undefined;
}

/** What identities depend on. */
interface Known {
  readonly observation: Observation;
  readonly cluster: ClusterFacts;
  readonly history: OriginMemory & { readonly podNames: PodNames };
}

/** The name in the tokens of a pod: those with a key or an issuer of this cluster take precedence. */
function nameInTokens(tokens: readonly Token[], { cluster, history }: Known): PodName | undefined {
  const own = tokens.filter(({ claims }) => isIssuedHere(claims, cluster, history));
  return agreedName(own) ?? agreedName(tokens);
}

function namePods(known: Known): PodNames {
  const { observation, cluster, history } = known;
  const tokens = Map.groupBy(observation.tokens, ({ identity }) => identity.podUid);
  const uids = new Set([
    ...tokens.keys(),
    ...observation.unreadable.map(({ podUid }) => podUid),
    ...cluster.oversizedPods.keys(),
  ]);
  const names = new Map<string, PodName>();
  for (const uid of uids) {
    const name =
      apiNameOf(cluster, uid) ?? history.podNames.get(uid) ?? nameInTokens(tokens.get(uid) ?? [], known);
    if (name !== undefined) names.set(uid, name);
  }
  return names;
}

/** Returns a function that gives tokens the names of their pods: the same token while its name stays the same. */
function createRename() {
  const identities = new WeakMap<TokenIdentity, TokenIdentity>();
  const tokens = new WeakMap<Token, Token>();
  const identify = (raw: TokenIdentity, name: PodName): TokenIdentity => {
    if (samePodName(raw, name)) return raw;
    const known = identities.get(raw);
    if (known !== undefined && samePodName(known, name)) return known;
    const identity = { ...raw, ...name };
    identities.set(raw, identity);
    return identity;
  };
  return (raw: Token, name: PodName): Token => {
    const identity = identify(raw.identity, name);
    if (identity === raw.identity) return raw;
    const known = tokens.get(raw);
    if (known?.identity === identity) return known;
    const token = { ...raw, identity };
    tokens.set(raw, token);
    return token;
  };
}

export interface Identified {
  /** Its tokens have the names of the pods that hold them. */
  readonly observation: Observation;
  readonly podNames: PodNames;
}

function sameKnown(a: Known, b: Known): boolean {
  return (
    a.observation === b.observation &&
    a.cluster.pods === b.cluster.pods &&
    a.cluster.authority === b.cluster.authority &&
    a.history.podNames === b.history.podNames &&
    a.history.issuers === b.history.issuers &&
    a.history.keyIds === b.history.keyIds
  );
}

/** Returns a function that names the pods of an observation. Its result is the same object while nothing changes. */
export function createIdentify(): (known: Known) => Identified {
  const rename = createRename();
  const stableTokens = stable<readonly Token[]>(sameItems);
  let last: { readonly known: Known; readonly result: Identified } | undefined;
  const identify = (known: Known): Identified => {
    const podNames = namePods(known);
    const { observation } = known;
    const tokens = stableTokens(
      observation.tokens.map((raw) => rename(raw, podNames.get(raw.identity.podUid) ?? UNKNOWN_NAME)),
    );
    const isSame = sameItems(tokens, observation.tokens);
    return { podNames, observation: isSame ? observation : { ...observation, tokens } };
  };
  return (known) => {
    if (last === undefined || !sameKnown(last.known, known)) last = { known, result: identify(known) };
    return last.result;
  };
}
