/**
 * The token was issued by another issuer than the API server's present one.
 *
 * An API server can accept former issuers beside the one it publishes: where it accepted this very token when asked,
 * nothing is wrong. A token issued since the issuer was last read may be the first of a new one. Legacy tokens have an issuer of their own, which is never published.
 */

import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const issuerMismatch = {
  reason: 'issuer_mismatch',
  summary: 'The token names another issuer than the one the API server has now.',
  severity: 'critical',
  runbook: 'SATokenIssuerMismatch',
  judge: ({ token: { claims }, context: { authority, review } }) => {
    if (claims.kind === 'legacy' || review?.isAccepted === true) return PASS;
    if (authority === undefined) return unknown('the issuer of the API server is not known');
    if (claims.issuer === authority.issuer) return PASS;
    if (authority.readAt <= (claims.issuedAt ?? 0))
      return unknown('the issuer was read before the token was issued');
    return fail(`issued by ${claims.issuer}; the API server is ${authority.issuer}`);
  },
  fix: (token) => [
    ...findPod(token),
    'kubectl get --raw /.well-known/openid-configuration  # the issuer as it is now',
    'grep service-account-issuer /etc/kubernetes/manifests/kube-apiserver.yaml  # on the control plane: list the former issuer second, and its tokens stay good',
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a token of the new issuer at once`,
  ],
} as const satisfies Check;
