/**
 * The token is signed with a key that the API server does not publish, so it cannot accept it.
 *
 * Knows the keys as of their last reading: a token issued since may be signed with a newer one.
 */

import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const signingKeyUnknown = {
  reason: 'signing_key_unknown',
  summary: 'The token is signed with a key that the API server does not publish.',
  severity: 'critical',
  runbook: 'SATokenSigningKeyUnknown',
  judge: ({ token: { claims }, context: { authority, review } }) => {
    if (authority === undefined) return unknown('the keys of the API server are not known');
    if (claims.keyId === undefined) return unknown('the token names no key');
    if (authority.keyIds.has(claims.keyId) || review?.isAccepted === true) return PASS;
    if (authority.readAt <= (claims.issuedAt ?? 0))
      return unknown('the keys were read before the token was issued');
    return fail(`signed with the key ${claims.keyId}`);
  },
  fix: (token) => [
    ...findPod(token),
    'kubectl get --raw /openid/v1/jwks  # the keys as they are now',
    'grep -E "service-account-(key|signing-key)-file" /etc/kubernetes/manifests/kube-apiserver.yaml  # on the control plane: keep the former key as a second service-account-key-file',
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a token signed with the new key at once`,
  ],
} as const satisfies Check;
