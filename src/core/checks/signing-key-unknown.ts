/**
 * The token is signed with a key that the API server does not publish, so it probably rejects the token.
 *
 * A token that was issued after the keys were read may be signed with a newer one. An API server may also accept keys
 * that it does not publish: if a TokenReview accepted the token or another of its class, the check passes.
 */

import { ALWAYS } from '../problems/severity.ts';
import { isIssuerAccepted, isKeyRefused, isReviewPending } from '../reviews/review-class.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const signingKeyUnknown = {
  reason: 'signing_key_unknown',
  summary: 'The token is signed with a key that the API server does not publish.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet', 'secret'],
  runbook: 'SATokenSigningKeyUnknown',
  judge: ({ token: { claims }, context }) => {
    const { authority } = context;
    if (authority === undefined) return unknown('no signing keys from the API server');
    if (claims.keyId === undefined) return unknown('the token header names no key');
    if (authority.keyIds.has(claims.keyId) || isIssuerAccepted(context)) return PASS;
    if (isReviewPending(context)) return unknown('waiting for a TokenReview');
    if (!isKeyRefused(context) && authority.readAt <= (claims.issuedAt ?? 0))
      return unknown('the keys were read before the token was issued');
    return fail(`signed with key ${claims.keyId}`, 'critical');
  },
  fix: (token) => [
    ...findPod(token),
    'kubectl get --raw /openid/v1/jwks  # the published keys',
    'grep -E "service-account-(key|signing-key)-file" /etc/kubernetes/manifests/kube-apiserver.yaml  # on the control plane: keep the previous key as an additional --service-account-key-file',
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a token signed with the new key at once`,
  ],
} as const satisfies Check;
