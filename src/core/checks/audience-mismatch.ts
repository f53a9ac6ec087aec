/**
 * The token has none of the audiences that its receiver accepts: the receiver returns 401.
 *
 * Expected audiences come from the user's rules, the catalogue, the pod's spec and the API server.
 */
import { satisfies } from '../audience.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const audienceMismatch = {
  reason: 'audience_mismatch',
  summary: 'The token has none of the audiences that its receiver accepts.',
  severity: 'critical',
  appliesTo: ['kubelet', 'secret', 'unknown'],
  runbook: 'SATokenAudienceMismatch',
  judge: ({ token: { claims }, expectations }) => {
    if (expectations.length === 0) return unknown('expected audience unknown');
    const unmet = expectations.find((expectation) => !satisfies(claims.audiences, expectation));
    if (unmet === undefined) return PASS;
    const found = claims.audiences.length === 0 ? 'no audience' : `audience ${claims.audiences.join(', ')}`;
    return fail(`has ${found}; ${unmet.origin} expects ${unmet.audiences.join(' or ')}`);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes[*].projected.sources[*].serviceAccountToken}'  # requested audience`,
    'set `audience` of that serviceAccountToken source to one that the receiver accepts, and restart the workload',
    'if the audience is correct, add a rule to the file given by --audience.expect',
  ],
} as const satisfies Check;
