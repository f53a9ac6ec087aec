/**
 * Limits what has series of its own: about 4,000 tokens, or 16 MiB of text in a scrape, shared fairly by namespace.
 *
 * A namespace that needs more than its share loses its own: first Secrets, then other files, last the tokens that
 * specs name. These are still judged and counted. The choice is stable: what had series keeps them.
 */
import { isTokenPath } from '../audiences/catalogue.ts';
import type { ClusterFacts } from '../cluster-facts.ts';
import { apiNameOf } from '../identity.ts';
import type { Observation, Unreadable } from '../observation.ts';
import type { Token, TokenIdentity } from '../token/token.ts';
import { fairShares } from './fair-share.ts';

export const MAX_TOKENS = 4_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** What a token of usual length takes of the capacity is 1. */
const CHARACTERS_PER_UNIT = MAX_CHARACTERS / MAX_TOKENS;
/** Series of a token in a scrape, besides `satoken_info`. */
const SERIES = 12;
/** Text of a series besides the values of its labels. */
const SERIES_CHARACTERS = 150;
/** An unreadable object has one series. */
const MIN_UNREADABLE = 0.1;

export interface Limited {
  /** Its tokens are judged and counted: those with series first. */
  readonly observation: Observation;
  /** How many of its tokens have series. */
  readonly shown: number;
  /** How many tokens have none, whether they are judged or not. */
  readonly withoutSeries: number;
}

/** A token or an unreadable object that needs series. */
interface Item {
  readonly podUid: string;
  readonly cost: number;
  /** Lower ranks come first. */
  readonly rank: number;
  readonly token: Token | undefined;
  readonly unreadable: Unreadable | undefined;
}

const NAMED = 0;

function identityLength({ namespace, pod, podUid, serviceAccount, volume, path }: TokenIdentity): number {
  return namespace.length + pod.length + podUid.length + serviceAccount.length + volume.length + path.length;
}

function costOfToken({ identity, claims }: Token): number {
  const series = SERIES * (SERIES_CHARACTERS + identityLength(identity));
  const audiences = claims.audiences.reduce((length, audience) => length + audience.length, 0);
  const info = claims.issuer.length + audiences + (claims.keyId?.length ?? 0);
  return Math.max(1, (series + info) / CHARACTERS_PER_UNIT);
}

/** Whether the pod's spec names the token. Without the spec: whether the kubelet usually writes one there. */
function isNamed({ identity, volumeKind }: Token, { pods }: ClusterFacts): boolean {
  const { podUid, volume, path } = identity;
  if (volumeKind !== 'projected') return false;
  const pod = pods?.get(podUid);
  if (pod === undefined) return isTokenPath(volumeKind, volume, path);
  return pod.projections.some((one) => one.volume === volume && one.path === path);
}

function tokenItem(token: Token, cluster: ClusterFacts): Item {
  const rank = isNamed(token, cluster) ? NAMED : token.volumeKind === 'projected' ? 2 : 3;
  return { podUid: token.identity.podUid, cost: costOfToken(token), rank, token, unreadable: undefined };
}

function unreadableItem(unreadable: Unreadable): Item {
  const { podUid, volume, path, detail } = unreadable;
  const length = SERIES_CHARACTERS + podUid.length + volume.length + path.length + detail.length;
  const cost = Math.max(MIN_UNREADABLE, length / CHARACTERS_PER_UNIT);
  return { podUid, cost, rank: 1, token: undefined, unreadable };
}

function sumOf(items: readonly Item[]): number {
  return items.reduce((sum, { cost }) => sum + cost, 0);
}

type HadSeries = (token: Token) => boolean;

/** The items of one namespace that fit into its share. */
function choose(items: readonly Item[], share: number, hadSeries: HadSeries): ReadonlySet<Item> {
  const isNew = ({ token }: Item): number => Number(token === undefined || !hadSeries(token));
  const chosen = new Set<Item>();
  let left = share;
  for (const item of items.toSorted((a, b) => a.rank - b.rank || isNew(a) - isNew(b))) {
    if (item.cost > left) continue;
    chosen.add(item);
    left -= item.cost;
  }
  return chosen;
}

