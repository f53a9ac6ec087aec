/**
 * The facts about one service account token: where it is and what it claims. Never the raw token.
 */

/** Unix time in seconds, as in the claims of a token (RFC 7519, NumericDate). */
export type EpochSeconds = number;

/**
 * Issued by the TokenRequest API for a limited time; read from a Secret and valid without limit; or the copy of a container
 * that mounts a token with `subPath`. Values of a label: public contract.
 */
export const TOKEN_KINDS = ['projected', 'legacy', 'subpath'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];
/** What the claims show. */
export type ClaimsKind = Exclude<TokenKind, 'subpath'>;

/** A Kubernetes object named in a token. */
export interface ObjectReference {
  readonly name: string;
  readonly uid: string | undefined;
}

/** The claims of a token, checked for type and range but not verified. */
export interface TokenClaims {
  readonly kind: ClaimsKind;
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly namespace: string;
  readonly serviceAccount: ObjectReference;
  readonly pod: ObjectReference | undefined;
  readonly node: ObjectReference | undefined;
  readonly secret: ObjectReference | undefined;
  readonly id: string | undefined;
  readonly issuedAt: EpochSeconds | undefined;
  readonly notBefore: EpochSeconds | undefined;
  readonly expiresAt: EpochSeconds | undefined;
  /** End of the requested lifetime, if the API server extended the token beyond it. */
  readonly warnAfter: EpochSeconds | undefined;
}

/** Whether both are claims of the same token: no two tokens of an API server share their id, times and key. */
export function isSameToken(a: TokenClaims, b: TokenClaims): boolean {
  return a.id === b.id && a.issuedAt === b.issuedAt && a.expiresAt === b.expiresAt && a.keyId === b.keyId;
}

/**
 * Kind of volume that holds the token, or `subpath` for a copy in a container. The kubelet refreshes tokens in projected
 * volumes only.
 */
export type VolumeKind = 'projected' | 'secret' | 'subpath';

/** What a container has that mounts a token with `subPath`. */
export interface TokenCopy {
  readonly container: string;
  /** When the token was issued that its volume has instead now; undefined as long as the volume has the same one. */
  readonly replacedAt: EpochSeconds | undefined;
}

/** The mount of a volume, as the node sees it. */
export interface MountFacts {
  /** When it appeared; undefined if that is not known. */
  readonly appearedAt: EpochSeconds | undefined;
  /** Whether another file system is mounted below it at the same place. */
  readonly isStacked: boolean;
  /** When the node was booted: what ran before has ended. */
  readonly bootedAt: EpochSeconds;
}

/** Identifies the series of a token. Does not change at a rotation: one object for as long as the file exists. */
export interface TokenIdentity {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly serviceAccount: string;
  readonly volume: string;
  readonly path: string;
}

/** The file as the kubelet wrote it. */
export interface FileFacts {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: EpochSeconds;
}

/** One token of this node. */
export interface Token {
  readonly identity: TokenIdentity;
  readonly volumeKind: VolumeKind;
  readonly claims: TokenClaims;
  readonly file: FileFacts;
  /** When the content of the token last changed: as observed, else the issue time in its claims. */
  readonly lastRotation: EpochSeconds | undefined;
  /** Set for a copy in a container. */
  readonly copy?: TokenCopy;
  /** The mount of its volume, if that could be read. */
  readonly mount?: MountFacts;
}

export function kindOf({ claims, copy }: Pick<Token, 'claims' | 'copy'>): TokenKind {
  return copy === undefined ? claims.kind : 'subpath';
}

/** Which tokens have their own series. Values of an option: public contract. */
export const PER_TOKEN_MODES = ['all', 'problems', 'none'] as const;
export type PerTokenMode = (typeof PER_TOKEN_MODES)[number];
