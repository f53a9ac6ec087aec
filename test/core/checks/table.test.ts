/**
 * What must hold for every check of the table: a new row is covered on arrival.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CHECKS, POD_CHECKS, REASONS, type Reason } from '../../../src/core/checks/index.ts';
import { decodeToken } from '../../../src/core/decode.ts';
import type { Token, TokenClaims } from '../../../src/core/token.ts';
import { jwt, legacyClaims, legacyToken, NOW, rawClaims, rawHeader, token } from '../../support/tokens.ts';
import { CLUSTER_CASES } from './cluster-cases.ts';
import { detailOf, verdictOf } from './verdict.ts';

const YEAR = 31_536_000;
/** Seconds after NOW: before the token's begin, in each stage of its life, and long after. */
const INSTANTS = [-YEAR, -61, 0, 2_880, 3_481, 3_600, 3_607, YEAR, 3 * YEAR];
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Every claim that a token may lack, one lacking at a time, and all of them. */
const LACKS: readonly Partial<TokenClaims>[] = [
  { keyId: undefined },
  { pod: undefined },
  { pod: { name: 'api-0', uid: undefined } },
  { serviceAccount: { name: 'api', uid: undefined } },
  { node: undefined },
  { id: undefined },
  { issuedAt: undefined },
  { notBefore: undefined },
  { expiresAt: undefined },
];
const IGNORANT: Partial<TokenClaims> = Object.assign({}, ...LACKS, { pod: undefined });

/** Tokens whose fix is looked at: what names them is known, unknown, and of another. */
const TOKENS: readonly { readonly it: string; readonly token: Token }[] = [
  { it: 'a healthy token', token: token() },
  { it: 'a token of another pod', token: token({ claims: { pod: { name: 'other', uid: 'another-uid' } } }) },
  { it: 'a legacy token', token: legacyToken() },
  { it: 'a legacy token without a Secret', token: legacyToken({ claims: { secret: undefined } }) },
  { it: 'a token that says as little as it may', token: token({ claims: IGNORANT }) },
];

describe('the table of checks', () => {
  for (const table of [CHECKS, POD_CHECKS]) {
    const reasons: readonly Reason[] = table.map(({ reason }) => reason);
    it(`has each of its ${reasons.length} reasons once`, () =>
      assert.equal(new Set(reasons).size, reasons.length));
    it(`has its ${reasons.length} reasons in the list of all`, () => {
      assert.deepEqual(
        reasons.filter((reason) => !REASONS.includes(reason)),
        [],
      );
    });
  }
  it('has no reason in the list of all that no check has', () => {
    assert.equal(REASONS.length, new Set([...CHECKS, ...POD_CHECKS].map(({ reason }) => reason)).size);
  });
});

for (const check of CHECKS) {
  const { reason, summary, severity, fix } = check;

  describe(`the check ${reason}`, () => {
    it('has a reason fit for a label', () => assert.match(reason, /^[a-z]+(_[a-z]+)*$/));
    it('says in one sentence what is wrong', () => assert.match(summary, /^[A-Z].{20,}[^.]\.$/));
    it('has a severity', () => assert.ok(['critical', 'warning'].includes(severity)));

    it('passes a healthy token', () => assert.equal(verdictOf(reason, token()).status, 'pass'));

    it('never fails for want of knowledge', () => {
      const known = { identity: { volume: 'free' }, claims: IGNORANT };
      for (const after of INSTANTS) {
        assert.notEqual(verdictOf(reason, token(known), { after }).status, 'fail', `${after} s after`);
      }
    });

    it('does not fail a token for a claim it lacks', () => {
      for (const claims of LACKS) {
        for (const after of INSTANTS) {
          if (verdictOf(reason, token(), { after }).status === 'fail') continue;
          const verdict = verdictOf(reason, token({ claims }), { after });
          assert.notEqual(verdict.status, 'fail', `${Object.keys(claims)} ${after} s after`);
        }
      }
    });

    for (const { it: title, token: one } of TOKENS) {
      it(`knows what to do about ${title}`, () => {
        const steps = fix(one);
        assert.ok(steps.length > 0);
        for (const step of steps) {
          assert.ok(step.trim() === step && step.length > 20 && !UNPRINTABLE.test(step), step);
          assert.doesNotMatch(step, /undefined|null|NaN|\[object/);
        }
      });

      it(`tells how to find what its commands leave open about ${title}`, () => {
        const steps = fix(one);
        const needs = steps.findIndex((step) => step.includes('POD -n NAMESPACE'));
        const finds = steps.findIndex((step) => step.includes('# NAMESPACE and POD for the commands below'));
        assert.ok(needs < 0 || (finds >= 0 && finds < needs));
      });
    }

    it('says nothing unprintable, whatever a token says', () => {
      const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
      const hostile = fc.record({ iss: text, aud: fc.array(text, { minLength: 1 }), jti: text });
      let judged = 0;
      fc.assert(
        fc.property(hostile, text, fc.constantFrom(...INSTANTS), (claims, kid, after) => {
          const decoded = decodeToken(Buffer.from(jwt(rawClaims(claims), rawHeader({ kid }))));
          if (!decoded.ok) return;
          judged += 1;
          const one = token({ claims: decoded.value });
          for (const said of [detailOf(verdictOf(reason, one, { after })), ...fix(one)]) {
            assert.ok(!UNPRINTABLE.test(said), said);
          }
        }),
        { numRuns: 300 },
      );
      assert.ok(judged > 0);
    });

    it('says something where it does not pass', () => {
      for (const { token: one } of TOKENS) {
        for (const after of INSTANTS) {
          const verdict = verdictOf(reason, one, { after });
          assert.ok(verdict.status === 'pass' || verdict.detail.length > 5);
        }
      }
    });
  });
}

describe('the tokens that the table is walked with', () => {
  it('make every check fail at some time', () => {
    const mismatch = token({ claims: { audiences: ['other'] } });
    const stale = token({ claims: { expiresAt: NOW + YEAR, warnAfter: NOW + 3_607 } });
    const tokens = [...TOKENS.map(({ token: one }) => one), mismatch, stale];
    for (const { reason } of CHECKS) {
      const isFailed = tokens.some((one) =>
        INSTANTS.some((after) => verdictOf(reason, one, { after }).status === 'fail'),
      );
      const isFailedByCluster = CLUSTER_CASES.some(({ fails }) => fails.includes(reason));
      assert.ok(isFailed || isFailedByCluster, reason);
    }
  });

  it('lack everything that a claim may lack', () => {
    const lackable = Object.entries(legacyClaims()).flatMap(([claim, value]) =>
      value === undefined ? [claim] : [],
    );
    const lacked = new Set(LACKS.flatMap((lack) => Object.keys(lack)));
    assert.deepEqual(
      lackable.filter((claim) => claim !== 'warnAfter' && !lacked.has(claim)),
      [],
    );
  });
});
