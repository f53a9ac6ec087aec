/**
 * Which keys the tokens of the node are signed with, and until when: when an old key may go.
 *
 * Pure. Knows of no token on another node.
 */
import type { Authority } from './cluster.ts';
import type { EpochSeconds, Token } from './token.ts';

export interface KeyInUse {
  readonly issuer: string;
  readonly keyId: string;
  /** Undefined where the API server's keys are not known. */
  readonly isPublished: boolean | undefined;
  readonly tokens: number;
  /** When the last of its tokens expires; infinite where one never does. */
  readonly lastExpiration: EpochSeconds;
}

export function keysInUse(tokens: readonly Token[], authority: Authority | undefined): readonly KeyInUse[] {
  const keys = new Map<string, KeyInUse>();
  for (const { claims } of tokens) {
    const { issuer, keyId = '', expiresAt = Number.POSITIVE_INFINITY } = claims;
    const name = `${issuer}\0${keyId}`;
    const known = keys.get(name);
    keys.set(name, {
      issuer,
      keyId,
      isPublished: authority?.keyIds.has(keyId),
      tokens: (known?.tokens ?? 0) + 1,
      lastExpiration: Math.max(known?.lastExpiration ?? 0, expiresAt),
    });
  }
  return [...keys.values()];
}
