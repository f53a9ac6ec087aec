/**
 * The audiences a token is expected to have, and which party expects them.
 *
 * A token must satisfy every known expectation: that of the user's rule, or of the catalogue if no rule matches; that
 * of its pod's spec; and that of the API server if it was requested without an audience.
 */

import { matchesPattern } from '../../util/pattern.ts';
import type { TokenContext } from '../context.ts';
import { isBoundToItsPod, type Origin } from '../origin.ts';
import { isAudienceAccepted, isReviewPending } from '../reviews/review-class.ts';
import type { Token, TokenIdentity } from '../token/token.ts';
import { catalogueEntryFor, isDefaultTokenPath } from './catalogue.ts';

/** What one party expects: at least one of these audiences. */
export interface Expectation {
  /** `*` matches any text. */
  readonly audiences: readonly string[];
  readonly party: 'rule' | 'catalogue' | 'spec' | 'api_server';
  /** Which party, as it appears in messages. */
  readonly origin: string;
}

/** An expectation and the tokens it applies to. */
export interface AudienceRule extends Expectation {
  readonly party: 'rule';
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

/**
 * Whether the kubelet may have requested the token. Of a token of unknown origin it is assumed if the token has the form:
 * in a projected volume, and bound to its pod.
 */
function mayBeRequested(token: Token, origin: Origin): boolean {
  if (token.volumeKind !== 'projected') return false;
  return origin === 'kubelet' || (origin === 'unknown' && isBoundToItsPod(token));
}

/** What the user's rules or the catalogue expect. */
export function policyExpectations(
  token: Token,
  { origin }: Pick<TokenContext, 'origin'>,
  policy: AudiencePolicy,
): readonly Expectation[] {
  const { identity } = token;
  const rule = policy.rules.find(({ matches }) => matches(identity));
  if (rule !== undefined) return [rule];
  if (!policy.useCatalogue || !mayBeRequested(token, origin)) return [];
  const entry = catalogueEntryFor(identity.volume, identity.path);
  return entry === undefined ? [] : [entry];
}

/** Whether the token was requested without an audience, which makes it a token for the API server. */
function isForApiServer(token: Token, { projection, origin }: TokenContext): boolean {
  if (projection !== undefined) return projection.audience === undefined;
  const { volumeKind, identity } = token;
  return mayBeRequested(token, origin) && isDefaultTokenPath(volumeKind, identity.volume, identity.path);
}

function apiServerExpectation(audiences: readonly string[]): Expectation {
  return { party: 'api_server', audiences, origin: 'the API server' };
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

/** Whether the token is meant for the API server and has none of its known audiences, regardless of reviews. */
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
  if (audience !== undefined) return [{ party: 'spec', audiences: [audience], origin: "the pod's spec" }];
  return isForApiServer(token, context) ? apiServerExpectations(token, context) : [];
}
