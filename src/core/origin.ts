/**
 * The origin of a token: which party issued it, and which one rotates it. Decides which checks apply.
 *
 * A projected volume may hold tokens that are not the kubelet's (Secrets, annotations of a virtual cluster), and a
 * Secret may hold a token of another cluster. Only the pod's spec is proof. A claim is evidence only if it
 * matches a fact from elsewhere, because a workload can write any claims.
 */
import type { AccountFacts, Authority, PodFacts } from './cluster-facts.ts';
import type { Token, TokenClaims, TokenIdentity } from './token/token.ts';

/**
 * Issued to the kubelet, which rotates it; from a Secret of this cluster; issued by another party; or not known yet.
 * Values of a label: public contract.
 */
export const ORIGINS = ['kubelet', 'secret', 'foreign', 'unknown'] as const;
export type Origin = (typeof ORIGINS)[number];

/** How each origin is established: a sentence. */
export const ORIGIN_EVIDENCE: Readonly<Record<Origin, string>> = {
  kubelet:
    "The pod's spec has a `serviceAccountToken` source for this path. While the spec is not known: the token is bound to the pod, and its issuer or key is that of the exporter's own token, or its key is published.",
  secret:
    'A legacy token whose key is published, whose service account has this UID, or which names the Secret that the pod mounts.',
  foreign: 'Anything else: a token of a virtual cluster, of another cluster, or of another issuer.',
  unknown: 'The facts do not suffice yet.',
};

/** Data from the API server that origins are decided by. */
export interface OriginFacts {
  /** The pod that holds the token. */
  readonly pod: PodFacts | 'absent' | undefined;
  /** The service account that the token names. */
  readonly account: AccountFacts | 'absent' | undefined;
  readonly authority: Authority | undefined;
}

/**
 * An origin that was certain once. `kubelet` and `secret` hold for the life of the pod's folder, or of the legacy token;
 * `foreign` holds while facts are missing, because data that is lost changes no token.
 */
export type StickyOrigin =
  | { readonly origin: 'kubelet' }
  | { readonly origin: 'secret' | 'foreign'; readonly fingerprint: string };

/** What is remembered from earlier snapshots. */
export interface OriginMemory {
  /** By `placeOf`. */
  readonly origins: ReadonlyMap<string, StickyOrigin>;
  /** Issuers of all tokens that the exporter itself was given: its own and the canary. */
  readonly issuers: ReadonlySet<string>;
  /** Key ids of the same tokens. */
  readonly keyIds: ReadonlySet<string>;
}

export const NOTHING_REMEMBERED: OriginMemory = {
  origins: new Map(),
  issuers: new Set(),
  keyIds: new Set(),
};

export function sameMemory(a: OriginMemory, b: OriginMemory): boolean {
  return a.origins === b.origins && a.issuers === b.issuers && a.keyIds === b.keyIds;
}

const places = new WeakMap<TokenIdentity, string>();

/** Identifies the place of a token on the node. */
export function placeOf(identity: TokenIdentity): string {
  const known = places.get(identity);
  if (known !== undefined) return known;
  const place = [identity.podUid, identity.volume, identity.path].join('\0');
  places.set(identity, place);
  return place;
}

/** Distinguishes tokens by what does not change when they are renewed; legacy tokens have neither an id nor times. */
function fingerprintOf({ keyId, serviceAccount, secret }: TokenClaims): string {
  return [keyId, serviceAccount.uid, serviceAccount.name, secret?.name].join('\0');
}

/** The kubelet binds every token that it requests to the pod it requests it for. */
export function isBoundToItsPod({ claims, identity }: Pick<Token, 'claims' | 'identity'>): boolean {
  return claims.pod?.uid === identity.podUid;
}

function isRequested({ identity, volumeKind }: Token, pod: PodFacts): boolean {
  const { volume, path } = identity;
  return (
    volumeKind === 'projected' && pod.projections.some((one) => one.volume === volume && one.path === path)
  );
}

/** Whether the token names a key that is published, or that signed a token of the exporter. */
export function isKeyOfThisCluster(
  { keyId }: TokenClaims,
  { authority }: Pick<OriginFacts, 'authority'>,
  memory: OriginMemory,
): boolean {
  return keyId !== undefined && (memory.keyIds.has(keyId) || authority?.keyIds.has(keyId) === true);
}

