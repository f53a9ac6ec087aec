/**
 * The issuer of the token is not the current issuer of the API server.
 *
 * An API server can accept previous issuers in addition to the one it publishes: if a TokenReview accepted the token or
 * another of its class, the check passes. A token that was issued after the issuer was read may be the first of a new
 * one. Legacy tokens have an issuer of their own, which is never published.
 */

import { ALWAYS } from '../problems/severity.ts';
import { isIssuerAccepted, isReviewPending } from '../reviews/review-class.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const issuerMismatch = {
  reason: 'issuer_mismatch',
  summary: 'The issuer of the token is not the current issuer of the API server.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet'],
  runbook: 'SATokenIssuerMismatch',
  judge: ({ token: { claims }, context }) => {
    const { authority } = context;
    if (claims.kind === 'legacy' || isIssuerAccepted(context)) return PASS;
    if (authority === undefined) return unknown('no issuer from the API server');
    if (claims.issuer === authority.issuer) return PASS;
    if (authority.readAt <= (claims.issuedAt ?? 0))
      return unknown('the issuer was read before the token was issued');
    if (isReviewPending(context)) return unknown('waiting for a TokenReview');
    return fail(`issued by ${claims.issuer}; the current issuer is ${authority.issuer}`, 'critical');
  },
  fix: (token) => [
    ...findPod(token),
    'kubectl get --raw /.well-known/openid-configuration  # the current issuer',
    'grep service-account-issuer /etc/kubernetes/manifests/kube-apiserver.yaml  # on the control plane: add the previous issuer as a second --service-account-issuer to keep its tokens valid',
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a token from the new issuer at once`,
  ],
} as const satisfies Check;
