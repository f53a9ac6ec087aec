/**
 * Which audiences a token is expected to have, and by whom.
 *
 * Pure. A token must satisfy every expectation that is known: the user's rule, or the catalogue's where there is no
 * rule; its pod's spec; and, where it was asked for without an audience, the API server's.
 */
import { catalogueEntryFor } from './catalogue.ts';
import type { TokenContext } from './context.ts';
import type { Expectation } from './expectation.ts';
import type { Token, TokenIdentity } from './token.ts';
import { isDefaultTokenPath } from './token-paths.ts';

/** An expectation and the tokens it is for. */
export interface AudienceRule extends Expectation {
  readonly matches: (identity: TokenIdentity) => boolean;
}

export interface AudiencePolicy {
  /** The user's own rules: the first that matches a token holds for it. */
  readonly rules: readonly AudienceRule[];
  readonly useCatalogue: boolean;
}

/** What the user or the catalogue expects of a token, whatever the cluster says. */
export function policyExpectations(
  { identity, volumeKind }: Token,
  policy: AudiencePolicy,
): readonly Expectation[] {
  const rule = policy.rules.find(({ matches }) => matches(identity));
  if (rule !== undefined) return [rule];
  const known = policy.useCatalogue && volumeKind === 'projected' ? catalogueEntryFor(identity) : undefined;
  return known === undefined ? [] : [known];
}

/** Whether the token was asked for without an audience, and so is for the API server. */
function isForApiServer({ identity, volumeKind }: Token, { projection }: TokenContext): boolean {
  if (projection !== undefined) return projection.audience === undefined;
  return isDefaultTokenPath(volumeKind, identity.volume, identity.path);
}

/** What the cluster expects of a token. One of a former issuer is for a former audience, which is no second fault. */
export function clusterExpectations(token: Token, context: TokenContext): readonly Expectation[] {
  const { projection, authority } = context;
  if (projection?.audience !== undefined)
    return [{ audiences: [projection.audience], origin: "the pod's spec" }];
  if (authority === undefined || authority.issuer !== token.claims.issuer) return [];
  return isForApiServer(token, context) ? [{ audiences: authority.audiences, origin: 'the API server' }] : [];
}
