/**
 * The source of token files on a real directory, with a clock that the test advances.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { NOTHING_OBSERVED, type Observation } from '../../../src/core/observation.ts';
import { createFilesSource, type FilesOptions } from '../../../src/sources/files/files.ts';
import type { Source } from '../../../src/sources/source.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { jwt, NOW, rawClaims } from '../../support/tokens.ts';
import { createNode, type TestNode } from './support/test-node.ts';

const INTERVAL_MS = 30_000;
/** How long a refresh waits for further events. */
const COALESCE_MS = 25;
const nothing = (): void => undefined;

interface Started {
  readonly source: Source<Observation>;
  readonly clock: FakeClock;
  /** Facts and last run at the end of each pass. */
  readonly passes: readonly (readonly [Observation, ReturnType<Source<Observation>['lastRun']>])[];
  readonly errors: readonly unknown[];
  /** Resolves after the next scan or refresh. */
  readonly nextPass: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

describe('the source of token files', () => {
  let node: TestNode;
  let stops: (() => Promise<void>)[];

  beforeEach(() => {
    node = createNode();
    stops = [];
  });
  afterEach(async () => {
    for (const stop of stops) await stop();
    node.remove();
  });

  const start = (overrides: Partial<FilesOptions> = {}): Started => {
    const clock = createFakeClock();
    const passes: [Observation, ReturnType<Source<Observation>['lastRun']>][] = [];
    const errors: unknown[] = [];
    let ended = Promise.withResolvers<void>();
    const end = (): void => {
      ended.resolve();
      ended = Promise.withResolvers();
    };
    const source = createFilesSource({
      rootDir: node.rootDir,
      isWatching: false,
      clock: { ...clock, now: () => NOW + clock.monotonicMs() / 1_000 },
      intervalMs: INTERVAL_MS,
      onChange: () => {
        passes.push([source.facts(), source.lastRun()]);
        end();
      },
      onError: (error) => {
        errors.push(error);
        end();
      },
      onRotation: nothing,
      onReadFailure: nothing,
      onWatchFailure: nothing,
      ...overrides,
    });
    const controller = new AbortController();
    const first = ended.promise;
    const running = source.run(controller.signal);
    const stop = async (): Promise<void> => {
      controller.abort();
      await running;
      source.close();
    };
    stops.push(stop);
    let next = first;
    return {
      source,
      clock,
      passes,
      errors,
      nextPass: async () => {
        await next;
        next = ended.promise;
      },
      stop,
    };
  };

  it('has no facts before the first scan has ended', async () => {
    node.volume().write({ 'vault-token': jwt(rawClaims()) });
    const { source, nextPass } = start();
    assert.equal(source.facts(), NOTHING_OBSERVED);
    assert.equal(source.lastRun(), undefined);
    await nextPass();
    assert.equal(source.facts().tokens.length, 1);
  });

  it('publishes the facts and the run of a scan together', async () => {
    const { passes, nextPass } = start();
    await nextPass();
    const [[observation, run] = []] = passes;
    assert.equal(observation?.scannedAt, NOW);
    assert.equal(run?.isSuccess, true);
    assert.equal(typeof run?.seconds, 'number');
  });

  it('reports a failed run if the pods cannot be listed, and recovers', async () => {
    rmSync(node.pods, { recursive: true });
    const { source, clock, nextPass } = start();
    await nextPass();
    assert.equal(source.lastRun()?.isSuccess, false);
    assert.deepEqual(
      source.facts().unreadable.map(({ reason, detail }) => ({ reason, detail })),
      [{ reason: 'vanished', detail: `${node.pods}: no such file or directory; check --kubelet.root-dir` }],
    );
    node.volume().write({ 'vault-token': jwt(rawClaims()) });
    const pass = nextPass();
    await clock.advance(INTERVAL_MS);
    await pass;
    assert.equal(source.lastRun()?.isSuccess, true);
    assert.equal(source.facts().tokens.length, 1);
  });

  it('reports a failed run if a scan throws, and keeps the previous facts', async () => {
    const bug = new Error('a bug');
    const { source, clock, errors, nextPass } = start({
      onReadFailure: () => {
        throw bug;
      },
    });
    await nextPass();
    const before = source.facts();
    rmSync(node.pods, { recursive: true });
    const pass = nextPass();
    await clock.advance(INTERVAL_MS);
    await pass;
    assert.deepEqual(errors, [bug]);
    assert.equal(source.lastRun()?.isSuccess, false);
    assert.equal(source.facts(), before);
  });

  it('returns the same facts after a refresh without a change', async () => {
    node.volume();
    const { source, clock, nextPass } = start();
    await nextPass();
    const before = source.facts();
    const pass = nextPass();
    // The pod is new, so a refresh is due soon.
    await clock.advance(100);
    await pass;
    assert.equal(source.facts(), before);
  });

  it('refreshes soon after an event', async () => {
    const volume = node.volume();
    volume.write({ 'vault-token': jwt(rawClaims()) });
    const clock = createFakeClock();
    const nudged = Promise.withResolvers<void>();
    const sleep: FakeClock['sleep'] = (ms, signal) => {
      if (ms === COALESCE_MS) nudged.resolve();
      return clock.sleep(ms, signal);
    };
    const { source, nextPass } = start({
      isWatching: true,
      clock: { ...clock, now: () => NOW, sleep },
    });
    await nextPass();
    const pass = nextPass();
    volume.write({ 'vault-token': jwt(rawClaims({ jti: 'another' })) });
    await nudged.promise;
    await clock.advance(COALESCE_MS);
    await pass;
    assert.equal(source.facts().tokens[0]?.claims.id, 'another');
  });
});
