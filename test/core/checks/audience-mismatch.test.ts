/**
 * audience_mismatch: the token has none of the audiences that its receiver accepts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { audienceMismatch } from '../../../src/core/checks/audience-mismatch.ts';
import { NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { authority, projection } from '../../support/cluster.ts';
import { ISSUER, legacyToken, token } from '../../support/tokens.ts';
import { type Circumstances, detailOf, inPod, testCases, verdictOf } from './cases.ts';

const rule = {
  party: 'rule' as const,
  audiences: ['mine', 'ours'],
  origin: 'the rule in line 3 of rules.yaml',
  matches: () => true,
};
const withRule = { audience: { rules: [rule], useCatalogue: true } };
const withoutCatalogue = { audience: { rules: [], useCatalogue: false } };
const forOther = token({ claims: { audiences: ['other', 'another'] } });
const defaultToken = token({
  claims: { audiences: [ISSUER] },
  identity: { volume: 'kube-api-access-x2k4z', path: 'token' },
});
const defaultProjection = projection({ volume: 'kube-api-access-x2k4z' });

describe('audience_mismatch without the API server', () => {
  testCases(
    'audience_mismatch',
    (
      [
        { it: 'passes an audience of the catalogue', status: 'pass' },
        {
          it: 'passes a token with one expected audience among others',
          token: token({ claims: { audiences: ['x', 'vault'] } }),
          status: 'pass',
        },
        { it: 'fails a token without any expected audience', token: forOther, status: 'fail' },
        {
          it: 'is unknown if no audience is expected',
          token: token({ identity: { volume: 'free' } }),
          status: 'unknown',
        },
        {
          it: 'is unknown if the catalogue is off and no rule matches',
          token: forOther,
          policy: withoutCatalogue,
          status: 'unknown',
        },
        {
          it: 'fails a token that a rule contradicts, despite the catalogue',
          policy: withRule,
          status: 'fail',
        },
        {
          it: 'passes an audience of a rule, despite the catalogue',
          token: token({ claims: { audiences: ['ours'] } }),
          policy: withRule,
          status: 'pass',
        },
        { it: 'is unknown for a legacy token that no rule matches', token: legacyToken(), status: 'unknown' },
        {
          it: 'fails a legacy token, which has no audience, if a rule expects one',
          token: legacyToken(),
          policy: withRule,
          status: 'fail',
        },
      ] as const
    ).map((one) => ({ ...one, cluster: NO_CLUSTER })),
  );
});

describe('audience_mismatch with the API server', () => {
  testCases('audience_mismatch', [
    {
      it: "fails an audience that the pod's spec does not request",
      cluster: inPod({
        projections: [projection({ volume: 'vault-token', path: 'vault-token', audience: 'another' })],
      }),
      status: 'fail',
      failures: ['audience_mismatch'],
    },
    {
      it: 'fails a token for the API server with an audience that the API server does not accept',
      token: defaultToken,
      cluster: (one) => ({
        ...inPod({ projections: [defaultProjection] })(one),
        authority: authority({ audiences: ['another'] }),
      }),
      status: 'fail',
      failures: ['audience_mismatch'],
    },
    {
      it: "takes a token at the default path for one for the API server if the pod's spec is not known",
      token: defaultToken,
      cluster: { pods: undefined, authority: authority({ audiences: ['another'] }) },
      status: 'fail',
      failures: ['audience_mismatch'],
    },
    {
      it: 'expects no audience of the API server if the exporter has no token of its own',
      token: defaultToken,
      cluster: (one) => ({
        ...inPod({ projections: [defaultProjection] })(one),
        authority: authority({ audiences: undefined }),
      }),
      status: 'unknown',
    },
    {
      it: 'expects no audience of the API server if the token is of a former issuer',
      token: defaultToken,
      cluster: (one) => ({
        reviews: new Map(),
        ...inPod({ projections: [defaultProjection] })(one),
        authority: authority({ issuer: 'https://another', audiences: ['https://another'] }),
      }),
      status: 'unknown',
      failures: ['issuer_mismatch'],
    },
  ]);
});

describe('the severity of audience_mismatch', () => {
  const severityOf = (circumstances: Circumstances, one = forOther): string | undefined => {
    const verdict = verdictOf('audience_mismatch', one, circumstances);
    return verdict.status === 'fail' ? verdict.severity : undefined;
  };
  const requesting = (audience: string | undefined) =>
    inPod({ projections: [projection({ volume: 'vault-token', path: 'vault-token', audience })] });

  it("is warning if the token has the audience of the pod's spec, and the catalogue expects another", () =>
    assert.equal(severityOf({ cluster: requesting('other') }), 'warning'));
  it("is critical if the token lacks the audience of the pod's spec", () =>
    assert.equal(severityOf({ cluster: requesting('vault') }), 'critical'));
  it('is critical if the spec names no audience and the catalogue expects one', () =>
    assert.equal(severityOf({ cluster: requesting(undefined) }), 'critical'));
  it('is critical if the spec is not known', () =>
    assert.equal(severityOf({ cluster: NO_CLUSTER }), 'critical'));
  it("is critical if a user's rule expects another audience than the spec", () =>
    assert.equal(severityOf({ cluster: requesting('other'), policy: withRule }), 'critical'));
});

describe('audience_mismatch of a token that the kubelet did not request', () => {
  const virtual = token({ claims: { audiences: ['other'], pod: { name: 'api-0', uid: 'virtual-uid' } } });
  it('passes if the spec does not request it', () =>
    assert.equal(
      verdictOf('audience_mismatch', virtual, { cluster: inPod({ projections: [] }) }).status,
      'pass',
    ));
  it('is unknown if it is not bound to its pod and the spec is not known', () =>
    assert.equal(verdictOf('audience_mismatch', virtual, { cluster: NO_CLUSTER }).status, 'unknown'));
  it("fails by a user's rule while the origin is not known", () =>
    assert.equal(
      verdictOf('audience_mismatch', virtual, { cluster: NO_CLUSTER, policy: withRule }).status,
      'fail',
    ));
});

describe('the detail of audience_mismatch', () => {
  it('names the audiences of the token, the expected ones, and the rule', () => {
    assert.equal(
      detailOf(verdictOf('audience_mismatch', forOther, { policy: withRule })),
      'has audience other, another; the rule in line 3 of rules.yaml expects mine or ours',
    );
  });

  it('names the entry of the catalogue', () => {
    assert.equal(
      detailOf(verdictOf('audience_mismatch', forOther, { cluster: NO_CLUSTER })),
      'has audience other, another; the catalogue entry for Vault expects vault',
    );
  });

  it("names both the pod's spec and the entry of the catalogue if they differ", () => {
    assert.equal(
      detailOf(verdictOf('audience_mismatch', forOther)),
      "the pod's spec requests other; the catalogue entry for Vault expects vault",
    );
  });

  it('says that a token has no audience', () => {
    assert.match(
      detailOf(verdictOf('audience_mismatch', legacyToken(), { policy: withRule })),
      /^has no audience; /,
    );
  });
});

describe('the remedy of audience_mismatch', () => {
  it('names the rule that is not met', () =>
    assert.equal(
      audienceMismatch.fix(forOther, [rule]).at(-1),
      'if the audience is correct, change the rule in line 3 of rules.yaml',
    ));

  const met = token({ claims: { audiences: ['mine'] } });
  for (const [what, expectations] of [
    ['without a rule', []],
    ['if the rule is met', [rule]],
  ] as const)
    it(`says where to add a rule ${what}`, () =>
      assert.match(audienceMismatch.fix(met, expectations).at(-1) ?? '', /add a rule to the file/));
});
