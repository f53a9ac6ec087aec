/**
 * The checks that turn with the clock: expired, stale, rotation_overdue, not_yet_valid.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Verdict } from '../../../src/core/checks/check.ts';
import type { Reason } from '../../../src/core/checks/index.ts';
import { stale } from '../../../src/core/checks/stale.ts';
import { NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { contextOf } from '../../../src/core/context.ts';
import type { Token, TokenClaims } from '../../../src/core/token.ts';
import { legacyToken, NOW, token } from '../../support/tokens.ts';
import { detailOf, verdictOf } from './verdict.ts';

const YEAR = 31_536_000;
const JUST = 0.001;
const short = lasting(600);
const extended = lasting(YEAR, { warnAfter: NOW + 3_607 });

function lasting(lifetime: number, overrides: Partial<TokenClaims> = {}): Token {
  return token({ claims: { expiresAt: NOW + lifetime, ...overrides } });
}

interface Case {
  readonly it: string;
  readonly token: Token;
  readonly after: number;
  readonly status: Verdict['status'];
  /** What the verdict says; whatever it likes where left out. */
  readonly detail?: string;
}

const CASES: Readonly<Partial<Record<Reason, readonly Case[]>>> = {
  expired: [
    { it: 'passes just before the expiration', token: short, after: 600 - JUST, status: 'pass' },
    { it: 'fails at the expiration', token: short, after: 600, status: 'fail', detail: 'expired 0s ago' },
    { it: 'fails ever after', token: short, after: 720, status: 'fail', detail: 'expired 2m0s ago' },
    { it: 'passes a token that is merely stale', token: extended, after: YEAR - 1, status: 'pass' },
    { it: 'fails a token whose extension is over', token: extended, after: YEAR, status: 'fail' },
    {
      it: 'fails a token in a Secret volume',
      token: token({ volumeKind: 'secret' }),
      after: 3_600,
      status: 'fail',
    },
    { it: 'passes a token that never ends', token: legacyToken(), after: 100 * YEAR, status: 'pass' },
    { it: 'passes a token that begins later', token: short, after: -YEAR, status: 'pass' },
  ],
  stale: [
    { it: 'passes just before the nominal expiration', token: extended, after: 3_607 - JUST, status: 'pass' },
    {
      it: 'fails at the nominal expiration',
      token: extended,
      after: 3_607,
      status: 'fail',
      detail: 'nominal expiration was 0s ago',
    },
    { it: 'fails until the expiration', token: extended, after: YEAR - JUST, status: 'fail' },
    { it: 'leaves it to expired at the expiration', token: extended, after: YEAR, status: 'pass' },
    { it: 'passes a token that was not extended', token: short, after: 600, status: 'pass' },
    { it: 'passes a token that never ends', token: legacyToken(), after: YEAR, status: 'pass' },
    {
      it: 'fails a token that warns and does not end',
      token: lasting(0, { expiresAt: undefined, warnAfter: NOW + 600 }),
      after: 600,
      status: 'fail',
    },
  ],
  rotation_overdue: [
    { it: 'passes when the refresh falls due', token: short, after: 480, status: 'pass' },
    { it: 'passes at the end of the grace', token: short, after: 582, status: 'pass' },
    {
      it: 'fails once the grace is over',
      token: short,
      after: 582 + JUST,
      status: 'fail',
      detail: 'refresh was due 1m42s ago',
    },
    { it: 'goes on failing once the token expired', token: short, after: YEAR, status: 'fail' },
    { it: 'passes a default token in its grace', token: extended, after: 2_886 + 600, status: 'pass' },
    { it: 'fails a default token after its grace', token: extended, after: 2_886 + 601, status: 'fail' },
    { it: 'goes on failing while the token is stale', token: extended, after: 3_607, status: 'fail' },
    {
      it: 'fails a token of more than 30 hours by the kubelet’s cap of a day',
      token: lasting(YEAR),
      after: 86_400 + 601,
      status: 'fail',
    },
    { it: 'passes in a Secret volume', token: token({ volumeKind: 'secret' }), after: YEAR, status: 'pass' },
    {
      it: 'passes a token bound to no pod, which no kubelet asked for',
      token: lasting(600, { pod: undefined }),
      after: YEAR,
      status: 'pass',
    },
    { it: 'passes a legacy token', token: legacyToken(), after: YEAR, status: 'pass' },
    {
      it: 'passes a legacy token out of a projected Secret',
      token: legacyToken({ volumeKind: 'projected' }),
      after: YEAR,
      status: 'pass',
    },
    {
      it: 'cannot judge without the time of issue',
      token: lasting(600, { issuedAt: undefined }),
      after: YEAR,
      status: 'unknown',
    },
    {
      it: 'cannot judge without an end',
      token: lasting(600, { expiresAt: undefined }),
      after: YEAR,
      status: 'unknown',
    },
  ],
  not_yet_valid: [
    {
      it: 'fails beyond the leeway',
      token: short,
      after: -60 - JUST,
      status: 'fail',
      detail: 'begins in 1m0s',
    },
    { it: 'passes within the leeway of the API server', token: short, after: -60, status: 'pass' },
    { it: 'passes from its begin', token: short, after: 0, status: 'pass' },
    {
      it: 'goes by the later of begin and issue',
      token: lasting(600, { notBefore: NOW + 100 }),
      after: 39,
      status: 'fail',
      detail: 'begins in 1m1s',
    },
    {
      it: 'passes a token that says neither',
      token: lasting(600, { notBefore: undefined, issuedAt: undefined }),
      after: -NOW,
      status: 'pass',
    },
    { it: 'passes an expired token', token: short, after: YEAR, status: 'pass' },
  ],
};

for (const [reason, cases] of Object.entries(CASES)) {
  describe(reason, () => {
    for (const { it: title, token: one, after, status, detail } of cases) {
      it(title, () => {
        const verdict = verdictOf(reason as Reason, one, { after });
        assert.equal(verdict.status, status, detailOf(verdict));
        if (detail !== undefined) assert.equal(detailOf(verdict), detail);
      });
    }
  });
}

describe('rotation_overdue', () => {
  for (const { grace, after, status } of [
    { grace: 0, after: 480, status: 'pass' },
    { grace: 0, after: 480 + JUST, status: 'fail' },
    { grace: 60, after: 540, status: 'pass' },
    { grace: 60, after: 540 + JUST, status: 'fail' },
  ]) {
    it(`gives a grace of ${grace} s where that was asked for: ${status} at ${after} s`, () => {
      const verdict = verdictOf('rotation_overdue', short, { after, policy: { rotationGrace: grace } });
      assert.equal(verdict.status, status);
    });
  }
});

describe('stale', () => {
  it('does not fail where no nominal expiration is known', () => {
    const schedule = { nominalExpiration: undefined, refreshDue: undefined, overdueFrom: undefined };
    const context = contextOf(token(), NO_CLUSTER);
    const input = { token: token(), schedule, state: 'stale', expectations: [], context } as const;
    assert.equal(stale.judge(input, NOW).status, 'pass');
  });
});
