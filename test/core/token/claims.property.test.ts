/**
 * Claims from any JSON: valid or an error, never an exception.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseClaims } from '../../../src/core/token/claims.ts';
import type { TokenClaims } from '../../../src/core/token/token.ts';
import { rawClaims, rawHeader, rawLegacyClaims } from '../../support/tokens.ts';
import { anyHeader, anyPayload, assertKnownResult } from '../raw-tokens.ts';

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const LATEST = 253_402_300_799;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function present<T>(...values: readonly (T | undefined)[]): readonly T[] {
  return values.filter((value) => value !== undefined);
}

/** What every consumer of claims relies on. */
function assertSound(claims: TokenClaims): void {
  const { algorithm, keyId, issuer, audiences, id, namespace, serviceAccount, pod, node, secret } = claims;
  for (const text of present(algorithm, keyId, issuer, id, ...audiences)) {
    assert.ok(text.length > 0 && text.length <= 2_048 && !UNPRINTABLE.test(text));
  }
  const objects = present(serviceAccount, pod, node, secret);
  for (const name of [namespace, ...objects.map((object) => object.name)]) assert.match(name, NAME);
  for (const uid of present(...objects.map((object) => object.uid))) assert.match(uid, /^[\w.:-]{1,128}$/);
  const { issuedAt = 0, notBefore = 0, expiresAt = LATEST, warnAfter = expiresAt } = claims;
  for (const time of [issuedAt, notBefore, warnAfter, expiresAt]) {
    assert.ok(Number.isInteger(time) && time >= 0 && time <= LATEST);
  }
  assert.ok(issuedAt < warnAfter && warnAfter <= expiresAt);
}

describe('parseClaims of any JSON', () => {
  it('returns valid claims or a known error', () => {
    let sound = 0;
    fc.assert(
      fc.property(anyHeader, anyPayload, (header, payload) => {
        const result = parseClaims(header, payload);
        assertKnownResult(result);
        if (!result.ok) return;
        assertSound(result.value);
        sound += 1;
      }),
      { numRuns: 3_000 },
    );
    assert.ok(sound > 0, 'no arbitrary token was ever sound: the arbitraries are too wild');
  });

  it('ignores other claims', () => {
    const others = fc.dictionary(fc.string(), fc.jsonValue()).filter((claims) => {
      const known = { ...rawClaims(), ...rawLegacyClaims(), ...rawHeader() };
      return !Object.keys(claims).some((key) => Object.hasOwn(known, key));
    });
    fc.assert(
      fc.property(others, (claims) => {
        assert.deepEqual(
          parseClaims({ ...claims, ...rawHeader() }, { ...claims, ...rawClaims() }),
          parseClaims(rawHeader(), rawClaims()),
        );
      }),
    );
  });
});
