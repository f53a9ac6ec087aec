/**
 * The kubelet's refresh rule, the grace period and the states, at their bounds.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  CLOCK_LEEWAY,
  type GracePolicy,
  isRefreshed,
  nominalExpirationOf,
  scheduleOf,
  stateOf,
  TOKEN_STATES,
  type TokenState,
  validFrom,
} from '../../src/core/rotation.ts';
import type { Token, TokenClaims } from '../../src/core/token/token.ts';
import { claims, legacyToken, NOW, token } from '../support/tokens.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

const POLICY: GracePolicy = { rotationGrace: 300, syncFrequency: 60 };

/** A token issued at NOW with this lifetime. */
function lasting(lifetime: number, overrides: Partial<TokenClaims> = {}): Token {
  return token({ claims: { expiresAt: NOW + lifetime, ...overrides } });
}

/** A default token: the API server extended it to a year. */
const extended = lasting(YEAR, { warnAfter: NOW + 3_607 });

describe('nominalExpirationOf', () => {
  it('returns the expiration', () => assert.equal(nominalExpirationOf(lasting(600).claims), NOW + 600));
  it('returns warnafter if the API server extended the token', () => {
    assert.equal(nominalExpirationOf(extended.claims), NOW + 3_607);
  });
  it('returns undefined if the token never expires', () => {
    assert.equal(nominalExpirationOf(legacyToken().claims), undefined);
  });
});

describe('scheduleOf', () => {
  const cases = [
    { lifetime: 600, due: 480 },
    { lifetime: 601, due: 481 },
    { lifetime: 604, due: 484 },
    { lifetime: 605, due: 484 },
    { lifetime: 900, due: 720 },
    { lifetime: 3_600, due: 2_880 },
    { lifetime: 3_607, due: 2_886 },
    { lifetime: 7_200, due: 5_760 },
    { lifetime: 43_200, due: 34_560 },
    { lifetime: 86_400, due: 69_120 },
    { lifetime: 30 * HOUR - 5, due: DAY - 4 },
    { lifetime: 30 * HOUR, due: DAY },
    { lifetime: 30 * HOUR + 5, due: DAY },
    { lifetime: YEAR, due: DAY },
    { lifetime: 1, due: 1 },
  ];
  for (const { lifetime, due } of cases) {
    it(`returns a refresh due after ${due} s for a lifetime of ${lifetime} s`, () => {
      assert.equal(scheduleOf(lasting(lifetime), POLICY).refreshDue, NOW + due);
    });
  }

  it('uses the requested lifetime of an extended token', () => {
    assert.deepEqual(scheduleOf(extended, POLICY), {
      nominalExpiration: NOW + 3_607,
      refreshDue: NOW + 2_886,
      overdueFrom: NOW + 2_886 + 288,
    });
  });

  it('leaves a fifth of the lifetime, in whole seconds, and refreshes after at most a day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 * YEAR }), (lifetime) => {
        const fifth = Number(BigInt(lifetime) / 5n);
        const due = Math.min(DAY, lifetime - fifth);
        assert.equal(scheduleOf(lasting(lifetime), POLICY).refreshDue, NOW + due);
      }),
    );
  });

  const never = [
    { it: 'returns no refresh due for a token in a Secret volume', token: token({ volumeKind: 'secret' }) },
    {
      it: 'returns no refresh due for a token that is not bound to a pod',
      token: token({ claims: { pod: undefined } }),
    },
    { it: 'returns no refresh due without an issue time', token: token({ claims: { issuedAt: undefined } }) },
    {
      it: 'returns no refresh due without an expiration',
      token: token({ claims: { expiresAt: undefined } }),
    },
    { it: 'returns no refresh due for a legacy token', token: legacyToken() },
    {
      it: 'returns no refresh due for a legacy token in a projected volume',
      token: legacyToken({ volumeKind: 'projected' }),
    },
  ];
  for (const { it: title, token: one } of never) {
    it(title, () => {
      const { refreshDue, overdueFrom, nominalExpiration } = scheduleOf(one, POLICY);
      assert.deepEqual([refreshDue, overdueFrom], [undefined, undefined]);
      assert.equal(nominalExpiration, one.claims.expiresAt);
    });
  }
});

