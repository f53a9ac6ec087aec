/**
 * The token names a published key, but that key did not sign it: forged, damaged, or the key was replaced in place.
 *
 * Verified on this node. A key that is not published is the business of signing_key_unknown.
 */

import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const signatureInvalid = {
  reason: 'signature_invalid',
  summary: 'The signature of the token is not that of the key it names.',
  severity: 'critical',
  runbook: 'SATokenSignatureInvalid',
  judge: ({ token: { claims }, context: { isSignatureValid } }) => {
    if (isSignatureValid === undefined) return unknown('the signature was not verified');
    return isSignatureValid ? PASS : fail(`not signed with the key ${claims.keyId ?? 'it names'}`);
  },
  fix: (token) => [
    ...findPod(token),
    'kubectl get --raw /openid/v1/jwks  # do all API servers publish the same keys?',
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes}'  # who else writes into this volume?`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a new token`,
  ],
} as const satisfies Check;
