/**
 * The audiences a token is expected to have, and which party expects them.
 *
 * A token must satisfy every known expectation: that of the user's rule, or of the catalogue if no rule matches; that
 * of its pod's spec; and that of the API server if it was requested without an audience.
 */

import { matchesPattern } from '../util/pattern.ts';
import { catalogueEntryFor, isDefaultTokenPath } from './catalogue.ts';
import type { TokenContext } from './context.ts';
import { isAudienceAccepted, isReviewPending } from './review-class.ts';
import type { Token, TokenIdentity } from './token.ts';

/** What one party expects: at least one of these audiences. */
export interface Expectation {
  /** `*` matches any text. */
  readonly audiences: readonly string[];
  /** Which party, as it appears in messages. */
  readonly origin: string;
}

/** An expectation and the tokens it applies to. */
export interface AudienceRule extends Expectation {
  readonly matches: (identity: TokenIdentity) => boolean;
}

export interface AudiencePolicy {
  /** The user's rules; the first that matches a token applies to it. */
  readonly rules: readonly AudienceRule[];
  readonly useCatalogue: boolean;
}

export function satisfies(audiences: readonly string[], expectation: Expectation): boolean {
  return expectation.audiences.some((pattern) =>
    audiences.some((audience) => matchesPattern(pattern, audience)),
  );
}

/** What the user's rules or the catalogue expect, independent of the cluster. */
export function policyExpectations(
  { identity, volumeKind }: Token,
  policy: AudiencePolicy,
): readonly Expectation[] {
  const rule = policy.rules.find(({ matches }) => matches(identity));
  if (rule !== undefined) return [rule];
  if (!policy.useCatalogue || volumeKind !== 'projected') return [];
  const entry = catalogueEntryFor(identity.volume, identity.path);
  return entry === undefined ? [] : [entry];
}

/** Whether the token was requested without an audience, which makes it a token for the API server. */
function isForApiServer({ identity, volumeKind }: Token, { projection }: TokenContext): boolean {
  if (projection !== undefined) return projection.audience === undefined;
  return isDefaultTokenPath(volumeKind, identity.volume, identity.path);
}

function apiServerExpectation(audiences: readonly string[]): Expectation {
  return { audiences, origin: 'the API server' };
}

/**
 * The audiences of the API server as far as they hold for the token.
 *
 * They are those of the exporter's own token, so they may be out of date for a token that was issued later. A token of a
 * former issuer has the audience of that time. issuer_mismatch reports it; its audience is not a second problem.
 */
function knownApiAudiences({ claims }: Token, { authority }: TokenContext): readonly string[] | undefined {
  if (authority?.audiences === undefined || authority.issuer !== claims.issuer) return undefined;
  const isNewer = (claims.issuedAt ?? 0) > authority.audiencesIssuedAt;
  const isUpToDate = !isNewer || satisfies(claims.audiences, apiServerExpectation(authority.audiences));
  return isUpToDate ? authority.audiences : undefined;
}

/** Whether the token is meant for the API server and has none of its known audiences, whatever the reviews say. */
export function isApiAudienceDoubtful(token: Token, context: TokenContext): boolean {
  const audiences = isForApiServer(token, context) ? knownApiAudiences(token, context) : undefined;
  return audiences !== undefined && !satisfies(token.claims.audiences, apiServerExpectation(audiences));
}

function apiServerExpectations(token: Token, context: TokenContext): readonly Expectation[] {
  const audiences = knownApiAudiences(token, context);
  if (audiences === undefined) return [];
  if (!isApiAudienceDoubtful(token, context)) return [apiServerExpectation(audiences)];
  if (isAudienceAccepted(context)) return [apiServerExpectation(token.claims.audiences)];
  return isReviewPending(context) ? [] : [apiServerExpectation(audiences)];
}

/** What the pod's spec or the API server expects. A TokenReview that accepts the token takes precedence. */
export function clusterExpectations(token: Token, context: TokenContext): readonly Expectation[] {
  const audience = context.projection?.audience;
  if (audience !== undefined) return [{ audiences: [audience], origin: "the pod's spec" }];
  return isForApiServer(token, context) ? apiServerExpectations(token, context) : [];
}
