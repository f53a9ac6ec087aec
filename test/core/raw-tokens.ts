/**
 * Arbitrary raw claims for property tests: valid, invalid, and anything in between.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DecodeError } from '../../src/core/token/decode.ts';
import type { TokenClaims } from '../../src/core/token/token.ts';
import type { Result } from '../../src/util/result.ts';
import { type RawClaims, rawBinding, rawClaims, rawHeader, rawLegacyClaims } from '../support/tokens.ts';

const LEGACY = 'kubernetes.io/serviceaccount/';

/** Everything an error may contain. Literals, so that a piece of a token cannot be one of them. */
const REASONS = new Set(['empty', 'not_a_jwt', 'not_service_account']);
const CLAIMS = new Set([
  'alg',
  'kid',
  'iss',
  'sub',
  'aud',
  'jti',
  'iat',
  'nbf',
  'exp',
  'kubernetes.io',
  'kubernetes.io.namespace',
  'kubernetes.io.warnafter',
  ...['serviceaccount', 'pod', 'node', 'secret'].flatMap((owner) => [
    `kubernetes.io.${owner}`,
    `kubernetes.io.${owner}.name`,
    `kubernetes.io.${owner}.uid`,
  ]),
  ...['namespace', 'secret.name', 'service-account.name', 'service-account.uid'].map((key) => LEGACY + key),
]);

/** Asserts that a result is either claims or a known error without any other content. */
export function assertKnownResult(result: Result<TokenClaims, DecodeError>): void {
  if (result.ok) return;
  assert.deepEqual(Object.keys(result), ['ok', 'error']);
  const { error } = result;
  if (error.reason !== 'invalid_claim') {
    assert.deepEqual(Object.keys(error), ['reason']);
    assert.ok(REASONS.has(error.reason), error.reason);
    return;
  }
  assert.deepEqual(Object.keys(error), ['reason', 'claim']);
  assert.ok(CLAIMS.has(error.claim), error.claim);
}

/** Any JSON value, with values of claims more often than chance would have them. */
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer({ min: -1, max: 2 ** 40 }),
  fc.constantFrom(undefined, null, '', [], {}, ['vault', 'a\nb'], '__proto__', { name: 'a', uid: 'b' }),
);

/** The claims, with some of them replaced by any value. */
function mutated(claims: RawClaims): fc.Arbitrary<RawClaims> {
  const keys = Object.keys(claims);
  const changes = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), value, { maxKeys: 3 });
  return changes.map((changed) => ({ ...claims, ...changed }));
}

const binding = mutated(
  rawBinding({ node: { name: 'node-1' }, secret: { name: 'bound' }, warnafter: 1_795_480_600 }),
);

export const anyHeader = fc.oneof(fc.jsonValue(), mutated(rawHeader()));
export const anyPayload = fc.oneof(
  fc.jsonValue(),
  mutated(rawClaims()),
  mutated(rawLegacyClaims()),
  binding.map((made) => rawClaims({ 'kubernetes.io': made })),
);