/**
 * A claim of a namespace proves nothing: only the API server does. All pods that it does not name share one group, so
 * that none of them gets a share for each pod. Without the API server each pod is a group of its own: a user with many
 * pods has many shares.
 */
function groupOf({ podUid }: Item, cluster: ClusterFacts): string {
  const namespace = apiNameOf(cluster, podUid)?.namespace;
  if (namespace !== undefined) return `namespace ${namespace}`;
  // An entry without a pod is about the directory of all pods.
  return cluster.pods === undefined || podUid === '' ? `pod ${podUid}` : 'unknown pods';
}

function chooseAll(items: readonly Item[], cluster: ClusterFacts, hadSeries: HadSeries): ReadonlySet<Item> {
  const groups = Map.groupBy(items, (item) => groupOf(item, cluster));
  const demands = new Map(Array.from(groups, ([group, members]) => [group, sumOf(members)]));
  const shares = fairShares(demands, MAX_TOKENS);
  const chosen = Array.from(groups, ([group, members]) => {
    const share = shares.get(group) ?? 0;
    return sumOf(members) <= share ? members : [...choose(members, share, hadSeries)];
  });
  return new Set(chosen.flat());
}

function limitEntry(podUid: string): Unreadable {
  const detail = `the node has more than ${MAX_TOKENS} tokens, or very long ones; those beyond the share of the namespace have no series`;
  return { podUid, volume: '', path: '', reason: 'limit', detail };
}

/** The observation without what was not chosen, with an entry for each pod that lost something. */
function reduced(observation: Observation, items: readonly Item[], chosen: ReadonlySet<Item>): Limited {
  const lost = items.filter((item) => !chosen.has(item));
  const tokensOf = (some: Iterable<Item>) =>
    Array.from(some, ({ token }) => token).filter((token) => token !== undefined);
  const shown = tokensOf(items.filter((item) => chosen.has(item)));
  const counted = tokensOf(lost.filter(({ rank }) => rank === NAMED));
  const unreadable = items.flatMap((item) => (chosen.has(item) ? (item.unreadable ?? []) : []));
  const entries = Array.from(new Set(lost.map(({ podUid }) => podUid)), limitEntry);
  return {
    observation: {
      ...observation,
      tokens: [...shown, ...counted],
      unreadable: [...unreadable, ...entries],
    },
    shown: shown.length,
    withoutSeries: tokensOf(lost).length,
  };
}

function withinLimit(observation: Observation): Limited {
  return { observation, shown: observation.tokens.length, withoutSeries: 0 };
}

/** Returns the function that limits observations, which returns the same result for the same arguments. */
export function createNodeLimit(): (observation: Observation, cluster: ClusterFacts) => Limited {
  let last:
    | { readonly from: Observation; readonly pods: ClusterFacts['pods']; readonly to: Limited }
    | undefined;
  let shown = new WeakSet<TokenIdentity>();

  const limit = (observation: Observation, cluster: ClusterFacts): Limited => {
    const items = [
      ...observation.tokens.map((token) => tokenItem(token, cluster)),
      ...observation.unreadable.map(unreadableItem),
    ];
    const limited =
      sumOf(items) <= MAX_TOKENS
        ? withinLimit(observation)
        : reduced(
            observation,
            items,
            chooseAll(items, cluster, ({ identity }) => shown.has(identity)),
          );
    shown = new WeakSet(limited.observation.tokens.slice(0, limited.shown).map(({ identity }) => identity));
    return limited;
  };
  return (observation, cluster) => {
    if (last?.from !== observation || last.pods !== cluster.pods)
      last = { from: observation, pods: cluster.pods, to: limit(observation, cluster) };
    return last.to;
  };
}
