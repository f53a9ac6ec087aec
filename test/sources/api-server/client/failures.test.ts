/**
 * Mapping of statuses and errors to failure reasons.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { networkFailure, statusFailure } from '../../../../src/sources/api-server/client/failures.ts';

describe('the failure of a status', () => {
  const cases = [
    [200, undefined],
    [201, undefined],
    [299, undefined],
    [300, 'bad_answer'],
    [302, 'bad_answer'],
    [400, 'bad_answer'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'bad_answer'],
    [406, 'bad_answer'],
    [408, 'timeout'],
    [410, 'bad_answer'],
    [429, 'throttled'],
    [499, 'bad_answer'],
    [500, 'server_error'],
    [503, 'server_error'],
    [504, 'server_error'],
    [0, 'bad_answer'],
  ] as const;
  for (const [status, expected] of cases)
    it(`is ${expected} for ${status}`, () => assert.equal(statusFailure(status), expected));
});

describe('the failure of a network error', () => {
  const cases = [
    ['ECONNREFUSED', 'unreachable'],
    ['ECONNRESET', 'unreachable'],
    ['ENOTFOUND', 'unreachable'],
    ['EAI_AGAIN', 'unreachable'],
    ['EPIPE', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['ABORT_ERR', 'timeout'],
    ['HPE_INVALID_CONSTANT', 'bad_answer'],
    ['HPE_HEADER_OVERFLOW', 'bad_answer'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['EPROTO', 'tls'],
    ['HOSTNAME_MISMATCH', 'tls'],
    ['SOMETHING_NEW', 'unreachable'],
  ] as const;
  for (const [code, expected] of cases)
    it(`is ${expected} for the code ${code}`, () =>
      assert.equal(networkFailure(Object.assign(new Error('secret'), { code })), expected));

  for (const error of [new Error('a proxy says no'), 'a string', undefined])
    it(`is unreachable without a code (${String(error)})`, () =>
      assert.equal(networkFailure(error), 'unreachable'));
});
