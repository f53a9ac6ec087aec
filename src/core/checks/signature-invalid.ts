/**
 * The token names a published key, but that key did not sign it: the token is forged or damaged, or the key was
 * replaced without a new id.
 *
 * The exporter verifies signatures itself. If the key is not published, signing_key_unknown fails instead.
 */
import { ALWAYS } from '../problems/severity.ts';
import { type Check, fail, PASS, unknown } from './check.ts';
import { findPod, podArguments } from './commands.ts';

export const signatureInvalid = {
  reason: 'signature_invalid',
  summary: 'The signature does not match the key named in the token header.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet', 'secret'],
  runbook: 'SATokenSignatureInvalid',
  judge: ({ token: { claims }, context: { isSignatureValid } }) => {
    if (isSignatureValid === undefined) return unknown('the signature was not verified');
    return isSignatureValid ? PASS : fail(`not signed with key ${claims.keyId ?? '(unnamed)'}`, 'critical');
  },
  fix: (token) => [
    ...findPod(token),
    'kubectl get --raw /openid/v1/jwks  # do all API servers publish the same keys?',
    `kubectl get pod ${podArguments(token)} -o jsonpath='{.spec.volumes}'  # what else writes to this volume?`,
    `kubectl delete pod ${podArguments(token)}  # a new pod gets a new token`,
  ],
} as const satisfies Check;
