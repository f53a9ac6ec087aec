/**
 * Lets in who comes with a bearer token that the API server takes, and whom RBAC allows the path.
 *
 * Remembers answers, and asks no more than so often whoever comes. Keeps no token. Knows nothing of how the API server
 * is asked, and says nothing of why it could not be.
 */

import { createSingleFlight } from '../../util/single-flight.ts';
import type { Access, Attempt, Decision } from './access.ts';
import { createAdmission } from './admission.ts';
import { bearerToken, createKeyOf } from './bearer.ts';
import { type Asked, FAILED, type Guard, type Refusal, tooMany } from './guard.ts';
import { createKnown } from './known.ts';

export interface KubernetesGuardOptions {
  readonly review: (token: string, attempt: Attempt) => Promise<Access>;
  readonly monotonicMs: () => number;
  /** A review threw: a bug. */
  readonly onError: (error: unknown) => void;
}

const ANSWERS: Readonly<Record<Decision, Refusal | undefined>> = {
  allowed: undefined,
  unauthenticated: { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } },
  forbidden: { status: 403, headers: {} },
};

export function createKubernetesGuard({ review, monotonicMs, onError }: KubernetesGuardOptions): Guard {
  const keyOf = createKeyOf();
  const known = createKnown(monotonicMs);
  const admission = createAdmission(monotonicMs);
  /** Undefined where the API server did not tell. */
  const reviews = createSingleFlight<string, Decision | undefined>();

  const ask = async (key: string, token: string, attempt: Attempt): Promise<Decision | undefined> => {
    try {
      const { outcome } = await review(token, attempt);
      if (outcome === 'failed') return undefined;
      known.note(key, outcome);
      return outcome;
    } catch (error) {
      onError(error);
      return undefined;
    }
  };

  /** What cannot be found out now is as it was, where that still holds. */
  const unlessHeld = (key: string, refusal: Refusal): Refusal | undefined =>
    known.isHeld(key) ? undefined : refusal;

  /** One question for all who ask the same meanwhile. */
  const join = async (key: string, asking: Promise<Decision | undefined>): Promise<Refusal | undefined> => {
    const decision = await asking;
    return decision === undefined ? unlessHeld(key, FAILED) : ANSWERS[decision];
  };

  const decide = async (
    token: string,
    attempt: Attempt,
    peer: Asked['peer'],
  ): Promise<Refusal | undefined> => {
    const key = keyOf(token, attempt);
    const decision = known.current(key);
    if (decision !== undefined) return ANSWERS[decision];
    const asked = reviews.inFlight(key);
    if (asked !== undefined) return join(key, asked);
    const admitted = admission.enter(known.isHeld(key) ? key : undefined, peer);
    if (!admitted.ok) return unlessHeld(key, tooMany(admitted.waitMs));
    const asking = reviews.run(key, () => ask(key, token, attempt).finally(admitted.leave));
    return join(key, asking);
  };

  return async ({ method, path, authorization, peer }) => {
    const token = bearerToken(authorization);
    if (token === undefined) return ANSWERS.unauthenticated;
    const refusal = await decide(token, { verb: method.toLowerCase(), path }, peer);
    if (refusal === undefined) admission.welcome(peer);
    return refusal;
  };
}
