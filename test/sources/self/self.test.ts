/**
 * The facts about the exporter itself, from a token file that the test writes.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createSelfSource } from '../../../src/sources/self/self.ts';
import { snapshot } from '../../support/snapshots.ts';
import { jwt, POD_UID, rawClaims } from '../../support/tokens.ts';

describe('the source of facts about the exporter', () => {
  let folder: string;
  let tokenFile: string;
  let nowMs: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-self-'));
    tokenFile = join(folder, 'token');
    nowMs = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (id: string): void => writeFileSync(tokenFile, jwt(rawClaims({ jti: id })));
  /** Each look at the clock takes 250 ms. */
  const create = () =>
    createSelfSource({
      podUid: POD_UID,
      tokenFile,
      clock: {
        monotonicMs: () => {
          nowMs += 250;
          return nowMs;
        },
      },
    });

  it('has no facts before the initial scan is complete', () => {
    write('first');
    const source = create();
    source.onSnapshot?.(snapshot());
    assert.equal(source.facts()?.podUid, POD_UID);
    assert.equal(source.facts()?.mountedToken?.id, 'first');
    assert.equal(create().facts(), undefined);
  });

  it('reads its token again when the files have changed, and not otherwise', () => {
    write('first');
    const source = create();
    const seen = snapshot();
    source.onSnapshot?.(seen);
    const first = source.facts();
    write('second');
    source.onSnapshot?.(seen);
    assert.equal(source.facts(), first);
    source.onSnapshot?.(snapshot());
    assert.equal(source.facts()?.podUid, POD_UID);
    assert.equal(source.facts()?.mountedToken?.id, 'second');
  });

  it('returns the same facts while its token stays the same', () => {
    write('first');
    const source = create();
    source.onSnapshot?.(snapshot());
    const before = source.facts();
    source.onSnapshot?.(snapshot());
    assert.equal(source.facts(), before);
  });

  it('reports a run for each time that it reads its token', () => {
    write('first');
    const source = create();
    assert.equal(source.lastRun(), undefined);
    source.onSnapshot?.(snapshot());
    assert.deepEqual(source.lastRun(), { isSuccess: true, seconds: 0.25 });
  });

  it('reports a failed run if its token cannot be read', () => {
    const source = create();
    source.onSnapshot?.(snapshot());
    assert.deepEqual(source.lastRun(), { isSuccess: false, seconds: 0.25 });
    assert.deepEqual(source.facts(), { podUid: POD_UID, mountedToken: undefined });
  });

  it('reports a failed run if its token cannot be decoded', () => {
    writeFileSync(tokenFile, 'not a token');
    const source = create();
    source.onSnapshot?.(snapshot());
    assert.equal(source.lastRun()?.isSuccess, false);
  });
});