describe('isRefreshed', () => {
  it('returns true for a token of the kubelet', () => assert.equal(isRefreshed(token()), true));
  it('returns true for a token without times', () => {
    assert.equal(isRefreshed(token({ claims: { issuedAt: undefined, expiresAt: undefined } })), true);
  });
  it('returns false for a token in a Secret volume', () =>
    assert.equal(isRefreshed(token({ volumeKind: 'secret' })), false));
  for (const [origin, refreshed] of [
    ['kubelet', true],
    ['secret', false],
    ['foreign', false],
    ['unknown', true],
  ] as const)
    it(`returns ${refreshed} for a token of the origin ${origin} that is bound to its pod`, () =>
      assert.equal(isRefreshed(token(), origin), refreshed));
  it('returns false for a token of unknown origin that is bound to another pod', () =>
    assert.equal(isRefreshed(token({ claims: { pod: { name: 'api-0', uid: 'virtual' } } })), false));
});

describe('the grace period', () => {
  const cases = [
    {
      it: 'is cut to 85 % of the two minutes after the refresh is due, for a token of 600 s',
      lifetime: 600,
      late: 102,
    },
    { it: 'is the time that a healthy kubelet needs, for a token of 900 s', lifetime: 900, late: 120 },
    { it: 'is that time if 40 % of the slack are just shorter', lifetime: 1_495, late: 120 },
    { it: 'is 40 % of the slack if these are just longer', lifetime: 1_515, late: 121 },
    { it: 'is 40 % of the slack of a token of half an hour', lifetime: 1_800, late: 144 },
    { it: 'is 40 % of the slack of a default token', lifetime: 3_607, late: 288 },
    { it: 'is 40 % of the slack if these are just shorter than configured', lifetime: 3_745, late: 299 },
    { it: 'is as configured if 40 % of the slack are just longer', lifetime: 3_755, late: 300 },
    { it: 'is as configured for a token of a day', lifetime: DAY, late: 300 },
    {
      it: 'is as configured for a token that is refreshed after a day',
      lifetime: YEAR,
      options: { rotationGrace: 7_200 },
      late: 7_200,
    },
    {
      it: 'is as configured if a kubelet that syncs less often needs longer',
      lifetime: 3_607,
      options: { syncFrequency: 240 },
      late: 300,
    },
    {
      it: 'is the time that a kubelet needs that syncs less often',
      lifetime: 3_607,
      options: { rotationGrace: 600, syncFrequency: 240 },
      late: 390,
    },
    { it: 'can be 0', lifetime: DAY, options: { rotationGrace: 0 }, late: 0 },
    { it: 'is 0 if no time is left after the refresh is due', lifetime: 4, late: 0 },
  ];
  for (const { it: title, lifetime, options, late } of cases) {
    it(title, () => {
      const { refreshDue = 0, overdueFrom = 0 } = scheduleOf(lasting(lifetime), { ...POLICY, ...options });
      assert.equal(overdueFrom - refreshDue, late);
    });
  }
});

describe('validFrom', () => {
  const cases = [
    { it: 'returns a minute before nbf', claims: { notBefore: NOW + 10, issuedAt: NOW }, from: NOW - 50 },
    { it: 'returns a minute before iat if that is later', claims: { notBefore: NOW }, from: NOW - 60 },
    { it: 'uses iat if there is no nbf', claims: { notBefore: undefined }, from: NOW - 60 },
    { it: 'uses nbf if there is no iat', claims: { issuedAt: undefined }, from: NOW - 60 },
    {
      it: 'returns a time in the past if there is neither',
      claims: { notBefore: undefined, issuedAt: undefined },
      from: -60,
    },
  ];
  for (const { it: title, claims: overrides, from } of cases) {
    it(title, () => assert.equal(validFrom(claims(overrides)), from));
  }
});

/** Less than any unit of time in a claim. */
const JUST = 0.001;

