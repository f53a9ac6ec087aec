/**
 * What every suite with a simulated API server asserts when it closes the server.
 */
import assert from 'node:assert/strict';
import type { ApiServer } from '../../simulator/api-server.ts';

/** No client may send a token of another cluster or service to the API server. */
export function assertNoForeignReviews(api: ApiServer): void {
  assert.deepEqual(
    api.reviews().filter(({ isForeign }) => isForeign),
    [],
    'a token of another issuer was sent to the API server',
  );
}
