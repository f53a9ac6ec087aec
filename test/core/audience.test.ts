/**
 * What is expected of a token's audience, and whether it is met.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  type AudiencePolicy,
  type AudienceRule,
  policyExpectations,
  satisfies,
} from '../../src/core/audience.ts';
import { CATALOGUE } from '../../src/core/catalogue.ts';
import { token } from '../support/tokens.ts';

const CATALOGUE_ONLY: AudiencePolicy = { rules: [], useCatalogue: true };
const NOTHING: AudiencePolicy = { rules: [], useCatalogue: false };

function at(volume: string, path: string, volumeKind: 'projected' | 'secret' = 'projected') {
  return token({ volumeKind, identity: { volume, path } });
}

function rule(overrides: Partial<AudienceRule> = {}): AudienceRule {
  return { audiences: ['mine'], origin: 'a rule', matches: () => true, ...overrides };
}

/** Whether a token for this audience meets everything the catalogue expects at its place. */
function isMet(audience: string, volume: string, path: string): boolean {
  const expectations = policyExpectations(at(volume, path), CATALOGUE_ONLY);
  return expectations.length > 0 && expectations.every((one) => satisfies([audience], one));
}

describe('an expectation', () => {
  const cases = [
    { it: 'is met by its audience', audiences: ['a'], expected: ['a'], met: true },
    { it: 'is met by one of its audiences', audiences: ['b'], expected: ['a', 'b'], met: true },
    {
      it: 'is met by one audience among others',
      audiences: ['x', 'b', 'y'],
      expected: ['a', 'b'],
      met: true,
    },
    { it: 'is met by a pattern', audiences: ['sts.eu.amazonaws.com'], expected: ['sts.*.com'], met: true },
    { it: 'is not met by another audience', audiences: ['c'], expected: ['a', 'b'], met: false },
    { it: 'is not met by a part of it', audiences: ['vault.example'], expected: ['vault'], met: false },
    { it: 'is not met by none', audiences: [], expected: ['a'], met: false },
    { it: 'is not met in another case', audiences: ['A'], expected: ['a'], met: false },
    { it: 'takes no pattern out of a token', audiences: ['*'], expected: ['a'], met: false },
  ];
  for (const { it: title, audiences, expected, met } of cases) {
    it(title, () => assert.equal(satisfies(audiences, rule({ audiences: expected })), met));
  }
});

describe('the catalogue', () => {
  for (const { origin, volume, path, audiences } of CATALOGUE) {
    const name = volume.replace('*', 'x1');
    for (const audience of audiences) {
      it(`takes ${audience} for ${origin}`, () => {
        assert.equal(isMet(audience.replace('*', 'any-1'), name, path), true);
      });
    }

    it(`takes nothing else for ${origin}`, () => {
      for (const other of ['other', '', `${audiences[0]}.example.com`, `x${audiences[0]}`]) {
        assert.equal(isMet(other, name, path), false, other);
      }
    });

    it(`says nothing of a file beside that of ${origin}`, () => {
      assert.deepEqual(policyExpectations(at(name, 'another'), CATALOGUE_ONLY), []);
    });

    it(`says nothing of a Secret volume named as that of ${origin}`, () => {
      assert.deepEqual(policyExpectations(at(name, path, 'secret'), CATALOGUE_ONLY), []);
    });

    it(`can be switched off for ${origin}`, () => {
      assert.deepEqual(policyExpectations(at(name, path), NOTHING), []);
    });
  }

  it('has no two entries for one place', () => {
    const places = CATALOGUE.map(({ volume, path }) => `${volume}/${path}`);
    assert.equal(new Set(places).size, places.length);
  });

  const wild = [
    ['sts.amazonaws.com', 'aws-iam-token', 'token'],
    ['sts.cn-north-1.amazonaws.com.cn', 'aws-iam-token', 'token'],
    ['pods.eks.amazonaws.com', 'eks-pod-identity-token', 'eks-pod-identity-token'],
    ['api://AzureADTokenExchange', 'azure-identity-token', 'azure-identity-token'],
    ['api://AzureADTokenExchange', 'azure-workload-identity-reserved-volume-0', 'token/azure-identity-token'],
    ['sts.googleapis.com', 'gcp-iam-token', 'token'],
    [
      'https://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k',
      'gcp-iam-token',
      'token',
    ],
    ['sts.aliyuncs.com', 'rrsa-oidc-token', 'oidc-token'],
    ['openshift', 'bound-sa-token', 'token'],
    ['identity.l5d.io', 'linkerd-identity-token', 'linkerd-identity-token'],
    ['istio-ca', 'istio-token', 'istio-token'],
    ['spire-server', 'spire-token', 'spire-agent'],
    ['vault', 'vault-token', 'vault-token'],
    ['spiffe://public/ns/dapr-system/dapr-sentry', 'dapr-identity-token', 'token'],
    ['sigstore', 'oidc-info', 'oidc-token'],
  ] as const;
  for (const [audience, volume, path] of wild) {
    it(`knows what is seen in the wild: ${audience} in ${volume}/${path}`, () => {
      assert.equal(isMet(audience, volume, path), true);
    });
  }
});

describe('the expectations for a token', () => {
  it('are none where nobody says anything', () => {
    assert.deepEqual(policyExpectations(at('free', 'token'), CATALOGUE_ONLY), []);
  });

  it('are those of the first rule that matches, in place of the catalogue', () => {
    const rules = [rule({ matches: () => false }), rule({ origin: 'second' }), rule({ origin: 'third' })];
    const found = policyExpectations(token(), { rules, useCatalogue: true });
    assert.deepEqual(
      found.map(({ origin }) => origin),
      ['second'],
    );
  });

  it('are those of the catalogue where no rule matches', () => {
    const policy = { rules: [rule({ matches: () => false })], useCatalogue: true };
    assert.deepEqual(
      policyExpectations(token(), policy).map(({ audiences }) => audiences),
      [['vault']],
    );
  });

  it('are those of a rule for a Secret volume too, and without the catalogue', () => {
    const policy = { rules: [rule()], useCatalogue: false };
    assert.equal(policyExpectations(token({ volumeKind: 'secret' }), policy).length, 1);
  });

  it('go by the identity of the token', () => {
    const one = token();
    const seen: unknown[] = [];
    const matches = (identity: unknown) => seen.push(identity) > 0;
    policyExpectations(one, { rules: [rule({ matches })], useCatalogue: true });
    assert.deepEqual(seen, [one.identity]);
  });
});
