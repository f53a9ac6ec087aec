/**
 * The checks that no clock turns: audience_mismatch, pod_mismatch, legacy_token.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { legacyToken as legacyTokenCheck } from '../../../src/core/checks/legacy-token.ts';
import { NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { legacyToken, token } from '../../support/tokens.ts';
import { detailOf, verdictOf } from './verdict.ts';

describe('audience_mismatch', () => {
  const rule = {
    audiences: ['mine', 'ours'],
    origin: 'the rule in line 3 of rules.yaml',
    matches: () => true,
  };
  const withRule = { audience: { rules: [rule], useCatalogue: true } };
  const withoutCatalogue = { audience: { rules: [], useCatalogue: false } };
  const forOther = token({ claims: { audiences: ['other', 'another'] } });
  const cases = [
    { it: 'passes the audience of the catalogue', token: token(), status: 'pass' },
    {
      it: 'passes one audience in common',
      token: token({ claims: { audiences: ['x', 'vault'] } }),
      status: 'pass',
    },
    { it: 'fails another audience, and says whose expectation that is', token: forOther, status: 'fail' },
    {
      it: 'cannot judge a place that nobody knows',
      token: token({ identity: { volume: 'free' } }),
      status: 'unknown',
    },
    {
      it: 'cannot judge without the catalogue',
      token: forOther,
      policy: withoutCatalogue,
      status: 'unknown',
    },
    {
      it: 'goes by the user’s rule in place of the catalogue',
      token: token(),
      policy: withRule,
      status: 'fail',
    },
    {
      it: 'passes what the user’s rule wants',
      token: token({ claims: { audiences: ['ours'] } }),
      policy: withRule,
      status: 'pass',
    },
    { it: 'cannot judge a legacy token that nobody has a rule for', token: legacyToken(), status: 'unknown' },
    {
      it: 'fails a legacy token that a rule wants an audience of',
      token: legacyToken(),
      policy: withRule,
      status: 'fail',
    },
  ] as const;
  for (const { it: title, token: one, status, ...rest } of cases) {
    it(title, () => {
      // With files alone; what the cluster adds is in cluster.test.ts.
      const verdict = verdictOf('audience_mismatch', one, { ...rest, cluster: NO_CLUSTER });
      assert.equal(verdict.status, status, detailOf(verdict));
    });
  }

  it('names what the token is for, and what is expected of it by whom', () => {
    assert.equal(
      detailOf(verdictOf('audience_mismatch', forOther, { policy: withRule })),
      'is for other, another; the rule in line 3 of rules.yaml expects mine or ours',
    );
    assert.equal(
      detailOf(verdictOf('audience_mismatch', forOther)),
      "is for other, another; the catalogue's entry for Vault expects vault",
    );
    assert.match(
      detailOf(verdictOf('audience_mismatch', legacyToken(), { policy: withRule })),
      /^is for no audience; /,
    );
  });
});

describe('pod_mismatch', () => {
  const other = { name: 'other', uid: 'another-uid' };
  const cases = [
    { it: 'passes the pod of the folder', token: token(), status: 'pass' },
    { it: 'fails another pod', token: token({ claims: { pod: other } }), status: 'fail' },
    {
      it: 'fails another pod of the same name',
      token: token({ claims: { pod: { name: 'api-0', uid: 'another-uid' } } }),
      status: 'fail',
    },
    {
      it: 'fails another pod in a Secret volume',
      token: token({ volumeKind: 'secret', claims: { pod: other } }),
      status: 'fail',
    },
    {
      it: 'cannot judge a token bound to none',
      token: token({ claims: { pod: undefined } }),
      status: 'unknown',
    },
    {
      it: 'cannot judge a pod without a uid',
      token: token({ claims: { pod: { name: 'api-0', uid: undefined } } }),
      status: 'unknown',
    },
    { it: 'passes a legacy token, which is never bound', token: legacyToken(), status: 'pass' },
  ];
  for (const { it: title, token: one, status } of cases) {
    it(title, () => assert.equal(verdictOf('pod_mismatch', one).status, status));
  }

  it('names the pod the token is bound to', () => {
    const verdict = verdictOf('pod_mismatch', token({ claims: { pod: other } }));
    assert.equal(detailOf(verdict), 'bound to the pod with uid another-uid');
  });
});

describe('legacy_token', () => {
  const cases = [
    { it: 'passes a projected token', token: token(), status: 'pass', detail: '' },
    {
      it: 'passes a projected token in a Secret volume',
      token: token({ volumeKind: 'secret' }),
      status: 'pass',
      detail: '',
    },
    { it: 'fails a legacy token', token: legacyToken(), status: 'fail', detail: 'from the Secret api-token' },
    {
      it: 'fails a legacy token out of a projected Secret',
      token: legacyToken({ volumeKind: 'projected' }),
      status: 'fail',
      detail: 'from the Secret api-token',
    },
    {
      it: 'fails a legacy token that names no Secret',
      token: legacyToken({ claims: { secret: undefined } }),
      status: 'fail',
      detail: 'a token without expiry',
    },
  ];
  for (const { it: title, token: one, status, detail } of cases) {
    it(title, () => {
      const verdict = verdictOf('legacy_token', one);
      assert.deepEqual([verdict.status, detailOf(verdict)], [status, detail]);
    });
  }

  it('leaves the name of a Secret open that the token does not tell', () => {
    const steps = legacyTokenCheck.fix(legacyToken({ claims: { secret: undefined } }));
    assert.ok(steps.some((step) => step.startsWith('kubectl get secret SECRET -n payments ')));
  });
});
