/**
 * What must hold for every check: a new row of the table is covered on arrival.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CHECKS, POD_CHECKS, REASONS, type Reason, SEVERITY_ROWS } from '../../../src/core/checks/index.ts';
import { type ClusterFacts, NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { ALWAYS, SEVERITIES } from '../../../src/core/problems/severity.ts';
import { decodeToken } from '../../../src/core/token/decode.ts';
import type { Token, TokenClaims } from '../../../src/core/token/token.ts';
import { jwt, legacyClaims, legacyToken, rawClaims, rawHeader, token } from '../../support/tokens.ts';
import { detailOf, verdictOf } from './cases.ts';

const YEAR = 31_536_000;
/** Seconds after NOW: before nbf, in each stage of the token's life, and long after. */
const INSTANTS = [-YEAR, -61, 0, 120, 2_880, 3_481, 3_600, 3_607, YEAR, 3 * YEAR];
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Every claim that a token may lack, one at a time. */
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
/** All of them at once. */
const MINIMAL: Partial<TokenClaims> = Object.assign({}, ...LACKS, { pod: undefined });

/** What the API server may not have said, one part at a time, and all of it. */
const UNKNOWN_FACTS: readonly Partial<ClusterFacts>[] = [
  { pods: undefined },
  { accounts: undefined },
  { authority: undefined },
  { signatures: new Map() },
  { reviews: new Map() },
  NO_CLUSTER,
];

const TOKENS: readonly { readonly it: string; readonly token: Token }[] = [
  { it: 'a healthy token', token: token() },
  { it: 'a token of another pod', token: token({ claims: { pod: { name: 'other', uid: 'another-uid' } } }) },
  { it: 'a legacy token', token: legacyToken() },
  { it: 'a legacy token without a Secret', token: legacyToken({ claims: { secret: undefined } }) },
  { it: 'a token with the fewest possible claims', token: token({ claims: MINIMAL }) },
];

/** Every step is one printable line without a missing value in it. */
function assertSteps(steps: readonly string[]): void {
  assert.ok(steps.length > 0);
  for (const step of steps) {
    assert.ok(step.trim() === step && step.length > 20 && !UNPRINTABLE.test(step), step);
    assert.doesNotMatch(step, /undefined|null|NaN|\[object/);
  }
}

describe('the table of checks', () => {
  for (const table of [CHECKS, POD_CHECKS]) {
    const reasons: readonly Reason[] = table.map(({ reason }) => reason);
    it(`has each of its ${reasons.length} reasons once`, () =>
      assert.equal(new Set(reasons).size, reasons.length));
    it(`has its ${reasons.length} reasons in REASONS`, () => {
      assert.deepEqual(
        reasons.filter((reason) => !REASONS.includes(reason)),
        [],
      );
    });
  }

  it('has a check for every reason in REASONS', () => {
    assert.equal(REASONS.length, new Set([...CHECKS, ...POD_CHECKS].map(({ reason }) => reason)).size);
  });

  for (const reason of REASONS) {
    it(`has ${reason} in a file of that name, with a test file`, () => {
      const name = reason.replaceAll('_', '-');
      for (const path of [`src/core/checks/${name}.ts`, `test/core/checks/${name}.test.ts`])
        assert.ok(existsSync(new URL(`../../../${path}`, import.meta.url)), `add ${path}`);
    });
  }
});

for (const { reason, summary, severities } of [...CHECKS, ...POD_CHECKS]) {
  describe(`the row of ${reason}`, () => {
    it('has a reason that is fit for a label value', () => assert.match(reason, /^[a-z]+(_[a-z]+)*$/));
    it('says in one sentence what is wrong', () => assert.match(summary, /^[A-Z].{20,}[^.]\.$/));
    it('has a severity, and a condition for each', () => {
      const conditions = Object.entries<string>(severities);
      assert.ok(conditions.length > 0);
      for (const [severity, condition] of conditions) {
        assert.ok(SEVERITIES.some((known) => known === severity));
        assert.match(condition, /^[a-z]/);
        assert.equal(condition === ALWAYS, conditions.length === 1);
      }
    });
    it('has a row in the table of severities for each', () => {
      const rows = SEVERITY_ROWS.filter((row) => row.reason === reason);
      assert.deepEqual(
        rows.map(({ severity }) => severity),
        SEVERITIES.filter((severity) => severity in severities),
      );
    });
  });
}

for (const { reason, fix } of CHECKS) {
  describe(`the check ${reason}`, () => {
    it('passes a healthy token', () => assert.equal(verdictOf(reason, token()).status, 'pass'));

    for (const cluster of UNKNOWN_FACTS) {
      it(`does not fail a healthy token without ${Object.keys(cluster).join(', ')}`, () => {
        assert.notEqual(verdictOf(reason, token(), { cluster, after: 120 }).status, 'fail');
      });
    }

    it('does not fail a token with the fewest possible claims in an unknown volume', () => {
      const minimal = token({ identity: { volume: 'free' }, claims: MINIMAL });
      for (const after of INSTANTS)
        assert.notEqual(verdictOf(reason, minimal, { after }).status, 'fail', `${after} s after`);
    });

    it('does not fail a token because of a claim that it lacks', () => {
      for (const claims of LACKS) {
        for (const after of INSTANTS) {
          if (verdictOf(reason, token(), { after }).status === 'fail') continue;
          const verdict = verdictOf(reason, token({ claims }), { after });
          assert.notEqual(verdict.status, 'fail', `${Object.keys(claims)} ${after} s after`);
        }
      }
    });

    for (const { it: title, token: one } of TOKENS) {
      it(`has steps to fix ${title}`, () => assertSteps(fix(one)));

      it(`finds the values of placeholders first when it fixes ${title}`, () => {
        const steps = fix(one);
        const used = steps.findIndex((step) => step.includes('POD -n NAMESPACE'));
        const found = steps.findIndex((step) => step.includes('# NAMESPACE and POD for the commands below'));
        assert.ok(used < 0 || (found >= 0 && found < used));
      });
    }

    it('has only printable text for any claims', () => {
      const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
      const hostile = fc.record({ iss: text, aud: fc.array(text, { minLength: 1 }), jti: text });
      let judged = 0;
      fc.assert(
        fc.property(hostile, text, fc.constantFrom(...INSTANTS), (claims, kid, after) => {
          const decoded = decodeToken(Buffer.from(jwt(rawClaims(claims), rawHeader({ kid }))));
          if (!decoded.ok) return;
          judged += 1;
          const one = token({ claims: decoded.value });
          for (const line of [detailOf(verdictOf(reason, one, { after })), ...fix(one)])
            assert.ok(!UNPRINTABLE.test(line), line);
        }),
        { numRuns: 300 },
      );
      assert.ok(judged > 0);
    });

    it('has a detail unless it passes', () => {
      for (const { token: one } of TOKENS) {
        for (const after of INSTANTS) {
          const verdict = verdictOf(reason, one, { after });
          assert.ok(verdict.status === 'pass' || verdict.detail.length > 5);
        }
      }
    });
  });
}

for (const { reason, fixMissing } of POD_CHECKS) {
  describe(`the check of pods ${reason}`, () => {
    it('has steps to fix a missing token', () => {
      const steps = fixMissing(token().identity);
      assert.ok(steps.length > 1);
      assertSteps(steps);
    });
  });
}

describe('the tokens that the checks are run on', () => {
  it('lack every claim that a token may lack', () => {
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
