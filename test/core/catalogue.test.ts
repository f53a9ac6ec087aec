/**
 * Where a token is meant to lie.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CATALOGUE, isTokenPath } from '../../src/core/catalogue.ts';

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
    it(`${is ? 'knows' : 'does not know'} ${path || 'nothing'} in ${volume || 'nothing'}`, () => {
      assert.equal(isTokenPath('projected', volume, path), is);
    });
  }

  for (const { origin, volume, path } of CATALOGUE) {
    const name = volume.replace('*', '1');
    it(`knows the place of ${origin}: ${name}/${path}`, () => {
      assert.equal(isTokenPath('projected', name, path), true);
    });
    it(`expects nothing at ${name}/${path} in a Secret, which anybody may name and fill`, () => {
      assert.equal(isTokenPath('secret', name, path), false);
    });
  }
});
