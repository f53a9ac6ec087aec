/**
 * How much of one pod is kept: what a pod puts into its volumes must not take the memory of the others' tokens.
 *
 * The paths that its spec names have a share of their own, so that nothing else in the pod can displace them.
 */
import type { Unreadable } from '../../../core/observation.ts';
import type { ObjectReference, TokenClaims } from '../../../core/token/token.ts';
import { type NamedPaths, NO_PATHS } from '../named-paths.ts';

/** An amount of tokens and unreadable objects, and of text in their labels and claims. */
export interface Amount {
  readonly objects: number;
  readonly characters: number;
}

export type Share = 'named' | 'unnamed';
export type Usage = Readonly<Record<Share, Amount>>;

const MAX_CHARACTERS = 64 * 1024;

export const POD_LIMITS: Usage = {
  named: { objects: 128, characters: MAX_CHARACTERS },
  unnamed: { objects: 64, characters: MAX_CHARACTERS },
};

/** What one volume takes, and lacks because of the limits. */
export interface Limits {
  /** What its tokens and unreadable objects take. */
  readonly usage: Usage;
  /** The first object of each share that was left out. */
  readonly leftOut: Readonly<Partial<Record<Share, Amount>>>;
  /** Whether its list of files that hold no token lacks some. */
  readonly areOthersCut: boolean;
}

const NOTHING: Amount = { objects: 0, characters: 0 };
export const NO_USAGE: Usage = { named: NOTHING, unnamed: NOTHING };

/** The pod of a volume that is being read. */
export interface Scope {
  /** The paths that the pod's spec names in the volume; undefined if the spec is not known. */
  readonly named: NamedPaths | undefined;
  /** What its other volumes take. */
  readonly used: Usage;
}

/** An empty pod whose spec is not known. */
export const NO_SCOPE: Scope = { named: undefined, used: NO_USAGE };

export function shareOf({ named = NO_PATHS }: Scope, path: string): Share {
  return named.has(path) ? 'named' : 'unnamed';
}

export function sum(a: Amount, b: Amount): Amount {
  return { objects: a.objects + b.objects, characters: a.characters + b.characters };
}

export function addUsage(a: Usage, b: Usage): Usage {
  return { named: sum(a.named, b.named), unnamed: sum(a.unnamed, b.unnamed) };
}

export function addAmount(used: Usage, share: Share, amount: Amount): Usage {
  return { ...used, [share]: sum(used[share], amount) };
}

/** Whether a share of which `used` is taken has room for more. */
export function hasRoom(share: Share, used: Amount, amount: Amount): boolean {
  const { objects, characters } = sum(used, amount);
  return objects <= POD_LIMITS[share].objects && characters <= POD_LIMITS[share].characters;
}

function lengthOf(text: string | undefined): number {
  return text === undefined ? 0 : text.length;
}

function referenceLength(reference: ObjectReference | undefined): number {
  return reference === undefined ? 0 : reference.name.length + lengthOf(reference.uid);
}

/** Each text of the claims by name: this is called for every token, and a loop over the keys takes ten times as long. */
function claimsLength(claims: TokenClaims): number {
  const { kind, algorithm, keyId, issuer, namespace, id } = claims;
  let length =
    kind.length + algorithm.length + lengthOf(keyId) + issuer.length + namespace.length + lengthOf(id);
  for (const audience of claims.audiences) length += audience.length;
  const { serviceAccount, pod, node, secret } = claims;
  for (const reference of [serviceAccount, pod, node, secret]) length += referenceLength(reference);
  return length;
}

/** The amount of one token, or of a copy without a path of its own. */
export function amountOfToken(claims: TokenClaims, path = ''): Amount {
  return { objects: 1, characters: path.length + claimsLength(claims) };
}

export function amountOfUnreadable({ podUid, volume, path, reason, detail }: Unreadable): Amount {
  const characters = podUid.length + volume.length + path.length + reason.length + detail.length;
  return { objects: 1, characters };
}

/** Whether the limits left out anything that is reported. */
export function isCut({ leftOut }: Limits): boolean {
  return leftOut.named !== undefined || leftOut.unnamed !== undefined;
}

/**
 * Whether a reading finds something that the limits left out of the one before: there is room for it now, or the spec
 * names it. `namedKey`: the paths that the spec named then.
 */
export function mayFindMore(limits: Limits, namedKey: string | undefined, scopeOf: () => Scope): boolean {
  if (!isCut(limits) && !limits.areOthersCut) return false;
  const { named, used } = scopeOf();
  if (named !== undefined && named.key !== namedKey) return true;
  const { usage, leftOut } = limits;
  const shares = Object.entries(leftOut) as readonly (readonly [Share, Amount])[];
  return shares.some(([share, amount]) => hasRoom(share, sum(used[share], usage[share]), amount));
}