/** Whether a key or an issuer of this cluster stands in the token. */
export function isIssuedHere(
  claims: TokenClaims,
  known: Pick<OriginFacts, 'authority'>,
  memory: OriginMemory,
): boolean {
  return memory.issuers.has(claims.issuer) || isKeyOfThisCluster(claims, known, memory);
}

/** Whether the claims name the Secret that the pod's spec mounts at the token's volume. */
function namesItsSecret({ claims, identity }: Token, pod: OriginFacts['pod']): boolean {
  if (pod === undefined || pod === 'absent' || pod.namespace !== claims.namespace) return false;
  return pod.secrets.some(
    ({ volume, secretName }) => volume === identity.volume && secretName === claims.secret?.name,
  );
}

function isRemembered(
  { identity, claims }: Token,
  origin: 'secret' | 'foreign',
  memory: OriginMemory,
): boolean {
  const sticky = memory.origins.get(placeOf(identity));
  return sticky?.origin === origin && sticky.fingerprint === fingerprintOf(claims);
}

function withoutFacts(token: Token, memory: OriginMemory): Origin {
  return isRemembered(token, 'foreign', memory) ? 'foreign' : 'unknown';
}

function isLegacyOfThisCluster(token: Token, facts: OriginFacts, memory: OriginMemory): boolean {
  const { serviceAccount } = token.claims;
  const { account, pod } = facts;
  if (isKeyOfThisCluster(token.claims, facts, memory)) return true;
  if (account !== undefined && account !== 'absent' && account.uid === serviceAccount.uid) return true;
  return namesItsSecret(token, pod);
}

function legacyOrigin(token: Token, facts: OriginFacts, memory: OriginMemory): Origin {
  if (isLegacyOfThisCluster(token, facts, memory)) return 'secret';
  if (isRemembered(token, 'secret', memory)) return 'secret';
  const { pod, account, authority } = facts;
  const isKnown = pod !== undefined && pod !== 'absent' && account !== undefined && authority !== undefined;
  return isKnown ? 'foreign' : withoutFacts(token, memory);
}

/** Of a token in a projected volume of a pod whose spec is not known. */
function projectedOrigin(token: Token, facts: OriginFacts, memory: OriginMemory): Origin {
  if (memory.origins.get(placeOf(token.identity))?.origin === 'kubelet') return 'kubelet';
  if (token.claims.kind === 'legacy') return legacyOrigin(token, facts, memory);
  if (isBoundToItsPod(token) && isIssuedHere(token.claims, facts, memory)) return 'kubelet';
  return withoutFacts(token, memory);
}

/** Of a copy in a container: that of the volume it was made of. */
function copyOrigin(token: Token, facts: OriginFacts, memory: OriginMemory): Origin {
  const { pod } = facts;
  if (pod === undefined || pod === 'absent') return projectedOrigin(token, facts, memory);
  const isOfKubelet = pod.projections.some(({ volume }) => volume === token.identity.volume);
  return isOfKubelet && isBoundToItsPod(token) ? 'kubelet' : 'foreign';
}

/** Decides the origin of a token from everything that is known. */
export function originOf(token: Token, facts: OriginFacts, memory: OriginMemory): Origin {
  if (token.copy !== undefined) return copyOrigin(token, facts, memory);
  const { pod } = facts;
  const isSpecKnown = pod !== undefined && pod !== 'absent';
  if (isSpecKnown && isRequested(token, pod)) return 'kubelet';
  if (!isSpecKnown && token.volumeKind === 'projected') return projectedOrigin(token, facts, memory);
  // The kubelet copies what is here; the token controller makes legacy tokens only.
  return token.claims.kind === 'legacy' ? legacyOrigin(token, facts, memory) : 'foreign';
}

/** What to remember of a token's origin; undefined if it is unknown. */
export function stickyOriginOf({ claims }: Token, origin: Origin): StickyOrigin | undefined {
  if (origin === 'kubelet') return { origin };
  return origin === 'unknown' ? undefined : { origin, fingerprint: fingerprintOf(claims) };
}

export function sameStickyOrigin(a: StickyOrigin | undefined, b: StickyOrigin): boolean {
  if (a === undefined || a.origin !== b.origin) return false;
  return a.origin === 'kubelet' || (b.origin !== 'kubelet' && a.fingerprint === b.fingerprint);
}
