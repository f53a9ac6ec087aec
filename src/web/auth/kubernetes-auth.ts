/**
 * Accepts a request whose bearer token the API server authenticates and whose account RBAC allows to get the metrics.
 *
 * One permission covers all paths and methods: every cluster lets all accounts get some paths, such as those under `/api`
 * and `/healthz`, so the path of a request must not decide.
 *
 * Decisions are cached under a keyed digest of the token; the token is not kept. A rejection does not say why the API
 * server could not decide.
 */
import { ok, type Result } from '../../util/result.ts';
import { createSingleFlight } from '../../util/single-flight.ts';
import { createTtlCache, type TtlCache } from '../../util/ttl-cache.ts';
import type { AccessAttributes, AccessReview, Decision } from './access-review.ts';
import { bearerToken } from './authorization-header.ts';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';
import { type Guard, INTERNAL_ERROR, type Rejection, tooManyRequests } from './guard.ts';
import { createKeyedDigest } from './keyed-digest.ts';

export interface KubernetesAuthOptions {
  /** What the account of a request must be allowed to access. */
  readonly attributes: AccessAttributes;
  readonly review: (token: string, attributes: AccessAttributes) => Promise<AccessReview>;
  readonly monotonicMs: () => number;
  /** A review threw: a bug. */
  readonly onError: (error: unknown) => void;
}

const REJECTIONS: Readonly<Record<Decision, Rejection | undefined>> = {
  allowed: undefined,
  unauthenticated: { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } },
  forbidden: { status: 403, headers: {} },
};

const SECOND_MS = 1_000;
/** As in controller-runtime. Its five minutes for an allowed SubjectAccessReview are the reviewer's part. */
const TTL_MS: Readonly<Record<Decision, number>> = {
  allowed: 60 * SECOND_MS,
  unauthenticated: 60 * SECOND_MS,
  forbidden: 30 * SECOND_MS,
};
/** How long `allowed` outlives its TTL: docs/decisions/0010-token-authentication.md */
const HELD_MS = 600 * SECOND_MS;
/** Of each decision, so that no flood of rejected tokens pushes out an allowed one. */
const MAX_ENTRIES = 1_000;
const DECISIONS = ['allowed', 'unauthenticated', 'forbidden'] as const satisfies readonly Decision[];

export interface DecisionCache {
  /** Returns undefined if a review is due. */
  readonly current: (key: string) => Decision | undefined;
  /** Whether an earlier `allowed` still holds while the API server cannot decide. */
  readonly isHeld: (key: string) => boolean;
  /** Replaces the earlier decision; a rejection also ends an `allowed` that is held. */
  readonly set: (key: string, decision: Decision) => void;
}

export function createDecisionCache(monotonicMs: () => number): DecisionCache {
  const create = (ttlMs: number): TtlCache<true> =>
    createTtlCache({ maxEntries: MAX_ENTRIES, expiry: { ttlMs, monotonicMs } });
  const held = create(TTL_MS.allowed + HELD_MS);
  const byDecision = {
    allowed: create(TTL_MS.allowed),
    unauthenticated: create(TTL_MS.unauthenticated),
    forbidden: create(TTL_MS.forbidden),
  };
  const set = (key: string, decision: Decision): void => {
    for (const cache of [held, ...Object.values(byDecision)]) cache.delete(key);
    byDecision[decision].set(key, true);
    if (decision === 'allowed') held.set(key, true);
  };
  return {
    current: (key) => DECISIONS.find((decision) => byDecision[decision].get(key)),
    isHeld: (key) => held.get(key) ?? false,
    set,
  };
}

/** A token and the key of its decision. */
interface Attempt {
  readonly key: string;
  readonly token: string;
}

/** Returns a function that reviews an attempt and caches the decision; undefined if the API server could not decide. */
function createDecide({ attributes, review, onError }: KubernetesAuthOptions, decisions: DecisionCache) {
  return async ({ key, token }: Attempt): Promise<Decision | undefined> => {
    try {
      const { outcome } = await review(token, attributes);
      if (outcome === 'failed') return undefined;
      decisions.set(key, outcome);
      return outcome;
    } catch (error) {
      onError(error);
      return undefined;
    }
  };
}

export function createKubernetesAuth(options: KubernetesAuthOptions): Guard {
  const { monotonicMs } = options;
  const digest = createKeyedDigest();
  const decisions = createDecisionCache(monotonicMs);
  const decide = createDecide(options, decisions);
  const limiter = createConcurrencyLimiter(monotonicMs);
  const reviews = createSingleFlight<string, Decision | undefined>();

  const unlessHeld = (key: string, rejection: Rejection): Rejection | undefined =>
    decisions.isHeld(key) ? undefined : rejection;

  /** Joins the pending review of the attempt or starts one, or returns the milliseconds to wait. */
  const startReview = (
    attempt: Attempt,
    remoteAddress: string | undefined,
  ): Result<Promise<Decision | undefined>, number> => {
    const { key } = attempt;
    const pending = reviews.inFlight(key);
    if (pending !== undefined) return ok(pending);
    const slot = limiter.acquire(decisions.isHeld(key) ? key : undefined, remoteAddress);
    return slot.ok ? ok(reviews.run(key, () => decide(attempt).finally(slot.value))) : slot;
  };

  const check = async (
    attempt: Attempt,
    remoteAddress: string | undefined,
  ): Promise<Rejection | undefined> => {
    const { key } = attempt;
    const cached = decisions.current(key);
    if (cached !== undefined) return REJECTIONS[cached];
    const pending = startReview(attempt, remoteAddress);
    if (!pending.ok) return unlessHeld(key, tooManyRequests(pending.error));
    const decision = await pending.value;
    return decision === undefined ? unlessHeld(key, INTERNAL_ERROR) : REJECTIONS[decision];
  };

  return async ({ authorization, remoteAddress }) => {
    const token = bearerToken(authorization);
    if (token === undefined) return REJECTIONS.unauthenticated;
    const rejection = await check({ key: digest(token), token }, remoteAddress);
    if (rejection === undefined) limiter.noteAccepted(remoteAddress);
    return rejection;
  };
}
