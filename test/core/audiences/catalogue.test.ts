/**
 * Well-known volumes: the paths of their tokens, and the audiences their receivers accept.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type AudiencePolicy, policyExpectations, satisfies } from '../../../src/core/audiences/audience.ts';
import { CATALOGUE, isTokenPath } from '../../../src/core/audiences/catalogue.ts';
import { token } from '../../support/tokens.ts';

const KUBELET = { origin: 'kubelet' } as const;
const CATALOGUE_ONLY: AudiencePolicy = { rules: [], useCatalogue: true };
const NOTHING: AudiencePolicy = { rules: [], useCatalogue: false };

function at(volume: string, path: string, volumeKind: 'projected' | 'secret' = 'projected') {
  return token({ volumeKind, identity: { volume, path } });
}

/** Whether a token with this audience satisfies everything the catalogue expects at its path. */
function isMet(audience: string, volume: string, path: string): boolean {
  const expectations = policyExpectations(at(volume, path), KUBELET, CATALOGUE_ONLY);
  return expectations.length > 0 && expectations.every((one) => satisfies([audience], one));
}

describe('the catalogue', () => {
  for (const { origin, volume, path, audiences } of CATALOGUE) {
    const name = volume.replace('*', 'x1');
    for (const audience of audiences) {
      it(`accepts ${audience} for ${origin}`, () => {
        assert.equal(isMet(audience.replace('*', 'any-1'), name, path), true);
      });
    }

    it(`accepts no other audience for ${origin}`, () => {
      for (const other of ['other', '', `${audiences[0]}.example.com`, `x${audiences[0]}`]) {
        assert.equal(isMet(other, name, path), false, other);
      }
    });

    it(`expects nothing of another file in the volume of ${origin}`, () => {
      assert.deepEqual(policyExpectations(at(name, 'another'), KUBELET, CATALOGUE_ONLY), []);
    });

    it(`expects nothing of a Secret volume with the name of ${origin}`, () => {
      assert.deepEqual(policyExpectations(at(name, path, 'secret'), KUBELET, CATALOGUE_ONLY), []);
    });

    it(`can be turned off for ${origin}`, () => {
      assert.deepEqual(policyExpectations(at(name, path), KUBELET, NOTHING), []);
    });
  }

  it('has one entry for each path', () => {
    const paths = CATALOGUE.map(({ volume, path }) => `${volume}/${path}`);
    assert.equal(new Set(paths).size, paths.length);
  });

  const observed = [
    ['sts.amazonaws.com', 'aws-iam-token', 'token'],
    ['amazonaws.com', 'aws-iam-token', 'token'],
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
  for (const [audience, volume, path] of observed) {
    it(`accepts ${audience} in ${volume}/${path}, as seen in real clusters`, () => {
      assert.equal(isMet(audience, volume, path), true);
    });
  }
});

describe('isTokenPath', () => {
  const cases = [
    { volume: 'kube-api-access-x7k2p', path: 'token', is: true },
    { volume: 'kube-api-access-x7k2p', path: 'ca.crt', is: false },
    { volume: 'kube-api-access-x7k2p', path: 'sub/token', is: false },
    { volume: 'kube-api-access', path: 'token', is: false },
    { volume: 'my-kube-api-access-x7k2p', path: 'token', is: false },
    { volume: 'vault-token', path: 'vault-token', is: true },
    { volume: 'vault-token', path: 'token', is: false },
    { volume: 'azure-workload-identity-reserved-1', path: 'token/azure-identity-token', is: true },
    { volume: 'anything', path: 'token', is: false },
    { volume: '', path: '', is: false },
  ];
  for (const { volume, path, is } of cases) {
    it(`returns ${is} for "${path}" in volume "${volume}"`, () => {
      assert.equal(isTokenPath('projected', volume, path), is);
    });
  }

  for (const { origin, volume, path } of CATALOGUE) {
    const name = volume.replace('*', '1');
    it(`returns true for ${origin}: ${name}/${path}`, () => {
      assert.equal(isTokenPath('projected', name, path), true);
    });
    it(`returns false for ${name}/${path} in a Secret volume, whose content users choose`, () => {
      assert.equal(isTokenPath('secret', name, path), false);
    });
  }
});
