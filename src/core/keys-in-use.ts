/**
 * Which keys the tokens on this node are signed with, and for how long: an old key can be removed once no token on any
 * node needs it.
 */
import type { Authority } from './cluster-facts.ts';
import type { EpochSeconds, Token } from './token/token.ts';

export interface KeyInUse {
  readonly issuer: string;
  readonly keyId: string;
  /** Undefined if the published keys are not known. */
  readonly isPublished: boolean | undefined;
  readonly tokens: number;
  /** When the last of its tokens expires; infinite if one never does. */
  readonly lastExpiration: EpochSeconds;
}

/** Updated in place: this runs at every scrape. */
interface Count {
  tokens: number;
  lastExpiration: EpochSeconds;
}

type Counts = Map<string, Map<string, Count>>;

function countOf(counts: Counts, issuer: string, keyId: string): Count {
  const byKey = counts.get(issuer) ?? new Map<string, Count>();
  if (byKey.size === 0) counts.set(issuer, byKey);
  const count = byKey.get(keyId) ?? { tokens: 0, lastExpiration: 0 };
  if (count.tokens === 0) byKey.set(keyId, count);
  return count;
}

export function keysInUse(tokens: readonly Token[], authority: Authority | undefined): readonly KeyInUse[] {
  const counts: Counts = new Map();
  for (const { claims } of tokens) {
    const count = countOf(counts, claims.issuer, claims.keyId ?? '');
    count.tokens += 1;
    count.lastExpiration = Math.max(count.lastExpiration, claims.expiresAt ?? Number.POSITIVE_INFINITY);
  }
  return [...counts].flatMap(([issuer, byKey]) =>
    Array.from(byKey, ([keyId, count]) => ({
      issuer,
      keyId,
      isPublished: authority?.keyIds.has(keyId),
      ...count,
    })),
  );
}
