/**
 * The guard that the configuration asks for: what comes before what, and what a change of it does.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { createGuard } from '../../../src/web/auth/auth.ts';
import type { Guard } from '../../../src/web/auth/guard.ts';
import { OPEN, type WebSettings } from '../../../src/web/config/settings.ts';
import { HASH } from '../../support/credentials.ts';

const ASKED = { method: 'GET', path: '/metrics', authorization: undefined, peer: '192.0.2.1' };

describe('the guard that the configuration asks for', () => {
  let settings: WebSettings;
  let nowMs: number;
  let refusals: number[];

  beforeEach(() => {
    [settings, nowMs, refusals] = [OPEN, 0, []];
  });

  const refusing =
    (status: 401 | 403): Guard =>
    async () => ({ status, headers: {} });
  const create = (kubernetes?: Guard): Guard =>
    createGuard({
      settings: () => settings,
      basicAuth: refusing(401),
      kubernetes,
      monotonicMs: () => nowMs,
      onRefusal: (status) => refusals.push(status),
    });
  const statusOf = async (guard: Guard): Promise<number> => (await guard(ASKED))?.status ?? 200;

  it('lets everybody in where nothing is asked for', async () => {
    assert.equal(await statusOf(create()), 200);
    assert.deepEqual(refusals, []);
  });

  it('asks for a password where there are users, and else for a token of the cluster', async () => {
    const guard = create(refusing(403));
    assert.equal(await statusOf(guard), 403);
    settings = { ...OPEN, users: new Map([['a', HASH]]) };
    assert.equal(await statusOf(guard), 401);
    assert.deepEqual(refusals, [403, 401]);
  });

  it('limits all requests together before anybody is asked who they are', async () => {
    settings = { ...OPEN, rateLimit: { burst: 2, intervalMs: 3_000 } };
    const guard = create(refusing(403));
    assert.deepEqual([await statusOf(guard), await statusOf(guard)], [403, 403]);
    assert.deepEqual(await guard(ASKED), { status: 429, headers: { 'Retry-After': '3' } });
    nowMs = 2_999;
    assert.deepEqual(await guard(ASKED), { status: 429, headers: { 'Retry-After': '1' } });
    nowMs = 3_000;
    assert.equal(await statusOf(guard), 403);
    assert.equal(await statusOf(guard), 429);
    nowMs = 1_000_000;
    assert.deepEqual([await statusOf(guard), await statusOf(guard), await statusOf(guard)], [403, 403, 429]);
  });

  it('limits anew where the limit changes, and not where there is none any more', async () => {
    settings = { ...OPEN, rateLimit: { burst: 1, intervalMs: 60_000 } };
    const guard = create();
    assert.deepEqual([await statusOf(guard), await statusOf(guard)], [200, 429]);
    settings = { ...OPEN, rateLimit: { burst: 1, intervalMs: 60_000 } };
    assert.equal(await statusOf(guard), 429);
    settings = { ...OPEN, rateLimit: { burst: 2, intervalMs: 60_000 } };
    assert.deepEqual([await statusOf(guard), await statusOf(guard), await statusOf(guard)], [200, 200, 429]);
    settings = OPEN;
    assert.equal(await statusOf(guard), 200);
  });
});
