/**
 * The guard chain: the order of its guards, and the effect of a reload.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { createAuth } from '../../../src/web/auth/auth.ts';
import type { AuthRequest, Guard } from '../../../src/web/auth/guard.ts';
import { NO_WEB_CONFIG, type WebConfig } from '../../../src/web/config/web-config.ts';
import { HASH } from '../../support/credentials.ts';

const REQUEST: AuthRequest = {
  authorization: undefined,
  remoteAddress: '192.0.2.1',
};

describe('the guard chain', () => {
  let webConfig: WebConfig;
  let nowMs: number;
  let rejections: number[];

  beforeEach(() => {
    [webConfig, nowMs, rejections] = [NO_WEB_CONFIG, 0, []];
  });

  const rejecting =
    (status: 401 | 403): Guard =>
    async () => ({ status, headers: {} });
  const create = (kubernetesAuth?: Guard): Guard =>
    createAuth({
      webConfig: () => webConfig,
      basicAuth: rejecting(401),
      kubernetesAuth,
      monotonicMs: () => nowMs,
      onRejection: (status) => rejections.push(status),
    });
  const statusOf = async (guard: Guard): Promise<number> => (await guard(REQUEST))?.status ?? 200;

  it('allows every request if nothing is configured', async () => {
    assert.equal(await statusOf(create()), 200);
    assert.deepEqual(rejections, []);
  });

  it('uses basic authentication if there are users, and bearer tokens otherwise', async () => {
    const guard = create(rejecting(403));
    assert.equal(await statusOf(guard), 403);
    webConfig = { ...NO_WEB_CONFIG, users: new Map([['a', HASH]]) };
    assert.equal(await statusOf(guard), 401);
    assert.deepEqual(rejections, [403, 401]);
  });

  it('applies the rate limit of all requests before authentication', async () => {
    webConfig = { ...NO_WEB_CONFIG, rateLimit: { burst: 2, intervalMs: 3_000 } };
    const guard = create(rejecting(403));
    assert.deepEqual([await statusOf(guard), await statusOf(guard)], [403, 403]);
    assert.deepEqual(await guard(REQUEST), { status: 429, headers: { 'Retry-After': '3' } });
    nowMs = 2_999;
    assert.deepEqual(await guard(REQUEST), { status: 429, headers: { 'Retry-After': '1' } });
    nowMs = 3_000;
    assert.equal(await statusOf(guard), 403);
    assert.equal(await statusOf(guard), 429);
    nowMs = 1_000_000;
    assert.deepEqual([await statusOf(guard), await statusOf(guard), await statusOf(guard)], [403, 403, 429]);
  });

  it('starts with a full bucket if a reload changes the rate limit, and has no limit if it removes it', async () => {
    webConfig = { ...NO_WEB_CONFIG, rateLimit: { burst: 1, intervalMs: 60_000 } };
    const guard = create();
    assert.deepEqual([await statusOf(guard), await statusOf(guard)], [200, 429]);
    webConfig = { ...NO_WEB_CONFIG, rateLimit: { burst: 1, intervalMs: 60_000 } };
    assert.equal(await statusOf(guard), 429);
    webConfig = { ...NO_WEB_CONFIG, rateLimit: { burst: 2, intervalMs: 60_000 } };
    assert.deepEqual([await statusOf(guard), await statusOf(guard), await statusOf(guard)], [200, 200, 429]);
    webConfig = NO_WEB_CONFIG;
    assert.equal(await statusOf(guard), 200);
  });
});