describe('stateOf', () => {
  const short = lasting(600);
  const secret = token({ volumeKind: 'secret' });
  const endless = lasting(600, { expiresAt: undefined });
  const warned = lasting(600, { expiresAt: undefined, warnAfter: NOW + 600 });
  const cases: readonly {
    readonly of: string;
    readonly token: Token;
    readonly states: [number, TokenState][];
  }[] = [
    {
      of: 'a token of 600 s',
      token: short,
      states: [
        [-DAY, 'not_yet_valid'],
        [-CLOCK_LEEWAY - JUST, 'not_yet_valid'],
        [-CLOCK_LEEWAY, 'fresh'],
        [0, 'fresh'],
        [480 - JUST, 'fresh'],
        [480, 'refresh_due'],
        [582, 'refresh_due'],
        [582 + JUST, 'overdue'],
        [600 - JUST, 'overdue'],
        [600, 'expired'],
        [YEAR, 'expired'],
      ],
    },
    {
      of: 'a token that was extended to a year',
      token: extended,
      states: [
        [-CLOCK_LEEWAY - JUST, 'not_yet_valid'],
        [2_886 - JUST, 'fresh'],
        [2_886, 'refresh_due'],
        [2_886 + 288, 'refresh_due'],
        [2_886 + 288 + JUST, 'overdue'],
        [3_607 - JUST, 'overdue'],
        [3_607, 'stale'],
        [YEAR - JUST, 'stale'],
        [YEAR, 'expired'],
      ],
    },
    {
      of: 'a token in a Secret volume',
      token: secret,
      states: [
        [0, 'fresh'],
        [HOUR - JUST, 'fresh'],
        [HOUR, 'expired'],
      ],
    },
    {
      of: 'a token without an expiration',
      token: endless,
      states: [
        [-CLOCK_LEEWAY - JUST, 'not_yet_valid'],
        [0, 'no_expiry'],
        [YEAR, 'no_expiry'],
      ],
    },
    {
      of: 'a token with a requested lifetime and no expiration',
      token: warned,
      states: [
        [479, 'fresh'],
        [480, 'refresh_due'],
        [599, 'overdue'],
        [600, 'stale'],
        [YEAR, 'stale'],
      ],
    },
    { of: 'a legacy token', token: legacyToken(), states: [[0, 'no_expiry']] },
  ];
  for (const { of, token: one, states } of cases) {
    for (const [after, state] of states) {
      it(`returns ${state} for ${of} ${after} s after its issue`, () => {
        assert.equal(stateOf(one.claims, scheduleOf(one, POLICY), NOW + after), state);
      });
    }
  }

  it('never returns to an earlier state', () => {
    const order: readonly TokenState[] = [
      'not_yet_valid',
      'no_expiry',
      'fresh',
      'refresh_due',
      'overdue',
      'stale',
      'expired',
    ];
    assert.deepEqual(order.toSorted(), [...TOKEN_STATES].toSorted());
    const span = fc.integer({ min: 1, max: 2 * YEAR });
    const maybe = fc.option(span, { nil: undefined });
    fc.assert(
      fc.property(
        span,
        maybe,
        fc.nat(HOUR),
        fc.array(fc.nat(3 * YEAR)),
        (nominal, extension, grace, times) => {
          const expiresAt = NOW + nominal + (extension ?? 0);
          const warnAfter = extension === undefined ? undefined : NOW + nominal;
          const one = token({ claims: { expiresAt, warnAfter } });
          const schedule = scheduleOf(one, { rotationGrace: grace, syncFrequency: 60 });
          const ranks = times
            .toSorted((a, b) => a - b)
            .map((time) => order.indexOf(stateOf(one.claims, schedule, NOW - DAY + time)));
          assert.deepEqual(
            ranks,
            ranks.toSorted((a, b) => a - b),
          );
        },
      ),
    );
  });

  it('returns overdue just before the lifetime ends, for any grace period', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: YEAR }), fc.nat(YEAR), (lifetime, grace) => {
        const one = lasting(lifetime);
        assert.equal(
          stateOf(
            one.claims,
            scheduleOf(one, { rotationGrace: grace, syncFrequency: 60 }),
            NOW + lifetime - JUST,
          ),
          'overdue',
        );
      }),
    );
  });
});
