/**
 * The facts about one service-account token: where it lies and what it claims.
 *
 * Types alone: nothing here reads, verifies or judges. The raw token is never one of these facts.
 */

/** Seconds since 1970, as in the claims of a token (RFC 7519 NumericDate). */
export type EpochSeconds = number;

/** Value of the `kind` label: a token the API server issued for a while, or one out of a Secret made for ever. */
export const TOKEN_KINDS = ['projected', 'legacy'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** A Kubernetes object as a token names it. */
export interface ObjectReference {
  readonly name: string;
  readonly uid: string | undefined;
}

/** What a token says of itself, every claim checked for kind and range, none verified. */
export interface TokenClaims {
  readonly kind: TokenKind;
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
  /** When the lifetime that was asked for ends; only on tokens the API server extended beyond it. */
  readonly warnAfter: EpochSeconds | undefined;
}

/** Which kind of volume holds the token; the kubelet refreshes tokens in projected volumes alone. */
export type VolumeKind = 'projected' | 'secret';

/** What names a token's series: nothing here changes at a rotation. One object per token for its whole life. */
export interface TokenIdentity {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly serviceAccount: string;
  readonly volume: string;
  readonly path: string;
}

/** The file as the kubelet left it. */
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
  /** When the token's own content last changed: as seen, else as its claims say. */
  readonly lastRotation: EpochSeconds | undefined;
}

/** Which tokens have series of their own. Values of an option: public contract. */
export const PER_TOKEN_MODES = ['all', 'problems', 'none'] as const;
export type PerTokenMode = (typeof PER_TOKEN_MODES)[number];
