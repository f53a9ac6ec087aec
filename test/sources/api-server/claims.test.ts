/**
 * Whether a PersistentVolumeClaim exists.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { claimKey, createClaimFetcher } from '../../../src/sources/api-server/claims.ts';
import { failed } from '../../../src/sources/api-server/client/failures.ts';
import { ok } from '../../../src/util/result.ts';
import { createClock, createFakeApi } from './fakes.ts';

const NEVER = new AbortController().signal;
const claim = { namespace: 'payments', name: 'data-api-0' };

describe('a claim', () => {
  it('has a key with its namespace', () => assert.equal(claimKey(claim), 'payments/data-api-0'));

  for (const [title, response, expected] of [
    ['exists', ok(true), ok(true)],
    ['does not exist', ok(false), ok(false)],
    ['is not known without the permission, which is no failure', failed('forbidden'), ok(undefined)],
    ['is not known if the request fails', failed('unreachable'), failed('unreachable')],
  ] as const)
    it(title, async () => {
      const api = createFakeApi(createClock(), { exists: () => response });
      assert.deepEqual(await createClaimFetcher(api)(claim, NEVER), expected);
      const [{ resource, path } = assert.fail('no request')] = api.requests;
      assert.deepEqual(
        [resource, path],
        ['persistentvolumeclaims', '/api/v1/namespaces/payments/persistentvolumeclaims/data-api-0'],
      );
    });
});
