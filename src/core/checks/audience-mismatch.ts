/**
 * The token is for another audience than its receiver accepts: 401, however fresh it is.
 *
 * Expectations come from the user's rules, the catalogue, the pod's spec and the API server. Without any the check
 * cannot judge.
 */
import { satisfies } from '../audience.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const audienceMismatch = {
  reason: 'audience_mismatch',
  summary: 'The token is for none of the audiences that its receiver accepts.',
  severity: 'critical',
  runbook: 'SATokenAudienceMismatch',
  judge: ({ token: { claims }, expectations }) => {
    if (expectations.length === 0) return unknown('nothing is known of the audience it should have');
    const unmet = expectations.find((expectation) => !satisfies(claims.audiences, expectation));
    if (unmet === undefined) return PASS;
    return fail(
      `is for ${claims.audiences.join(', ') || 'no audience'}; ${unmet.origin} expects ${unmet.audiences.join(' or ')}`,
    );
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes[*].projected.sources[*].serviceAccountToken}'  # audience as asked for`,
    'set `audience` of that serviceAccountToken source to one that the receiver accepts, and roll the workload out',
    'if the token is right, say so to the exporter: --audience.expect takes a file of rules',
  ],
} as const satisfies Check;
