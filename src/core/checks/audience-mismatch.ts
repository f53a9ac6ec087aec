/**
 * The token has none of the audiences that its receiver accepts: the receiver returns 401.
 *
 * Expected audiences come from the user's rules, the catalogue, the pod's spec and the API server. The catalogue follows
 * the name of the volume: the pod's spec, which names the receiver's audience, takes precedence.
 */
import { type Expectation, satisfies } from '../audiences/audience.ts';
import type { Token } from '../token/token.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

function requirementOf({ origin, audiences }: Expectation): string {
  return `${origin} expects ${audiences.join(' or ')}`;
}

function requestOf({ origin, audiences }: Expectation): string {
  return `${origin} requests ${audiences.join(' or ')}`;
}

function ruleStep({ claims }: Token, expectations: readonly Expectation[]): string {
  const rule = expectations.find((one) => one.party === 'rule' && !satisfies(claims.audiences, one));
  return rule === undefined
    ? 'if the audience is correct, add a rule to the file given by --audience.expect'
    : `if the audience is correct, change ${rule.origin}`;
}

export const audienceMismatch = {
  reason: 'audience_mismatch',
  summary: 'The token has none of the audiences that its receiver accepts.',
  severities: {
    critical:
      "a user's rule, the pod's spec or the API server expects another audience, or the catalogue and the spec names none",
    warning: "the token has the audience that the pod's spec requests, but not that of the catalogue",
  },
  appliesTo: ['kubelet', 'secret', 'unknown'],
  runbook: 'SATokenAudienceMismatch',
  judge: ({ token: { claims }, expectations }) => {
    if (expectations.length === 0) return unknown('expected audience unknown');
    const unmet = expectations.filter((expectation) => !satisfies(claims.audiences, expectation));
    const certain = unmet.find(({ party }) => party !== 'catalogue');
    const first = certain ?? unmet[0];
    if (first === undefined) return PASS;
    const requested = expectations.find(({ party }) => party === 'spec');
    if (certain === undefined && requested !== undefined)
      return fail(`${requestOf(requested)}; ${requirementOf(first)}`, 'warning');
    const found = claims.audiences.length === 0 ? 'no audience' : `audience ${claims.audiences.join(', ')}`;
    return fail(`has ${found}; ${requirementOf(first)}`, 'critical');
  },
  fix: (token, expectations = []) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes[*].projected.sources[*].serviceAccountToken}'  # requested audience`,
    'set `audience` of that serviceAccountToken source to one that the receiver accepts, and restart the workload',
    ruleStep(token, expectations),
  ],
} as const satisfies Check;
